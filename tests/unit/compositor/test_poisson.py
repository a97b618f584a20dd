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


@pytest.mark.parametrize("shape", [(12, 12), (13, 40), (61, 12), (101, 77), (150, 256)])
@pytest.mark.parametrize("sigma", [0, 3])
def test_equals_the_direct_solution(shape, sigma):
    background, frame = smooth_noise(shape, 1, sigma), smooth_noise(shape, 2, sigma)
    wanted = np.clip(solved_directly(background, frame), 0, 255)
    found = PoissonBlend(background).blend(frame)[2:-2, 2:-2].astype(float)
    # the result is truncated, so a value may fall on either side of a whole number
    assert found.min() >= 0
    assert (found - wanted).max() <= 0.05
    assert (wanted - found).max() < 1.05


@pytest.mark.parametrize("place", [(200, 150, 340, 310), (10, 20, 150, 121), (100, 60, 113, 80)])
def test_equals_opencv_within_a_grey_level(place):
    left, top, right, bottom = place
    picture = smooth_noise((400, 500), 3, 5)
    frame = smooth_noise((bottom - top, right - left), 4, 2)
    centre = ((left + right) // 2, (top + bottom) // 2)
    mask = np.full_like(frame, 255)
    wanted = cv2.seamlessClone(frame, picture, mask, centre, cv2.NORMAL_CLONE)
    found = picture.copy()
    found[top:bottom, left:right] = PoissonBlend(picture[top:bottom, left:right]).blend(frame)
    difference = np.abs(found.astype(int) - wanted)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.1


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
