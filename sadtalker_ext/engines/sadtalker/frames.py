"""From the renderer's numbers to the frames people see (SPEC 16)."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.types import FloatArray, ImageArray


def to_uint8(picture: FloatArray) -> ImageArray:
    """Return 255 * picture rounded half to even, (H, W, 3) uint8, from float32 in [0, 1]."""
    levels: ImageArray = np.rint(np.float32(255) * picture).astype(np.uint8)
    return levels


def frame_size(side: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of a finished frame: `side` wide, with the aspect of `shape`.

    Args:
        side: Side of the square that is rendered.
        shape: Width and height whose ratio is wanted.
    """
    width, height = shape
    return side, max(int(side * height / width), 1)


def to_aspect(frame: ImageArray, size: tuple[int, int]) -> ImageArray:
    """Resize a square frame to (width, height) with OpenCV's bilinear filter."""
    import cv2

    return np.asarray(cv2.resize(frame, size), np.uint8)
