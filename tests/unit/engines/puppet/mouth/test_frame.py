"""Where the mouth is, and where its lips part in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.mouth.drawn_mouth import SKIN, draw_mouth, mouth_points


def moved(points, down):
    """The same face, its lips seen by the mesh some pixels too low."""
    wrong = points.copy()
    for chain in (topology.LIPS_INNER_UPPER, topology.LIPS_INNER_LOWER):
        wrong[list(chain[1:-1]), 1] += down
    return wrong


@pytest.mark.parametrize("down", [-3.0, 2.0, 4.0])
def test_the_seam_of_closed_lips_is_found(down):
    points = mouth_points()
    true = measure_mouth(draw_mouth(points), points)
    found = measure_mouth(draw_mouth(points), moved(points, down))
    middle = np.abs(true.xs) < 0.7
    missed = np.abs(found.middle - true.middle)[middle] * true.half_width
    assert missed.max() < 1.0
    assert found.rest_gap == 0


@pytest.mark.parametrize("down", [1.5, 3.0])
def test_the_edge_of_the_lower_lip_is_found(down):
    points = mouth_points(gap=0.2)
    picture = draw_mouth(points)
    wrong = points.copy()
    wrong[list(topology.LIPS_INNER_LOWER[1:-1]), 1] += down
    found = measure_mouth(picture, wrong)
    true = points[topology.LIP_MIDDLE_LOWER, 1]
    seen = found.picture(np.zeros(1, np.float32), found.lower[None, len(found.xs) // 2])[0, 1]
    assert seen == pytest.approx(true, abs=1.0)


def test_without_contrast_the_mesh_is_trusted():
    points = mouth_points()
    blank = np.broadcast_to(SKIN.astype(np.uint8), (400, 400, 3)).copy()
    frame = measure_mouth(blank, points)
    line = np.interp(0, frame.xs, frame.middle) * frame.half_width + frame.origin[1]
    assert line == pytest.approx(points[topology.LIP_MIDDLE_UPPER, 1], abs=0.5)


@pytest.mark.parametrize("roll", [0.0, 25.0, -40.0])
def test_local_coordinates_follow_the_tilt(roll):
    points = mouth_points(roll_deg=roll)
    frame = measure_mouth(draw_mouth(points), points)
    x, y = frame.local(points[[78, 308, topology.CHIN], :2])
    assert np.allclose(x, [-1, 1, 0], atol=0.02)
    assert np.allclose(y[:2], 0, atol=0.02)
    assert y[2] * frame.half_width == pytest.approx(frame.chin, rel=0.05)
    assert np.allclose(frame.picture(x, y), points[[78, 308, topology.CHIN], :2], atol=0.01)


def test_a_turned_head_has_its_midline_to_the_side():
    points = mouth_points()
    turn = np.deg2rad(30)
    middle = points[topology.OVAL, :].mean(0)
    away = points - middle
    points[:, 0] = middle[0] + np.cos(turn) * away[:, 0] - np.sin(turn) * away[:, 2]
    points[:, 2] = middle[2] + np.sin(turn) * away[:, 0] + np.cos(turn) * away[:, 2]
    frame = measure_mouth(draw_mouth(mouth_points()), points)
    zero = np.zeros(1, np.float32)
    ends = [frame.sideways(zero + x, zero)[0] for x in (-1.0, 1.0)]
    assert np.allclose(ends, [-1, 1], atol=1e-5)
    assert np.linalg.norm(frame.lateral) == pytest.approx(np.cos(turn), abs=0.03)
    assert abs(frame.outward[0]) > 0.3


def test_smoothstep():
    steps = smoothstep(1, 3, np.array([0.0, 1.0, 2.0, 3.0, 9.0]))
    assert np.allclose(steps, [0, 0, 0.5, 1, 1])
    assert steps.dtype == np.float32


def test_the_picture_may_end_in_the_mouth():
    points = mouth_points()
    picture = draw_mouth(points)[:250]
    frame = measure_mouth(np.ascontiguousarray(picture), points)
    assert np.isfinite(frame.middle).all()
