"""What the benchmark sees of the inside of a mouth, on mouths that are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.mouth_look import edge_blur, measure_mouth_look, mouth_view, teeth_of, upper_rows
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.mouth.drawn_mouth import (
    LOWER_LIP,
    TEETH,
    draw_mouth,
    like,
    mouth_points,
    seen_as_closed,
)

FACE = 400


def rows_of(picture, points):
    where = mouth_view(points)
    view = where.of(picture)
    found = teeth_of(view, where)
    assert found is not None
    return upper_rows(view, found, where)


@pytest.fixture
def mouth():
    """An open mouth with one row of upper teeth, dark below."""
    points = mouth_points(FACE, gap=0.35)
    picture = draw_mouth(points)
    top = round(float(points[13, 1])) + 18
    below = like(picture, TEETH)
    below[:top] = False
    picture[below] = (60, 20, 20)
    return picture, points


def test_one_row_is_counted_once(mouth):
    assert rows_of(*mouth) == 1


def test_a_second_row_below_the_first_is_counted(mouth):
    picture, points = mouth
    top = round(float(points[13, 1]))
    dark = (picture == (60, 20, 20)).all(-1)
    dark[: top + 29] = dark[top + 38 :] = False
    picture[dark] = TEETH
    assert rows_of(picture, points) == 2


def test_lower_teeth_on_the_lower_lip_are_no_second_row(mouth):
    picture, points = mouth
    bottom = round(float(points[14, 1]))
    dark = (picture == (60, 20, 20)).all(-1)
    dark[: bottom - 7] = False
    picture[dark] = TEETH
    assert rows_of(picture, points) == 1
    assert like(picture, LOWER_LIP).any()


@pytest.mark.parametrize("blur", [1.0, 2.0])
def test_the_blur_of_edges_is_measured(blur):
    step = np.zeros((100, 100), np.float32)
    step[:, 50:] = 150
    soft = cv2.GaussianBlur(step, (0, 0), blur)
    assert edge_blur(soft, np.ones((100, 100), bool)) == pytest.approx(blur, rel=0.3)


def test_a_drawn_face_is_measured_without_a_tracker():
    points = mouth_points(FACE)
    row = measure_mouth_look(draw_mouth(points), points)
    assert set(row) == {"upper_rows", "bright", "side", "sharp", "separate"}


def test_own_teeth_behind_lips_taken_as_closed_make_one_row():
    points = mouth_points(FACE, gap=0.1)
    picture = draw_mouth(points)
    canvas = picture.copy()
    MouthLayer(picture, seen_as_closed(points, FACE, 0.1)).apply(canvas, {"jaw": 0.6})
    assert rows_of(canvas, opened(points, 0.2)) == 1


def opened(points, jaw):
    """The mesh after the lower lip has gone down by a share of the mouth width."""
    moved = points.copy()
    for chain in (topology.LIPS_INNER_LOWER, topology.LIPS_OUTER_LOWER):
        moved[list(chain[1:-1]), 1] += jaw * 0.36 * FACE
    return moved
