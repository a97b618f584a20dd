"""The measures of a face's motion and blinks see what is there, and no more."""

import numpy as np
import pytest

from benchmarks.life import STEADY, blink_statistics, carried, closures_of, motion_statistics
from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.eyes.drawn_eyes import draw_face, eye_points
from tests.unit.test_blink_look import patched, shut

SIDE, FPS = 400, 25.0
SHUT = (8, 9)


@pytest.fixture(scope="module")
def points():
    """A mesh whose steady points do not lie in one place."""
    found = eye_points(80, 32, picture=SIDE)
    rng = np.random.default_rng(5)
    found[STEADY, :] = 200 + rng.uniform(-120, 120, (len(STEADY), 3))
    found[[topology.FOREHEAD, topology.CHIN], :2] = [[200, 60], [200, 340]]
    return found


def turned(points, yaw_deg):
    angle = np.deg2rad(yaw_deg)
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    return (points - 200) @ turn.T + 200


def closed(points):
    """The same mesh with its lids together, and the eyes' corners carried off."""
    found = points.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        found[list(eye.upper)] = found[list(eye.lower)]
        found[[*eye.upper, *eye.lower], 1] += 12
    return found


def test_a_turning_head_is_measured_in_degrees(points):
    times = np.arange(100) / FPS
    sway = 6 * np.sin(2 * np.pi * 0.5 * times)
    row = motion_statistics(np.stack([turned(points, one) for one in sway]), FPS)
    assert row["yaw_sd_deg"] == pytest.approx(sway.std(), rel=0.05)
    assert row["yaw_speed_deg_per_s"] == pytest.approx(np.abs(np.diff(sway)).mean() * FPS, rel=0.05)
    assert row["yaw_centre_hz"] == pytest.approx(0.5, abs=0.08)
    assert max(row["pitch_sd_deg"], row["roll_sd_deg"]) < 0.3


def test_brows_and_irises_are_measured_against_the_face(points):
    rows = np.stack([points] * 50)
    wave = np.sin(np.arange(50))
    rows[:, [105, 334], 1] += 5.6 * wave[:, None]
    for eye in (LEFT_EYE, RIGHT_EYE):
        rows[:, eye.iris[0], 0] += 2.4 * wave
    found = motion_statistics(rows, FPS)
    assert found["brow_sd_faces"] == pytest.approx(5.6 / 280 * wave.std(), rel=0.05)
    assert found["iris_sd_eyes"] == pytest.approx(2.4 / 80 * wave.std(), rel=0.1)
    still = motion_statistics(np.stack([points] * 50), FPS)
    assert still["brow_sd_faces"] == pytest.approx(0, abs=1e-6)


def clip(points, shown):
    """Open eyes with two frames in which `shown` is seen and the mesh is shut."""
    opened = draw_face(points, picture=SIDE)
    frames = [shown if row in SHUT else opened for row in range(14)]
    mesh = np.stack([closed(points) if row in SHUT else points for row in range(14)])
    return frames, mesh


def test_a_mesh_that_carries_the_corners_off_makes_no_edge(points):
    row = blink_statistics(*clip(points, shut(points)))
    assert row["edges"] == 0
    assert row["lids_apart"] == pytest.approx(0, abs=0.01)


def test_a_painted_patch_is_a_new_edge(points):
    assert blink_statistics(*clip(points, patched(points, (245, 225, 215))))["edges"] > 0.01


def test_a_lid_that_stays_behind_is_apart(points):
    frames, mesh = clip(points, shut(points))
    mesh[SHUT[0], list(LEFT_EYE.upper)] = points[list(LEFT_EYE.upper)]
    assert closures_of(mesh)[SHUT[0], 1] < 0.05
    assert blink_statistics(frames, mesh)["lids_apart"] > 0.9


def test_open_eyes_have_no_blink(points):
    frames = [draw_face(points, picture=SIDE)] * 4
    assert blink_statistics(frames, np.stack([points] * 4)) == {"lids_apart": None, "edges": None}


def test_points_are_carried_by_the_steady_ones(points):
    away = points + np.array([7.0, -3.0, 0.0])
    away[list(LEFT_EYE.upper)] += 30
    assert np.allclose(carried(points, away), points[:, :2] + [7, -3], atol=0.1)
