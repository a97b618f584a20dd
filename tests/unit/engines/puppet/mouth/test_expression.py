"""The displacement fields of the lower face."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.expression import (
    FIELDS,
    OPENERS,
    UPPER_SHARE,
    ExpressionBasis,
)
from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from tests.unit.engines.puppet.mouth.drawn_mouth import draw_mouth, mouth_points


@pytest.fixture(scope="module", params=[0.0, 0.17], ids=["closed", "smiling"])
def face(request):
    points = mouth_points(gap=request.param, smile=request.param / 2)
    frame = measure_mouth(draw_mouth(points), points)
    nodes = pixel_grid(100, 170, 201, 151)
    return frame, nodes, ExpressionBasis(frame, nodes, tooth_edge(frame))


def displacement(basis, **controls):
    return np.tensordot(basis.weights(controls), basis.fields, 1)


def test_rest_moves_nothing(face):
    assert not np.any(face[2].weights({}))


def test_the_sheets_agree_beyond_the_corners(face):
    frame, nodes, basis = face
    x, _ = frame.local(nodes)
    beyond = np.abs(x) > 1.15
    difference = np.abs(basis.fields[:, 0] - basis.fields[:, 1]).max(-1)
    assert difference[:, beyond].max() < 1e-3


def test_each_opening_can_be_taken_back(face):
    """Along the lips the two closing fields of an opener together undo what it opens."""
    frame, nodes, basis = face
    x, y = frame.local(nodes)
    fields = dict(zip(FIELDS, basis.fields, strict=True))
    on_line = (np.abs(x) < 0.8) & (np.abs(y - frame.curve(x, frame.middle)) < 0.02)
    for name in OPENERS[1:]:
        opened = (fields[name][1] - fields[name][0])[on_line]
        closing = UPPER_SHARE * fields[f"upper:{name}"][0]
        closing = (closing + (1 - UPPER_SHARE) * fields[f"lower:{name}"][1])[on_line]
        vertical = np.abs(opened[:, 1] - closing[:, 1])
        assert vertical.max() < 0.08 * np.abs(closing).max() + 0.15, name


def test_extreme_mixtures_do_not_fold_the_skin(face):
    """Wherever a sheet shows, neighbouring points keep their order."""
    frame, nodes, basis = face
    x, y = frame.local(nodes)
    shown = (
        y < frame.curve(x, frame.upper) - 0.05,
        y > frame.curve(x, frame.lower) + 0.05,
    )
    names = ("jaw", "wide", "round", "press", "tuck")
    for values in itertools.product((0.0, 1.0), repeat=len(names)):
        moved = nodes + displacement(basis, **dict(zip(names, values, strict=True)))
        for sheet, visible in zip(moved, shown, strict=True):
            dx, dy = np.gradient(sheet, axis=1), np.gradient(sheet, axis=0)
            area = dx[..., 0] * dy[..., 1] - dx[..., 1] * dy[..., 0]
            assert area[visible].min() > 0.05, values


def test_the_lower_lip_goes_down_and_the_upper_one_hardly_up(face):
    frame, nodes, basis = face
    upper, lower = displacement(basis, jaw=1.0)
    row, column = np.unravel_index(
        np.argmin(np.linalg.norm(nodes - frame.picture(*_at(frame, 0.0)), axis=-1)), nodes.shape[:2]
    )
    assert lower[row, column, 1] == pytest.approx(basis.drop, rel=0.1)
    assert -0.1 * basis.drop < upper[row, column, 1] < 0.02 * basis.drop


def _at(frame, x):
    where = np.array([x], np.float32)
    return where, frame.curve(where, frame.middle)


def test_a_shout_shuts_without_pressing_the_cheeks_into_a_fold():
    points = mouth_points(gap=0.8)
    frame = measure_mouth(draw_mouth(points), points)
    nodes = pixel_grid(100, 170, 201, 171)
    basis = ExpressionBasis(frame, nodes, tooth_edge(frame))
    x, y = frame.local(nodes)
    beside = (np.abs(x) > 1.02) & (np.abs(x) < 1.7) & (np.abs(y) < 1.0)
    moved = nodes + displacement(basis, relax=1.0, press=1.0)
    for sheet in moved:
        assert np.gradient(sheet[..., 1], axis=0)[beside].min() > 0.35
