"""Reading pictures and fields between their pixels: the one place that calls `cv2.remap`.

*Convention.* Coordinates are x then y in pixels, y down; pixel 0 has its middle at 0.

Two kinds of call are avoided, because builds of OpenCV 5 do them wrong: maps of (x, y) pairs, and
linear interpolation with a mirrored border (5.0.0.93 takes seconds for it). Both are replaced by
calls with the same result: separate maps, and coordinates that are mirrored themselves.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.opencv import require_sound_opencv
from sadtalker_ext.types import FloatArray

Pixels = npt.NDArray[Any]


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
            `cv2.BORDER_REFLECT_101`, and with linear interpolation only as far as the image is
            wide or high.
        into: Where the result goes, instead of a new array.

    Raises:
        PackageBroken: This build of OpenCV cannot be trusted.
    """
    require_sound_opencv()
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    if border == cv2.BORDER_REFLECT_101 and method == cv2.INTER_LINEAR:
        height, width = image.shape[:2]
        x, y = _mirrored(x, width), _mirrored(y, height)
        border = cv2.BORDER_REPLICATE
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
    x, y = cv2.split(np.asarray(where, np.float32))
    return remap(image, np.asarray(x), np.asarray(y), method, border=border)


def _mirrored(places: FloatArray, length: int) -> FloatArray:
    """Mirror coordinates at the middles of the first and the last pixel."""
    last = np.float32(length - 1)
    if not places.size or (places.min() >= 0 and places.max() <= last):
        return places
    inward = np.abs(places)
    mirrored: FloatArray = np.minimum(inward, 2 * last - inward)
    return mirrored
