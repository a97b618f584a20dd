"""Reading pictures and fields between their pixels: the one place that calls `cv2.remap`.

*Convention.* Coordinates are x then y in pixels, y down; pixel 0 has its middle at 0.

Two kinds of call are avoided, because builds of OpenCV 5 do them wrong: maps of (x, y) pairs, and
mirrored borders (with which 5.0.0.93 takes seconds, or never ends far outside). Both are replaced
by calls with the same result: separate maps, and coordinates that are mirrored themselves.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.opencv import require_sound_opencv
from sadtalker_ext.types import FloatArray

Pixels = npt.NDArray[Any]

_SLOW_SHORTS = int(cv2.__version__.split(".")[0]) >= 5
"""OpenCV 5 interpolates one int16 channel in 2 ms where a float one takes 0.3 ms (400 x 400)."""


def remap(
    image: Pixels,
    x: Pixels,
    y: Pixels,
    method: int = cv2.INTER_LINEAR,
    *,
    border: int = cv2.BORDER_REPLICATE,
    into: Pixels | None = None,
) -> Pixels:
    """Take the values of an image at coordinates.

    Args:
        image: (H, W) or (H, W, C) of any type that OpenCV interpolates.
        x: (h, w) columns; they become float32, because cv2 refuses float64.
        y: (h, w) rows.
        method: How to interpolate, one of cv2's.
        border: What lies beyond the border, one of cv2's; of the mirrored ones only
            `cv2.BORDER_REFLECT_101`, and only as far as the image is wide or high: the edge
            repeats further out.
        into: Where the result goes, instead of a new array.

    Raises:
        PackageBroken: This build of OpenCV cannot be trusted.
    """
    require_sound_opencv()
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    if border == cv2.BORDER_REFLECT_101:
        height, width = image.shape[:2]
        x, y = _mirrored(x, width), _mirrored(y, height)
        # cubic interpolation also looks at the neighbours beyond
        cubic = method == cv2.INTER_CUBIC
        border = mirrored_border(image) if cubic else cv2.BORDER_REPLICATE
    if image.dtype == np.int16 and _SLOW_SHORTS:
        moved = cv2.remap(image.astype(np.float32), x, y, method, borderMode=border)
        return np.rint(moved).astype(np.int16)
    values: Pixels = cv2.remap(image, x, y, method, into, borderMode=border)
    return values


def sample(
    image: Pixels,
    where: Pixels,
    method: int = cv2.INTER_LINEAR,
    *,
    border: int = cv2.BORDER_REFLECT_101,
) -> Pixels:
    """Take the values of an image at (h, w, 2) coordinates, mirrored beyond its border."""
    return remap(image, *halves(where), method, border=border)


def halves(where: Pixels) -> tuple[FloatArray, FloatArray]:
    """Split (h, w, 2) coordinates for `remap`: once, where several images are read at them."""
    x, y = cv2.split(np.asarray(where, np.float32))
    return np.asarray(x, np.float32), np.asarray(y, np.float32)


def mirrored_border(image: Pixels) -> int:
    """Return cv2's word for a mirrored border, where the image is large enough to be mirrored.

    OpenCV 5.0 never ends at an image with a side of one pixel.
    """
    return cv2.BORDER_REFLECT_101 if min(image.shape[:2]) > 1 else cv2.BORDER_REPLICATE


def _mirrored(places: FloatArray, length: int) -> FloatArray:
    """Mirror coordinates at the middles of the first and the last pixel."""
    last = np.float32(length - 1)
    if not places.size or (places.min() >= 0 and places.max() <= last):
        return places
    inward = np.abs(places)
    mirrored: FloatArray = np.minimum(inward, 2 * last - inward)
    return np.maximum(mirrored, 0, out=mirrored)
