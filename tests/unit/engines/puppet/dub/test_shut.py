"""Lips that shut keep their thickness, however much of their edge is left out."""

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub.lips import lip_lines, lip_thickness
from sadtalker_ext.engines.puppet.dub.shut import pulled
from sadtalker_ext.portrait import topology
from tests.support.mouths import painted

DEPTH = -np.linspace(0, 30, 301, dtype=np.float32)
THICK = 10.0


@pytest.mark.parametrize("inward", [1.0, 4.0, 9.0, 20.0])
def test_the_outer_edge_of_a_lip_stays(inward):
    thick = np.full_like(DEPTH, THICK)
    comes_from = pulled(np.full_like(DEPTH, inward), DEPTH, thick, thick) - DEPTH
    assert (np.diff(comes_from) > 0).all()
    outside = -DEPTH >= THICK
    assert comes_from[outside] == pytest.approx(-DEPTH[outside], abs=1e-4)
    assert 0 < comes_from[0] <= min(inward, THICK / 2)


def test_a_lip_filmed_thinner_gives_no_skin():
    thick = np.full_like(DEPTH, THICK)
    pull = pulled(np.full_like(DEPTH, 9.0), DEPTH, thick / 2, thick)
    assert pull[0] < THICK / 4


def test_what_lies_before_the_edge_becomes_part_of_the_lip():
    thick = np.full_like(DEPTH, THICK)
    comes_from = pulled(np.full_like(DEPTH, -3.0), DEPTH, thick, thick) - DEPTH
    assert (np.diff(comes_from) > 0).all()
    assert comes_from[0] == pytest.approx(-3.0)
    outside = -DEPTH >= THICK
    assert comes_from[outside] == pytest.approx(-DEPTH[outside], abs=1e-4)


def test_thickness_is_measured_between_the_edges():
    _, points = painted(opening=14, inside=(30, 10, 10))
    lines = lip_lines(points)
    upper, lower = lip_thickness(points, lines, np.zeros(1))
    outer = points[[topology.LIPS_OUTER_UPPER[5], topology.LIPS_OUTER_LOWER[5]], 1]
    inner = points[[topology.LIPS_INNER_UPPER[5], topology.LIPS_INNER_LOWER[5]], 1]
    assert upper[0] == pytest.approx(inner[0] - outer[0], abs=1)
    assert lower[0] == pytest.approx(outer[1] - inner[1], abs=1)
