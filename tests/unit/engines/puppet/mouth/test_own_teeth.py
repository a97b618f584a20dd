"""Teeth, lips and dark told apart by pixels, and one row of teeth only."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.mouth.drawn_mouth import (
    LOWER_LIP,
    SKIN,
    TEETH,
    UPPER_LIP,
    draw_mouth,
    like,
    mouth_points,
    seen_as_closed,
)

FACE = 400
MOUTH = 0.36 * FACE


def runs(column):
    """First and last row of each run of set rows of at least 2."""
    edges = np.flatnonzero(np.diff(np.r_[0, column.astype(int), 0]))
    return [(a, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 2]


def paint(picture, points, colour, where):
    """Paint an ellipse; `where` is its middle and half sizes in mouth widths from the lips."""
    x, y, wide, high = (round(v * MOUTH) for v in where)
    middle = points[[13, 14], :2].mean(0)
    at = (round(float(middle[0])) + x, round(float(middle[1])) + y)
    cv2.ellipse(picture, at, (wide, high), 0, 0, 360, colour, -1, cv2.LINE_AA)


@pytest.mark.parametrize("gap", [0.06, 0.08, 0.1])
@pytest.mark.parametrize("shade", [1.0, 0.6])
def test_teeth_behind_lips_that_the_mesh_takes_as_closed_are_found(gap, shade):
    points = mouth_points(FACE, gap=gap)
    picture = draw_mouth(points)
    teeth = like(picture, TEETH)
    picture[teeth] = (picture[teeth] * shade).astype(np.uint8)
    frame = measure_mouth(picture, seen_as_closed(points, FACE, gap))
    assert frame.teeth is not None
    middle = np.abs(frame.xs) < 0.4
    for found, number in ((frame.upper, 13), (frame.lower, 14)):
        row = frame.origin[1] + frame.half_width * np.median(found[middle])
        assert row == pytest.approx(points[number, 1], abs=0.03 * MOUTH)


@pytest.mark.parametrize("gap", [0.06, 0.08, 0.1])
def test_own_teeth_are_never_doubled(gap):
    points = mouth_points(FACE, gap=gap)
    picture = draw_mouth(points)
    layer = MouthLayer(picture, seen_as_closed(points, FACE, gap))
    canvas = picture.copy()
    layer.apply(canvas, {"jaw": 0.6})
    for column in range(FACE - 30, FACE + 31, 10):
        line = canvas[:, column]
        top = np.flatnonzero(like(line, UPPER_LIP)).max()
        bottom = np.flatnonzero(like(line, LOWER_LIP) & (np.arange(len(line)) > top)).min()
        inside = line[top : bottom + 1].astype(float)
        # Down to the middle of the opening nothing but one row is bright.
        bright = inside[: len(inside) // 2 + 1].mean(-1) > 130
        assert len(runs(bright)) == 1, column
        # The teeth hang from the upper lip and none lie on the lower one.
        assert not like(line[bottom : bottom + 20], TEETH).any()


def test_own_teeth_stay_on_the_skull_when_the_lip_is_raised():
    points = mouth_points(FACE, gap=0.1)
    picture = draw_mouth(points)
    canvas = picture.copy()
    MouthLayer(picture, points).apply(canvas, {"upper": 1.0, "jaw": 0.3})
    before, after = (np.flatnonzero(like(p[:, FACE], TEETH, 60)) for p in (picture, canvas))
    assert after.max() == pytest.approx(before.max(), abs=2)
    assert after.min() < before.min() - 2


@pytest.mark.parametrize(
    "where", [(0.0, 0.07, 0.2, 0.03), (0.05, 0.04, 0.25, 0.02), (0.0, -0.08, 0.2, 0.02)]
)
def test_a_gloss_on_a_lip_is_no_tooth(where):
    points = mouth_points(FACE)
    picture = draw_mouth(points)
    paint(picture, points, (250, 235, 235), where)
    frame = measure_mouth(picture, points)
    assert frame.teeth is None
    assert frame.rest_gap == 0


def test_a_lump_of_lip_is_no_open_mouth():
    picture = draw_mouth(mouth_points(FACE))
    frame = measure_mouth(picture, mouth_points(FACE, gap=0.12))
    assert frame.rest_gap == 0
    assert frame.teeth is None
    true = measure_mouth(picture, mouth_points(FACE))
    middle = np.abs(frame.xs) < 0.6
    missed = np.abs(frame.middle - true.middle)[middle] * frame.half_width
    assert missed.max() < 2


def test_an_open_mouth_without_teeth_stays_open_and_shows_none():
    points = mouth_points(FACE, gap=0.2)
    picture = draw_mouth(points)
    picture[like(picture, TEETH)] = (40, 15, 15)
    frame = measure_mouth(picture, points)
    assert frame.teeth is None
    assert frame.rest_gap > 0.3


def test_lower_teeth_of_a_grin_are_not_upper_teeth():
    points = mouth_points(FACE, gap=0.2)
    picture = draw_mouth(points)
    line = points[[13, 14], :2].mean(0)
    row = round(float(line[1])) + 6
    picture[row : row + 3][like(picture[row : row + 3], TEETH)] = (90, 60, 55)
    frame = measure_mouth(picture, points)
    assert frame.teeth is not None
    bottom = frame.origin[1] + frame.half_width * np.interp(0, frame.xs, frame.teeth.bottom)
    assert bottom == pytest.approx(row, abs=3)


def test_lower_teeth_that_touch_the_upper_ones_do_not_lengthen_them():
    points = mouth_points(FACE, gap=0.26)
    picture = draw_mouth(points)
    row = round(float(points[[13, 14], 1].mean())) + 4
    between = np.zeros(picture.shape[:2], bool)
    between[row : row + 3] = True
    below = np.zeros_like(between)
    below[row:] = True
    teeth = like(picture, TEETH)
    picture[teeth & below] = (205, 203, 195)
    # no dark line where they touch, on the left of the middle
    touching = np.zeros_like(between)
    touching[:, FACE - 40 : FACE - 4] = True
    picture[teeth & between & ~touching] = (90, 60, 55)
    frame = measure_mouth(picture, points)
    assert frame.teeth is not None
    columns = (np.arange(FACE - 40, FACE + 40) - frame.origin[0]) / frame.half_width
    bottom = frame.origin[1] + frame.half_width * np.interp(columns, frame.xs, frame.teeth.bottom)
    assert np.abs(bottom - row).max() < 4


def test_a_shout_is_closed_by_the_jaw():
    """The upper lip comes down a little only; the chin comes up with the lower lip."""
    points = mouth_points(FACE, gap=0.5)
    picture = draw_mouth(points)
    canvas = picture.copy()
    MouthLayer(picture, points).apply(canvas, {"relax": 1.0})
    lip = [np.flatnonzero(like(p[:, FACE], UPPER_LIP)).max() for p in (picture, canvas)]
    assert lip[1] - lip[0] < 0.08 * MOUTH
    chin = points[topology.CHIN, 1]
    marks = [np.nonzero(like(p, (30, 120, 60)))[0].mean() for p in (picture, canvas)]
    assert marks[0] - marks[1] > 0.1 * MOUTH
    assert marks[0] < chin


def test_f_and_u_of_a_shout_leave_no_gap_at_its_corners():
    """A mouth that is open so wide shuts for F and V, and purses less, rather than gape."""
    points = mouth_points(FACE, gap=0.7)
    picture = draw_mouth(points)
    layer = MouthLayer(picture, points)
    lips = [UPPER_LIP, LOWER_LIP, SKIN]
    inside = []
    for controls in ({"press": 1.0}, {"tuck": 1.0, "upper": 0.3, "jaw": 0.1}):
        canvas = picture.copy()
        layer.apply(canvas, {**controls, "relax": 1.0})
        left, top, right, bottom = layer.box
        part = canvas[top:bottom, left:right]
        outside = np.any([like(part, colour, 60) for colour in lips], axis=0)
        inside.append(int((~outside).sum()))
    assert inside[1] < 1.3 * inside[0] + 20


def test_the_whole_jaw_comes_up_from_a_shout():
    """Not the chin's middle alone, which would fold the face; and the picture's owner is told."""
    points = mouth_points(FACE, gap=0.5)
    picture = draw_mouth(points)
    colours = ((30, 120, 60), (40, 60, 160), (150, 150, 20))
    for side, colour in zip((-1, 1), colours[1:], strict=True):
        paint(picture, points, colour, (0.62 * side, 0.6, 0.03, 0.03))
    layer = MouthLayer(picture, points)
    canvas = picture.copy()
    layer.apply(canvas, {"press": 1.0, "relax": 1.0})
    ways = []
    for colour in colours:
        before, after = (np.nonzero(like(p, colour))[0].mean() for p in (picture, canvas))
        ways.append(before - after)
    assert ways[0] > 0.25 * MOUTH
    assert min(ways[1:]) > 0.4 * ways[0]
    assert "wide open" in layer.warnings[0]


def test_parted_lips_are_closed_by_lips_and_without_a_warning():
    points = mouth_points(FACE, gap=0.17)
    assert MouthLayer(draw_mouth(points), points).warnings == ()
