"""Inverting displacement fields on a coarse grid."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.sheet_warp import SheetWarp, pixel_grid
from sadtalker_ext.pixels import sample


def field_of(warp, function):
    one = function(warp.nodes).astype(np.float32)
    return np.stack([one, 0.5 * one])[None]


def bump(nodes):
    away = np.linalg.norm(nodes - [80, 60], axis=-1) / 30
    return np.exp(-(away**2))[..., None] * np.array([4.0, 9.0])


@pytest.mark.parametrize("stride", [1, 2, 3, 5])
def test_the_source_of_a_moved_point_is_the_point(stride):
    warp = SheetWarp((10, 5, 150, 115), stride)
    warp.set_fields(field_of(warp, bump))
    for way, weight in zip(warp.offsets(np.ones(1, np.float32)), (1.0, 0.5), strict=True):
        source = warp.nodes + np.dstack(way)
        missed = source + weight * bump(source) - warp.nodes
        assert np.abs(missed).max() < 0.03 + 0.02 * stride  # the grid itself is that coarse


def test_rows_that_are_not_needed_are_left_out():
    warp = SheetWarp((10, 5, 150, 115), 5)
    fields, one = field_of(warp, bump), np.ones(1, np.float32)
    warp.set_fields(fields)
    whole = warp.offsets(one)
    needed = slice(0, 15), slice(8, 22)
    warp.set_fields(fields, needed)
    for rows, full, part in zip(needed, whole, warp.offsets(one), strict=True):
        for every, some in zip(full, part, strict=True):
            assert np.array_equal(every[rows], some[rows])
            assert np.count_nonzero(some) == np.count_nonzero(some[rows]) < np.count_nonzero(every)


def test_fields_add_up():
    warp = SheetWarp((0, 0, 60, 40), 4)
    shift = np.broadcast_to(np.array([3.0, -2.0], np.float32), (2, *warp.nodes.shape))
    warp.set_fields(np.stack([shift, 2 * shift]))
    upper, lower = warp.offsets(np.array([1.0, 0.5], np.float32))
    assert np.allclose(np.dstack(upper), [-6, 4])
    assert np.allclose(np.dstack(lower), [-6, 4])


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_what_does_not_move_comes_from_its_own_place(stride, scale):
    warp = SheetWarp((7, 3, 7 + 12 * stride + 1, 3 + 9 * stride + 1), stride)
    still = np.zeros(warp.nodes.shape[:2], np.float32)
    places = warp.places((still, still), warp.cells, scale)
    assert np.allclose(np.dstack(places), scale * pixel_grid(0, 0, *warp.size), atol=1e-3)


def test_places_of_some_cells_are_those_of_all():
    warp = SheetWarp((0, 0, 60, 40), 4)
    way = tuple(np.ascontiguousarray(-bump(warp.nodes + 40)[..., i], np.float32) for i in (0, 1))
    rows, columns = slice(2, 7), slice(3, 15)
    whole, part = warp.places(way, warp.cells), warp.places(way, (rows, columns))
    inner = np.s_[4:-4, 4:-4]  # at its rim a part does not know what lies beside it
    for every, some in zip(whole, part, strict=True):
        assert np.allclose(every[warp.pixels(rows, columns)][inner], some[inner], atol=1e-3)


def test_sampling_at_pixel_centres_gives_the_pixels():
    image = np.random.default_rng(0).integers(0, 255, (9, 11, 3), dtype=np.uint8)
    assert np.array_equal(sample(image, pixel_grid(0, 0, 11, 9)), image)


def test_sheets_that_are_inverted_together_know_nothing_of_each_other():
    """Both move far beyond their borders, where the other one lies, and in opposite ways."""
    warp = SheetWarp((0, 0, 96, 64), 4)
    x, y = (warp.nodes[..., axis] / 96 for axis in (0, 1))
    ways = [np.dstack([5 * np.sin(5 * y), -18 - 6 * np.cos(4 * x)]), np.dstack([9 * x, 25 + 8 * y])]
    warp.set_fields(np.stack(ways)[None].astype(np.float32))
    together = warp.offsets(np.ones(1, np.float32))
    for way, both in zip(ways, together, strict=True):
        cells = (way / 4).astype(np.float32)
        alone = warp.inverse((cells[..., 0], cells[..., 1]))
        assert np.allclose(np.stack(both), np.stack(alone), atol=1e-4)
