import numpy as np
import pytest

from sadtalker_ext.compositor.upscale import FrameScaler, resized, target_size, tiled
from sadtalker_ext.errors import OutOfMemory


@pytest.mark.parametrize(
    ("size", "side", "upscaled", "wanted"),
    [
        ((300, 401), 0, False, (300, 401)),
        ((300, 400), 0, True, (600, 800)),
        ((3000, 2000), 0, True, (4096, 2730)),
        ((300, 400), 1024, False, (768, 1024)),
        ((401, 300), 1000, True, (1000, 748)),
        ((5000, 10), 4096, False, (4096, 8)),
        ((4000, 1), 100, False, (100, 2)),
        ((640, 480), 320, False, (320, 240)),
    ],
)
def test_sizes_are_even_and_keep_the_aspect(size, side, upscaled, wanted):
    assert target_size(size, side, upscaled=upscaled) == wanted


def gradient(height, width):
    rows, columns = np.indices((height, width))
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], -1).astype(np.uint8)


def double(picture):
    return picture.repeat(2, axis=0).repeat(2, axis=1)


def test_frames_come_in_the_size_asked_for():
    frames = list(FrameScaler(128).frames(iter([gradient(60, 40)] * 3)))
    assert [frame.shape for frame in frames] == [(128, 86, 3)] * 3


def test_frames_of_the_right_size_pass_untouched():
    frame = gradient(60, 40)
    assert FrameScaler(0).scaled(frame) is frame
    assert FrameScaler(60).scaled(frame) is frame


def test_an_upscaler_is_told_the_factor_and_brought_to_the_exact_size():
    factors = []

    def thrice(picture, factor):
        factors.append(factor)
        return picture.repeat(3, axis=0).repeat(3, axis=1)

    frame = gradient(60, 40)
    assert FrameScaler(0, thrice).scaled(frame).shape == (120, 80, 3)
    assert FrameScaler(90, thrice).scaled(frame).shape == (90, 60, 3)
    assert factors == [2.0, 1.5]


def test_an_upscaler_is_not_asked_to_shrink():
    def never(picture, factor):
        raise AssertionError("asked")

    assert FrameScaler(30, never).scaled(gradient(60, 40)).shape == (30, 20, 3)


def test_shrinking_averages():
    checks = np.indices((64, 64)).sum(0) % 2 * 255
    small = resized(np.repeat(checks[:, :, None], 3, 2).astype(np.uint8), (32, 32))
    assert np.abs(small.astype(int) - 128).max() <= 1


def test_tiles_give_the_same_as_the_whole():
    picture = gradient(1200, 700)
    np.testing.assert_array_equal(tiled(double, 2)(picture, 2.0), double(picture))


def test_tiles_see_their_surroundings():
    """A network that blurs over its neighbours leaves no line where tiles meet."""
    import cv2

    def blurred(picture):
        return cv2.GaussianBlur(double(picture), (0, 0), 2)

    picture = np.random.default_rng(0).integers(0, 255, (600, 520, 3)).astype(np.uint8)
    found = tiled(blurred, 2)(picture, 2.0).astype(int)
    assert np.abs(found - blurred(picture)).max() <= 1


def test_smaller_tiles_when_memory_runs_out():
    sides = []

    def small_device(picture):
        sides.append(max(picture.shape))
        if max(picture.shape) > 200:
            raise OutOfMemory("no room")
        return double(picture)

    picture = gradient(400, 300)
    upscale = tiled(small_device, 2)
    np.testing.assert_array_equal(upscale(picture, 2.0), double(picture))
    before = len(sides)
    upscale(picture, 2.0)
    assert max(sides[before:]) <= 200  # the size that worked is remembered


def test_no_memory_for_the_smallest_tile_is_told():
    def full(picture):
        raise OutOfMemory("The device has no room.", hint="Free some.")

    with pytest.raises(OutOfMemory) as caught:
        tiled(full, 2)(gradient(100, 100), 2.0)
    assert caught.value.hint == "Free some. Tiles down to 64 pixels were tried."


def test_a_large_factor_takes_several_rounds():
    assert tiled(double, 2)(gradient(10, 8), 4.0).shape == (40, 32, 3)
    assert tiled(double, 2)(gradient(10, 8), 2.5).shape == (40, 32, 3)
