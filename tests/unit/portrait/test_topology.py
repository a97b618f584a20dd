"""The named chains and triangles of the mesh."""

import itertools
from collections import Counter

import numpy as np
import pytest

from sadtalker_ext.portrait import topology


def boundary_points():
    """Point sets of the closed outlines of the triangle surface."""
    edges = Counter(
        tuple(sorted((int(row[k]), int(row[(k + 1) % 3]))))
        for row in topology.triangles()
        for k in range(3)
    )
    assert max(edges.values()) == 2
    neighbours = {}
    for (first, second), uses in edges.items():
        if uses == 1:
            neighbours.setdefault(first, set()).add(second)
            neighbours.setdefault(second, set()).add(first)
    loops = []
    while neighbours:
        waiting, loop = [next(iter(neighbours))], set()
        while waiting:
            point = waiting.pop()
            if point not in loop:
                loop.add(point)
                waiting += neighbours.pop(point)
        loops.append(frozenset(loop))
    return set(loops)


def test_triangles_cover_the_surface_and_leave_mouth_and_eyes_open():
    table = topology.triangles()
    assert table.shape == (852, 3)
    assert set(np.unique(table)) == set(range(topology.SURFACE_POINTS))
    assert boundary_points() == {
        frozenset(topology.OVAL),
        frozenset(topology.LIPS_INNER_UPPER) | frozenset(topology.LIPS_INNER_LOWER),
        frozenset(topology.EYE_LEFT_UPPER) | frozenset(topology.EYE_LEFT_LOWER),
        frozenset(topology.EYE_RIGHT_UPPER) | frozenset(topology.EYE_RIGHT_LOWER),
    }


def test_triangles_are_wound_the_same_way():
    directed = Counter(
        (int(row[k]), int(row[(k + 1) % 3])) for row in topology.triangles() for k in range(3)
    )
    assert max(directed.values()) == 1


def test_triangles_cannot_be_changed_by_a_caller():
    with pytest.raises(ValueError, match="read-only"):
        topology.triangles()[0, 0] = 1


def test_consecutive_points_of_the_chains_share_a_triangle():
    edges = {
        frozenset((int(row[k]), int(row[(k + 1) % 3])))
        for row in topology.triangles()
        for k in range(3)
    }
    for name, chain in vars(topology).items():
        if not isinstance(chain, tuple) or name.startswith(("REFINED", "IRIS", "NOSE_BASE")):
            continue
        for pair in itertools.pairwise(chain):
            assert frozenset(pair) in edges, (name, pair)


def test_refined_lists_have_the_sizes_of_the_model_outputs():
    assert len(set(topology.REFINED_LIPS)) == 80
    assert len(set(topology.REFINED_EYE_LEFT)) == len(set(topology.REFINED_EYE_RIGHT)) == 71


def test_ring_closes_two_chains():
    lips = topology.ring(topology.LIPS_OUTER_UPPER, topology.LIPS_OUTER_LOWER)
    assert len(lips) == len(set(lips)) == 20
    assert lips[0] == topology.MOUTH_CORNER_LEFT
    assert lips[10] == topology.MOUTH_CORNER_RIGHT
    with pytest.raises(ValueError, match="common ends"):
        topology.ring(topology.LIPS_OUTER_UPPER, topology.LIPS_INNER_LOWER)
