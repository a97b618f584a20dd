"""A fine picture: the picture's own pixels, and between them what cubic interpolation gives."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.fine import SCALE, FinePicture, reading_scale

RNG = np.random.default_rng(5)


@pytest.fixture(scope="module")
def picture():
    noise = RNG.integers(0, 256, (40, 52, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.0)


def at(fine, x, y):
    return fine.read(np.float32([[2 * x]]), np.float32([[2 * y]]))[0, 0, :3].astype(int)


def test_what_does_not_move_is_the_picture_to_the_bit(picture):
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    assert np.array_equal(FinePicture(picture).read(2 * x, 2 * y)[..., :3], picture)


@pytest.mark.parametrize("where", [(7.5, 9.0), (20.0, 11.5), (30.5, 25.5)])
def test_half_way_lies_what_cubic_interpolation_gives(picture, where):
    x, y = (np.float32([[one]]) for one in where)
    wanted = cv2.remap(picture, x, y, cv2.INTER_CUBIC)[0, 0].astype(int)
    assert np.abs(at(FinePicture(picture), *where) - wanted).max() <= 1


def test_anywhere_it_is_close_to_cubic_interpolation_and_sharper_than_linear(picture):
    y, x = np.mgrid[4:36:0.9, 4:48:0.9].astype(np.float32)
    got = FinePicture(picture).read(2 * x, 2 * y)[..., :3].astype(int)
    cubic, linear = (cv2.remap(picture, x, y, way) for way in (cv2.INTER_CUBIC, cv2.INTER_LINEAR))
    assert np.abs(got - cubic).mean() < 0.3 * np.abs(linear.astype(int) - cubic).mean()


@pytest.mark.parametrize("box", [(10, 12, 20, 17), (0, 0, 5, 40), (48, 36, 52, 40)])
def test_a_part_drawn_anew_is_like_a_new_picture(picture, box):
    left, top, right, bottom = box
    changed = picture.copy()
    changed[top:bottom, left:right] = 255 - changed[top:bottom, left:right]
    fine = FinePicture(picture)
    kept = fine.copy()
    kept.draw(changed, box)
    y, x = np.mgrid[:80, :104].astype(np.float32)
    assert np.array_equal(kept.read(x, y), FinePicture(changed).read(x, y))
    assert np.array_equal(fine.read(x, y), FinePicture(picture).read(x, y))


def test_four_channels_are_kept_and_tiny_pictures_are_read():
    four = RNG.integers(0, 256, (2, 1, 4), dtype=np.uint8)
    assert np.array_equal(
        FinePicture(four).read(np.zeros((1, 1), np.float32), np.full((1, 1), 2, np.float32))[0, 0],
        four[1, 0],
    )


def test_only_large_pictures_without_fine_detail_are_read_as_they_are():
    large = np.zeros((1200, 1200, 3), np.uint8)
    large[..., 0] = np.linspace(0, 255, 1200)
    grainy = np.random.default_rng(0).integers(0, 255, large.shape, dtype=np.uint8)
    assert reading_scale(large, (100, 100, 900, 1100)) == 1.0
    assert reading_scale(grainy, (100, 100, 900, 1100)) == SCALE
    assert reading_scale(large[:900], (100, 100, 900, 800)) == SCALE
    assert reading_scale(large, (5, 5, 7, 9)) == SCALE


def test_a_picture_that_is_read_as_it_is_takes_over_its_parts():
    picture = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    plain, kept = FinePicture(picture, 1.0), FinePicture(picture, 1.0).copy()
    x, y = np.meshgrid(np.arange(30, dtype=np.float32), np.arange(20, dtype=np.float32))
    assert np.array_equal(plain.read(x, y)[..., :3], picture)
    changed = 255 - picture
    plain.draw(changed, (4, 5, 9, 11))
    picture_after = picture.copy()
    picture_after[5:11, 4:9] = changed[5:11, 4:9]
    assert np.array_equal(plain.read(x, y)[..., :3], picture_after)
    assert np.array_equal(kept.read(x, y)[..., :3], picture)
    between = plain.read(x[:, :-1] + np.float32(0.5), y[:, :-1])[..., :3].astype(int)
    middle = (picture_after[:, :-1].astype(int) + picture_after[:, 1:]) / 2
    assert np.abs(between - middle).max() <= 1
