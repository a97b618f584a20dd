"""Sampling between pixels: the same with every OpenCV."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from sadtalker_ext.pixels import mirrored_border, remap, sample

ROOT = Path(__file__).resolve().parents[2] / "sadtalker_ext"


def smooth(height, width, kind, channels=3):
    y, x = np.mgrid[:height, :width]
    layers = [128 + 60 * np.sin(x / 9 + c) + 50 * np.cos(y / 7 - c) for c in range(channels)]
    return np.dstack(layers).astype(kind)


def places(seed, height, width, beyond):
    random = np.random.default_rng(seed)
    return (
        random.uniform(-beyond, width - 1 + beyond, (40, 50)).astype(np.float32),
        random.uniform(-beyond, height - 1 + beyond, (40, 50)).astype(np.float32),
    )


def linear(image, x, y, kind):
    """Linear interpolation by its definition, in float64."""
    height, width = image.shape[:2]

    def at(rows, columns):
        if kind == "mirror":
            rows = np.abs((rows + height - 1) % (2 * height - 2) - (height - 1))
            columns = np.abs((columns + width - 1) % (2 * width - 2) - (width - 1))
        rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
        return image[rows, columns].astype(np.float64)

    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = (x - left)[..., None], (y - top)[..., None]
    upper = at(top, left) * (1 - u) + at(top, left + 1) * u
    lower = at(top + 1, left) * (1 - u) + at(top + 1, left + 1) * u
    return upper * (1 - v) + lower * v


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("beyond", [0, 3, 25])
def test_mirrored_and_repeated_edges(kind, channels, beyond):
    image = smooth(30, 41, kind, channels)
    x, y = places(1, 30, 41, beyond)
    # builds before 5 round coordinates to 1/32 pixel; the picture changes by 8 levels a pixel
    mirrored = sample(image, np.dstack([x, y]))
    assert np.abs(mirrored - linear(image, x, y, "mirror")).max() < 1.0
    repeated = remap(image, x, y)
    assert np.abs(repeated - linear(image, x, y, "repeat")).max() < 1.0


def test_inside_the_picture_the_border_changes_nothing():
    image = smooth(30, 41, np.uint8)
    x, y = places(2, 30, 41, -2)
    wanted = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    assert np.array_equal(sample(image, np.dstack([x, y])), wanted)


def test_cubic_interpolation_is_mirrored_too():
    image = smooth(30, 41, np.float32)
    x, y = places(3, 30, 41, 8)
    wide = cv2.copyMakeBorder(image, 16, 16, 16, 16, cv2.BORDER_REFLECT_101)
    wanted = remap(wide, x + 16, y + 16, cv2.INTER_CUBIC)
    got = sample(image, np.dstack([x, y]), cv2.INTER_CUBIC)
    assert np.abs(got - wanted).max() < 0.6


@pytest.mark.parametrize("method", [cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_tiny_pictures_and_far_places(method, size):
    """OpenCV 5.0 never ends when it mirrors a side of one pixel."""
    image = np.full((*size, 3), 50, np.uint8)
    where = np.dstack(np.meshgrid(np.float32([-1e6, -3, 0, 4, 1e6]), np.float32([-1e6, 0, 30])))
    assert np.array_equal(sample(image, where, method), np.full((3, 5, 3), 50))
    assert mirrored_border(image) == (cv2.BORDER_REPLICATE if 1 in size else cv2.BORDER_REFLECT_101)


def test_places_may_be_float64_and_the_result_goes_where_it_is_wanted():
    image = smooth(12, 15, np.uint8)
    x, y = (axis.astype(np.float64) for axis in np.meshgrid(np.arange(15), np.arange(12)))
    area = np.zeros_like(image)
    assert remap(image, x, y, into=area) is not None
    assert np.array_equal(area, image)


def test_one_module_calls_remap():
    """Elsewhere a map of pairs or a mirrored border could come back, which OpenCV 5 does wrong."""
    calls = {
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("*.py")
        if re.search(r"cv2\.remap\(", path.read_text(encoding="utf-8"))
    }
    assert calls == {"pixels.py", "opencv.py"}
