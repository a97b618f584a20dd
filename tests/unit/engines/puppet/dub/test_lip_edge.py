"""Teeth that the mesh takes for the lower lip are told from it."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub.cutout import Cutout
from sadtalker_ext.engines.puppet.dub.lip_edge import PLACES, hidden_edge
from sadtalker_ext.engines.puppet.dub.lips import lip_lines, lip_thickness
from sadtalker_ext.portrait import topology
from tests.support.mouths import painted

TEETH = (225, 215, 200)
HIGH = 7


def edge_in(picture, points):
    lines = lip_lines(points)
    cutout = Cutout(picture.astype(np.float32), (0, 0, picture.shape[1], picture.shape[0]))
    return hidden_edge(cutout, lines, lip_thickness(points, lines, PLACES)[1])


@pytest.mark.parametrize(
    ("opening", "teeth", "hidden"),
    [(14, HIGH, HIGH), (14, 0, 0), (0, HIGH, 0)],
    ids=["teeth", "lip", "closed"],
)
def test_the_lip_begins_below_the_teeth(opening, teeth, hidden):
    picture, points = painted(opening=opening, inside=(30, 10, 10))
    edge = points[list(topology.LIPS_INNER_LOWER), :2]
    strip = (
        np.concatenate([edge[2:-2], edge[2:-2][::-1] + np.array([0, teeth])])
        .round()
        .astype(np.int32)
    )
    if teeth:
        cv2.fillPoly(picture, [strip], TEETH)
    found = edge_in(picture, points)
    assert found[np.abs(PLACES) < 0.4].mean() == pytest.approx(hidden, abs=1.5)


def test_lips_that_are_hardly_red_stay_as_they_are():
    picture, points = painted(opening=14, inside=(30, 10, 10), lip=(150, 138, 132))
    assert edge_in(picture, points).max() < 1
