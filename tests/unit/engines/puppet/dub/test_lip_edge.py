"""Where lips begin: the mesh takes teeth for the lower lip, and the upper lip for the opening."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub.cutout import Cutout
from sadtalker_ext.engines.puppet.dub.lip_edge import PLACES, lip_edges
from sadtalker_ext.engines.puppet.dub.lips import lip_lines, lip_thickness
from sadtalker_ext.portrait import topology
from tests.support.mouths import LIP, painted

TEETH = (225, 215, 200)
HIGH = 7


MIDDLE = np.abs(PLACES) < 0.4


def edges_in(picture, points):
    lines = lip_lines(points)
    cutout = Cutout(picture.astype(np.float32), (0, 0, picture.shape[1], picture.shape[0]))
    return lip_edges(cutout, lines, lip_thickness(points, lines, PLACES))[0]


def strip_below(picture, edge, high, colour):
    """Paint a strip along an edge of the lips, so many pixels high."""
    inner = edge[2:-2]
    strip = np.concatenate([inner, inner[::-1] + np.array([0, high])]).round().astype(np.int32)
    cv2.fillPoly(picture, [strip], colour)


@pytest.mark.parametrize(
    ("opening", "teeth", "hidden"),
    [(14, HIGH, HIGH), (14, 0, 0), (0, HIGH, 0)],
    ids=["teeth", "lip", "closed"],
)
def test_the_lip_begins_below_the_teeth(opening, teeth, hidden):
    picture, points = painted(opening=opening, inside=(30, 10, 10))
    if teeth:
        strip_below(picture, points[list(topology.LIPS_INNER_LOWER), :2], teeth, TEETH)
    assert edges_in(picture, points)[1, MIDDLE].mean() == pytest.approx(hidden, abs=1.5)


def test_lips_that_are_hardly_red_stay_as_they_are():
    picture, points = painted(opening=14, inside=(30, 10, 10), lip=(150, 138, 132))
    assert np.abs(edges_in(picture, points)).max() < 1


@pytest.mark.parametrize("inside", [(30, 10, 10), TEETH], ids=["dark", "teeth"])
@pytest.mark.parametrize("below", [0, 3])
def test_the_upper_lip_ends_where_its_red_does(inside, below):
    picture, points = painted(opening=16, inside=inside)
    if below:
        strip_below(picture, points[list(topology.LIPS_INNER_UPPER), :2], below, LIP)
    assert edges_in(picture, points)[0, MIDDLE].mean() == pytest.approx(-below, abs=1)


def test_teeth_above_the_mesh_s_edge_are_left_out_of_the_upper_lip():
    picture, points = painted(opening=16, inside=(30, 10, 10))
    edge = points[list(topology.LIPS_INNER_UPPER), :2] - np.array([0, 2])
    strip_below(picture, edge, 8, TEETH)
    assert edges_in(picture, points)[0, MIDDLE].mean() == pytest.approx(2, abs=1)
