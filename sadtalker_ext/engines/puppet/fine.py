"""A picture at twice its size, from which moved pixels are read quickly and stay sharp.

Linear interpolation between pixels and cubic half-way pixels is nearly cubic interpolation, and
OpenCV does it on four bytes at once: ten times as fast as its own cubic. The picture's own pixels
are among the fine ones, so that what does not move stays as it is, to the bit.

*Convention.* Pixel (x, y) of the picture is the fine pixel (2 x, 2 y).

The heads of large pictures without detail as fine as a pixel are read as they are: there is little
to lose, and a fine picture of them has to be drawn anew where the face has changed, and is too
large for the processor's caches.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray, ImageArray

SCALE = 2.0
"""Fine pixels for one of the picture."""
_LARGE = 1_200_000
"""Pixels of a large picture: of a video whose encoding costs more than what `_LOSS` allows."""
_LOSS = 1.0
"""Mean loss half way between pixels, in grey levels, that linear interpolation may cost there; over
all ways it is about half. Portraits lose 0.18 to 1.5 (median 0.6), a pen drawing 3."""
_EVERY = 4
"""Of the rows and columns one in so many is measured."""
_HALF_WAY = np.array([[-3.0, 19.0, 19.0, -3.0]], np.float32) / 32.0
"""Keys' cubic with a = -0.75, OpenCV's own, half way between the middle two."""
_REACH = 3
"""Pixels beyond a change that fine pixels depend on, at most."""


def reading_scale(picture: ImageArray, box: Box) -> float:
    """Return at how many times its size a part of a picture has to be read: `SCALE`, or 1.

    Args:
        picture: (H, W, 3) uint8, all of it.
        box: The part that moves.
    """
    left, top, right, bottom = box
    part = picture[top:bottom, left:right]
    if picture.shape[0] * picture.shape[1] < _LARGE or min(part.shape[:2]) < 4:
        return SCALE
    across, down = part[::_EVERY].astype(np.int16), part[:, ::_EVERY].astype(np.int16)
    losses = [_linear_loss(across), _linear_loss(down.swapaxes(0, 1))]
    return 1.0 if np.mean(losses) < _LOSS else SCALE


def _linear_loss(lines: npt.NDArray[np.int16]) -> float:
    """Return the mean difference of cubic and linear values half way between columns."""
    inner, outer = lines[:, 1:-2] + lines[:, 2:-1], lines[:, :-3] + lines[:, 3:]
    return float(np.abs(inner - outer).mean()) * -float(_HALF_WAY[0, 0])


class FinePicture:
    """A picture at twice its size, parts of which can be drawn anew.

    Args:
        picture: (H, W, 3) uint8, or (H, W, 4) of which all four channels are kept.
        scale: `SCALE`, or 1 for a picture that is read as it is.

    Attributes:
        scale: Pixels that are read for one of the picture.
    """

    def __init__(self, picture: ImageArray, scale: float = SCALE) -> None:
        height, width = picture.shape[:2]
        self.scale = scale
        self._size = width, height
        times = round(scale)
        self._pixels: ImageArray = np.empty((times * height, times * width, 4), np.uint8)
        self.draw(picture, (0, 0, width, height))

    def copy(self) -> FinePicture:
        """Return the same picture, to be changed on its own."""
        other = FinePicture.__new__(FinePicture)
        other.scale, other._size, other._pixels = self.scale, self._size, self._pixels.copy()
        return other

    def draw(self, picture: ImageArray, box: Box) -> None:
        """Take over a part of a picture of the same size, where it has changed.

        Args:
            picture: As for the constructor.
            box: Everything that has changed; nothing outside of the picture.
        """
        width, height = self._size
        if self.scale == 1.0:
            part = np.s_[max(box[1], 0) : box[3], max(box[0], 0) : box[2]]
            if (seen := picture[part]).size:
                self._pixels[part] = _four(seen)
            return
        left, top = max(box[0] - _REACH, 0), max(box[1] - _REACH, 0)
        right, bottom = min(box[2] + _REACH, width), min(box[3] + _REACH, height)
        if left >= right or top >= bottom:
            return
        # With as much again around, so that filters see the picture and not the part's border.
        low_x, low_y = max(left - _REACH, 0), max(top - _REACH, 0)
        own = _four(picture[low_y : bottom + _REACH, low_x : right + _REACH])
        inner = np.s_[top - low_y : bottom - low_y, left - low_x : right - low_x]
        fine = _words(self._pixels)[2 * top : 2 * bottom, 2 * left : 2 * right]
        beside, below = _half_way(own, _HALF_WAY), _half_way(own, _HALF_WAY.T)
        fine[::2, ::2] = _words(own)[inner]
        fine[::2, 1::2] = _words(beside)[inner]
        fine[1::2, ::2] = _words(below)[inner]
        fine[1::2, 1::2] = _words(_half_way(beside, _HALF_WAY.T))[inner]

    def read(self, x: FloatArray, y: FloatArray) -> ImageArray:
        """Return the pixels at coordinates (h, w) of fine pixels, (h, w, 4) uint8."""
        return np.asarray(remap(self._pixels, x, y), np.uint8)


def _four(picture: ImageArray) -> ImageArray:
    """Return a picture with four channels."""
    four = picture if picture.shape[2] == 4 else cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)
    return np.ascontiguousarray(four, np.uint8)


def _half_way(picture: ImageArray, kernel: FloatArray) -> ImageArray:
    """Return the values half way to the next column, or row."""
    rows, columns = kernel.shape
    anchor = (columns - 1) // 2, (rows - 1) // 2
    moved = cv2.filter2D(picture, -1, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


def _words(picture: ImageArray) -> npt.NDArray[np.uint32]:
    """Return (H, W, 4) bytes as (H, W) numbers of four bytes, which are copied as one."""
    return picture.view(np.uint32)[..., 0]
