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
    for offset, weight in zip(warp.offsets(np.ones(1, np.float32)), (1.0, 0.5), strict=True):
        source = warp.nodes + offset
        missed = source + weight * bump(source) - warp.nodes
        assert np.abs(missed).max() < 0.03 + 0.02 * stride  # the grid itself is that coarse


def test_fields_add_up():
    warp = SheetWarp((0, 0, 60, 40), 4)
    shift = np.broadcast_to(np.array([3.0, -2.0], np.float32), (2, *warp.nodes.shape))
    warp.set_fields(np.stack([shift, 2 * shift]))
    upper, lower = warp.offsets(np.array([1.0, 0.5], np.float32))
    assert np.allclose(upper, [-6, 4])
    assert np.allclose(lower, [-6, 4])


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
def test_enlarged_values_lie_where_their_nodes_are(stride):
    warp = SheetWarp((7, 3, 7 + 12 * stride, 3 + 9 * stride), stride)
    pixels = warp.enlarge(warp.nodes)
    expected = pixel_grid(7, 3, 12 * stride, 9 * stride)
    inside = slice(stride, -stride)
    assert pixels.shape == expected.shape
    assert np.allclose(pixels[inside, inside], expected[inside, inside], atol=1e-3)


def test_a_box_that_is_no_multiple_of_the_stride_is_covered():
    warp = SheetWarp((0, 0, 10, 7), 4)
    assert warp.enlarge(warp.nodes).shape[:2] == (8, 12)


def test_sampling_at_pixel_centres_gives_the_pixels():
    image = np.random.default_rng(0).integers(0, 255, (9, 11, 3), dtype=np.uint8)
    assert np.array_equal(sample(image, pixel_grid(0, 0, 11, 9)), image)
