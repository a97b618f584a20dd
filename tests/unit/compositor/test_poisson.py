import cv2
import numpy as np
import pytest
from scipy.fft import dstn

from sadtalker_ext.compositor.poisson import SMALLEST_SIDE, PoissonBlend


def smooth_noise(shape, seed, sigma=3):
    pixels = np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)
    return cv2.GaussianBlur(pixels, (0, 0), sigma) if sigma else pixels


def solved_directly(background, frame):
    """The whole equation by a two-dimensional sine transform in double precision."""
    picture, rendered = (a[1:-1, 1:-1].astype(float) for a in (background, frame))
    height, width = picture.shape[:2]
    ring = np.ones((height, width, 1))
    ring[3:-3, 3:-3] = 0
    mixed = [
        ring * np.diff(picture, axis=axis, append=0)
        + (1 - ring) * np.diff(rendered, axis=axis, append=0)
        for axis in (0, 1)
    ]
    down, right = mixed
    wanted = np.diff(down, axis=0)[:-1, 1:-1] + np.diff(right, axis=1)[1:-1, :-1]
    known = picture.copy()
    known[1:-1, 1:-1] = 0
    wanted -= known[:-2, 1:-1] + known[2:, 1:-1] + known[1:-1, :-2] + known[1:-1, 2:]
    rows = 2 * np.cos(np.pi * np.arange(1, height - 1) / (height - 1))[:, None, None]
    columns = 2 * np.cos(np.pi * np.arange(1, width - 1) / (width - 1))[None, :, None]
    spectrum = dstn(wanted, 1, axes=(0, 1)) / (rows + columns - 4)
    return dstn(spectrum, 1, axes=(0, 1)) / (4 * (height - 1) * (width - 1))


@pytest.mark.parametrize(
    "shape", [(12, 12), (13, 40), (61, 12), (49, 50), (50, 51), (101, 77), (150, 256), (310, 407)]
)
@pytest.mark.parametrize("sigma", [0, 3])
def test_equals_the_direct_solution(shape, sigma):
    background, frame = smooth_noise(shape, 1, sigma), smooth_noise(shape, 2, sigma)
    wanted = np.clip(solved_directly(background, frame), 0, 255)
    found = PoissonBlend(background).blend(frame)[2:-2, 2:-2].astype(float)
    # the result is truncated, so a value may fall on either side of a whole number
    assert found.min() >= 0
    assert (found - wanted).max() <= 0.05
    assert (wanted - found).max() < 1.05


def pasted_by_both(place):
    left, top, right, bottom = place
    picture = smooth_noise((400, 500), 3, 5)
    frame = smooth_noise((bottom - top, right - left), 4, 2)
    centre = ((left + right) // 2, (top + bottom) // 2)
    mask = np.full_like(frame, 255)
    theirs = cv2.seamlessClone(frame, picture, mask, centre, cv2.NORMAL_CLONE)
    ours = picture.copy()
    ours[top:bottom, left:right] = PoissonBlend(picture[top:bottom, left:right]).blend(frame)
    return ours.astype(int), theirs.astype(int)


@pytest.mark.parametrize("place", [(200, 150, 340, 310), (10, 20, 150, 121), (100, 60, 113, 80)])
def test_equals_opencv_within_a_grey_level(place):
    found, wanted = pasted_by_both(place)
    difference = np.abs(found - wanted)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.1


@pytest.mark.parametrize("place", [(7, 9, 491, 390), (0, 0, 500, 400), (60, 10, 469, 399)])
def test_equals_opencv_within_a_grey_level_in_large_areas(place):
    """There OpenCV's single precision alone differs from the exact solution in a tenth."""
    found, wanted = pasted_by_both(place)
    assert np.abs(found - wanted).max() <= 1


@pytest.mark.parametrize("shape", [(150, 256), (310, 407), (381, 484)])
def test_nearly_every_pixel_is_the_exact_one_truncated(shape):
    background, frame = smooth_noise(shape, 1), smooth_noise(shape, 2)
    wanted = np.floor(np.clip(solved_directly(background, frame), 0, 255))
    found = PoissonBlend(background).blend(frame)[2:-2, 2:-2]
    assert (found != wanted).mean() < 0.002


@pytest.mark.parametrize("amplitude", [40, 120])
def test_waves_of_every_length_along_a_side_are_spread_alike(amplitude):
    """Each is solved exactly near the side, and on a coarse grid far from it."""
    side = 230
    ramp = np.arange(side)
    background = np.full((side, side, 3), 128, np.uint8)
    for length in (5, 9, 17, 40, 90, 230):
        wave = 128 + amplitude * np.sin(2 * np.pi * ramp / length)
        frame = np.clip(np.repeat(wave[None], side, 0), 0, 255).astype(np.uint8)
        frame = np.repeat(frame[:, :, None], 3, 2)
        wanted = np.clip(solved_directly(background, frame), 0, 255)
        found = PoissonBlend(background).blend(frame)[2:-2, 2:-2].astype(float)
        assert (found - wanted).max() <= 0.05
        assert (wanted - found).max() < 1.05


def test_a_frame_equal_to_the_picture_changes_nothing():
    """Truncation must not lose a level where the exact result is a whole number."""
    background = smooth_noise((200, 170), 11)
    np.testing.assert_array_equal(PoissonBlend(background).blend(background), background)


def test_blending_into_an_area_of_a_picture_leaves_the_rest_alone():
    picture, frame = smooth_noise((120, 130), 12), smooth_noise((90, 80), 13)
    blend = PoissonBlend(picture[20:110, 30:110])
    placed = picture.copy()
    blend.blend_into(frame, placed[20:110, 30:110])
    wanted = picture.copy()
    wanted[20:110, 30:110] = blend.blend(frame)
    np.testing.assert_array_equal(placed, wanted)


def test_the_two_outer_rings_keep_the_picture():
    background, frame = smooth_noise((40, 50), 5), smooth_noise((40, 50), 6)
    found = PoissonBlend(background).blend(frame)
    found[2:-2, 2:-2] = background[2:-2, 2:-2]
    np.testing.assert_array_equal(found, background)


def test_a_brighter_frame_becomes_the_picture():
    background = np.clip(smooth_noise((60, 60), 7), 0, 200)
    found = PoissonBlend(background).blend(background + np.uint8(40))
    assert np.abs(found.astype(int) - background).max() <= 1


def test_one_blend_serves_many_frames():
    background = smooth_noise((64, 64), 8)
    blend = PoissonBlend(background)
    frames = [smooth_noise((64, 64), seed) for seed in (9, 10)]
    first = blend.blend(frames[0])
    blend.blend(frames[1])
    np.testing.assert_array_equal(blend.blend(frames[0]), first)
    np.testing.assert_array_equal(background, smooth_noise((64, 64), 8))


def test_smallest_area_is_what_the_constant_says():
    side = SMALLEST_SIDE
    background, frame = smooth_noise((side, side), 1), smooth_noise((side, side), 2)
    assert PoissonBlend(background).blend(frame).shape == (side, side, 3)
