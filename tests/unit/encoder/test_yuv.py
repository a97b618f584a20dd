"""Frames become the planes of BT.709 that the media library would make, quicker."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sadtalker_ext.encoder.yuv import Reformatted, YuvFrames


@pytest.fixture(scope="module")
def picture():
    noise = np.random.default_rng(2).integers(0, 256, (150, 102, 3), dtype=np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 3.0).astype(np.float32)
    return np.clip((soft - 128) * 6 + 128, 0, 255).astype(np.uint8)


def planes(frame):
    return frame.to_ndarray(format="yuv420p").astype(int)


def test_planes_are_those_of_the_media_library(picture):
    ours, theirs = (
        planes(YuvFrames().convert(picture)),
        planes(Reformatted("yuv420p").convert(picture)),
    )
    height = picture.shape[0]
    assert np.abs(ours[:height] - theirs[:height]).max() <= 1
    colours = np.abs(ours[height:] - theirs[height:])
    assert colours.mean() < 0.6
    assert np.percentile(colours, 99) <= 3


@pytest.mark.parametrize(
    ("colour", "wanted"),
    [
        ((0, 0, 0), (16, 128, 128)),
        ((255, 255, 255), (235, 128, 128)),
        ((255, 0, 0), (63, 102, 240)),
    ],
)
def test_plain_colours_have_the_values_of_the_standard(colour, wanted):
    made = planes(YuvFrames().convert(np.full((8, 8, 3), colour, np.uint8)))
    assert np.abs(made[:8] - wanted[0]).max() <= 1
    assert np.abs(made[8:].reshape(2, 16) - np.array(wanted[1:])[:, None]).max() <= 1


def test_rows_that_change_are_converted_again_and_sizes_may_change(picture):
    frames, other = YuvFrames(), picture.copy()
    frames.convert(picture)
    other[70:73, 5] = 255 - other[70:73, 5]
    other[149, 101] = 0
    for one in (other, other, picture, picture[:64, :40].copy()):
        assert np.array_equal(planes(frames.convert(one)), planes(YuvFrames().convert(one)))


@pytest.mark.parametrize("column", [0, 255, 256, 601, 1031])
def test_columns_beside_what_changes_are_kept(column):
    wide = np.random.default_rng(3).integers(0, 256, (66, 1032, 3), dtype=np.uint8)
    frames, other = YuvFrames(), wide.copy()
    frames.convert(wide)
    other[3, column] = 255 - other[3, column]
    other[64, 500] = 255 - other[64, 500]
    made = planes(frames.convert(other))
    assert np.array_equal(made, planes(YuvFrames().convert(other)))
    assert np.array_equal(planes(frames.convert(wide)), planes(YuvFrames().convert(wide)))
