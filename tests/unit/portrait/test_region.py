"""Cutting turned squares out of a picture, and the way back."""

import numpy as np
import pytest

from sadtalker_ext.portrait.region import Region


def spot(width, height, x, y, radius=3.0):
    """A smooth bright spot on black."""
    grid_y, grid_x = np.mgrid[:height, :width]
    value = 255 * np.exp(-((grid_x - x) ** 2 + (grid_y - y) ** 2) / (2 * radius**2))
    return np.repeat(value[..., None], 3, axis=2).astype(np.uint8)


def centre_of(cut):
    """Centre of the bright spot in pixel coordinates."""
    weight = cut[..., 0].astype(np.float64)
    grid_y, grid_x = np.mgrid[: cut.shape[0], : cut.shape[1]]
    return (weight * grid_x).sum() / weight.sum(), (weight * grid_y).sum() / weight.sum()


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2])
@pytest.mark.parametrize("side", [40.0, 160.0, 600.0])  # enlarged, about equal, shrunk
def test_a_spot_is_found_again_where_it_was(angle, side):
    picture = spot(700, 500, 333.0, 222.0, radius=side / 30)
    region = Region(x=330.0, y=226.0, side=side, angle_rad=angle)
    x, y = centre_of(region.cut(picture, 128))
    # networks count from the pixel's corner: half a pixel more than the pixel's index
    back = region.to_picture(np.array([[x + 0.5, y + 0.5]], np.float32), 128)[0]
    np.testing.assert_allclose(back, (333.0, 222.0), atol=0.25 + side / 128 * 0.1)


def test_the_whole_picture_at_its_own_size_is_the_picture():
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    np.testing.assert_array_equal(Region(x=31.5, y=31.5, side=64).cut(picture, 64), picture)


def test_outside_is_the_edge_or_the_fill():
    picture = np.full((20, 20, 3), 90, np.uint8)
    region = Region(x=0.0, y=0.0, side=40)
    assert region.cut(picture, 40).min() == 90
    assert region.cut(picture, 40, fill=0)[0, 0].tolist() == [0, 0, 0]


def test_fine_stripes_are_averaged_and_not_aliased():
    picture = np.zeros((512, 512, 3), np.uint8)
    picture[:, ::2] = 200
    cut = Region(x=255.5, y=255.5, side=512).cut(picture, 64)
    assert abs(cut[2:-2, 2:-2] - 100).max() < 3


def test_a_one_pixel_picture_can_be_cut():
    picture = np.full((1, 1, 3), 7, np.uint8)
    assert Region(x=0.0, y=0.0, side=300).cut(picture, 64).max() == 7
