"""The picture around a head bent to follow it, at the pixels that move.

Convention: as in `follow`.
"""

from __future__ import annotations

import math
import threading

import numpy as np

from sadtalker_ext.compositor.follow import STILL, Motion
from sadtalker_ext.compositor.workers import OwnArrays
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import Box, FloatArray, ImageArray

Field = tuple[FloatArray, FloatArray]
"""How far to look aside in x and in y, (h, w) float32 each on a grid over an area."""

_SLIDES = 0.06
"""Share of the area's side along its border where the picture moves only along the border."""
_LARGEST_DOUBLED = 2048 * 2048
"""Pixels up to which a second copy of the picture, four times as large, is kept."""
_ITSELF = np.array([1], np.float32)
_BETWEEN = np.array([-3, 19, 19, -3], np.float32) / np.float32(32)
"""Cubic interpolation half way between two pixels, with OpenCV's slope of -0.75 (Keys, "Cubic
convolution interpolation for digital image processing", 1981)."""
_NONE_PX, _WHOLE_PX = 0.2, 1.0
"""Motion below the first is none, so that the picture's own pixels stay; above the second it is
taken as it is."""


class Bender:
    """Moves the picture around a head along with it; several threads may do so at once.

    Args:
        picture: (H, W, 3) uint8, the area that may be bent.
        share: (h, w) float32 on a grid of any size over the area: 1 where the picture follows the
            head, 0 where it stays. Along the border of the area the picture only slides: what lies
            beyond is not known, and frames of paintings stay straight.
    """

    def __init__(self, picture: ImageArray, share: FloatArray) -> None:
        height, width = picture.shape[:2]
        self._size = (width, height)
        rows, columns = np.indices(share.shape, dtype=np.float32)
        step_x, step_y = width / share.shape[1], height / share.shape[0]
        x, y = (columns + 0.5) * step_x - 0.5, (rows + 0.5) * step_y - 0.5
        self.shape: tuple[int, int] = (share.shape[0], share.shape[1])
        cells = np.stack([x, y, np.ones_like(x)])
        across, down = _kept_border(share.shape[1])[None, :], _kept_border(share.shape[0])[:, None]
        # (3, cells): place and one, weighted by how far a cell follows to the side and up or down
        self._across, self._down = (
            np.asarray(cells * share * kept, np.float32).reshape(3, -1) for kept in (across, down)
        )
        self._part = _touched(share, (width, height))
        self.scale = 2 if height * width <= _LARGEST_DOUBLED else 1
        self._picture = picture
        self._doubled: ImageArray | None = None
        self._doubling = threading.Lock()
        self._all_x = self.scale * np.arange(width, dtype=np.float32)[None, :]
        self._all_y = self.scale * np.arange(height, dtype=np.float32)[:, None]
        self._own = OwnArrays()

    @property
    def fine(self) -> ImageArray | None:
        """The picture at twice its size, (2H, 2W, 3) uint8; None where it is too large for that.

        Made when it is first asked for: a head that keeps still needs none.
        """
        if self.scale == 1:
            return None
        with self._doubling:
            if self._doubled is None:
                self._doubled = _doubled(self._picture)
            return self._doubled

    def field(self, motion: Motion) -> Field | None:
        """Return how far aside to look, on the grid of `share`.

        In pixels of the picture that is read: `fine` where there is one.

        Args:
            motion: The head's motion in pixels of this area.

        Returns:
            The field; None where nothing moves by `_NONE_PX`.
        """
        inverse = np.linalg.inv(np.vstack([motion, [0, 0, 1]]))[:2] - STILL
        x, y = inverse.astype(np.float32)
        # not by matrix products, see `spread.py`
        aside, down = (
            way[0] * cells[0] + way[1] * cells[1] + way[2] * cells[2]
            for way, cells in ((x, self._across), (y, self._down))
        )
        largest = float(np.sqrt((aside * aside + down * down).max()))
        whole = np.clip((largest - _NONE_PX) / (_WHOLE_PX - _NONE_PX), 0, 1)
        if whole == 0:
            return None
        amount = np.float32(whole * self.scale)
        return (aside * amount).reshape(self.shape), (down * amount).reshape(self.shape)

    def bend_into(self, field: Field, area: ImageArray) -> None:
        """Move the head's surroundings in place; where nothing moves, nothing is written.

        Args:
            field: From `field`.
            area: (H, W, 3) uint8 copy of the picture.
        """
        import cv2

        from sadtalker_ext.pixels import remap

        width, height = self._size
        all_x, all_y = self._own.of((height, width), (height, width))
        for values, wide in zip(field, (all_x, all_y), strict=True):
            cv2.resize(values, self._size, wide)
        rows, columns = self._part
        from_x, from_y = all_x[rows, columns], all_y[rows, columns]
        from_x += self._all_x[:, columns]
        from_y += self._all_y[rows]
        fine = self.fine
        into = area[rows, columns]
        if fine is None:
            remap(self._picture, from_x, from_y, cv2.INTER_CUBIC, into=into)
        else:
            remap(fine, from_x, from_y, cv2.INTER_LINEAR, into=into)


class BentGrid:
    """What lies behind a frame when the picture around it is bent, cell by cell.

    Cells show means of many pixels, so they are bent themselves instead of the pixels under them.

    Args:
        picture: (H, W, 3) uint8, the area that may be bent.
        paste: Where frames belong in it.
        grid: Width and height of the grid of cells over that place.
        bender: Of the area.
    """

    def __init__(
        self, picture: ImageArray, paste: Box, grid: tuple[int, int], bender: Bender
    ) -> None:
        import cv2

        from sadtalker_ext.pixels import remap

        left, top, right, bottom = paste
        shown = picture[top:bottom, left:right]
        still = cv2.resize(shown, grid, interpolation=cv2.INTER_AREA)
        self._still = np.asarray(still, np.uint8)
        rows, columns = bender.shape
        cells = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
        self._cells = np.asarray(cells, np.uint8)
        height, width = picture.shape[:2]
        self._share = (
            np.float32(columns / (width * bender.scale)),
            np.float32(rows / (height * bender.scale)),
        )
        x = (left + (np.arange(grid[0]) + 0.5) * (right - left) / grid[0]) * columns / width - 0.5
        y = (top + (np.arange(grid[1]) + 0.5) * (bottom - top) / grid[1]) * rows / height - 0.5
        self._x, self._y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
        # a field that fades in begins at what is seen without one
        level = remap(self._cells, self._x, self._y, cv2.INTER_CUBIC)
        self._beside = self._still.astype(np.float32) - level

    def bent(self, field: Field | None) -> ImageArray:
        """Return the cells, (h, w, 3) uint8.

        Args:
            field: Of the bender.
        """
        import cv2

        from sadtalker_ext.pixels import remap

        if field is None:
            return self._still
        aside, down = (
            remap(values, self._x, self._y) * share
            for values, share in zip(field, self._share, strict=True)
        )
        # what linear interpolation blurs would count as less contrast
        seen = remap(self._cells, self._x + aside, self._y + down, cv2.INTER_CUBIC)
        still = 1 - float(max(np.abs(aside).max(), np.abs(down).max()))
        if still > 0:
            seen = cv2.add(seen, still * self._beside, dtype=cv2.CV_8U)
        return np.asarray(seen, np.uint8)


def _doubled(picture: ImageArray) -> ImageArray:
    """Return the picture at twice its size with its own pixels among the new ones.

    Linear interpolation in it is about as sharp as cubic interpolation in the picture, and six
    times as fast.
    """
    import cv2

    height, width = picture.shape[:2]
    fine = np.empty((height, 2, 2 * width, 3), np.uint8)
    for row, down in enumerate((_ITSELF, _BETWEEN)):
        line = [_between(picture, across, down) for across in (_ITSELF, _BETWEEN)]
        fine[:, row] = cv2.merge(line).reshape(height, 2 * width, 3)
    return fine.reshape(2 * height, 2 * width, 3)


def _between(picture: ImageArray, across: FloatArray, down: FloatArray) -> ImageArray:
    """Return every pixel, or the value half a pixel further on."""
    import cv2

    if len(across) == len(down) == 1:
        return picture
    anchor = (len(across) // 3, len(down) // 3)
    found = cv2.sepFilter2D(
        picture, -1, across, down, anchor=anchor, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


def _touched(share: FloatArray, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a picture of this size in which a share is not 0."""
    found = []
    for axis in (0, 1):
        step = size[1 - axis] / share.shape[axis]
        cells = np.flatnonzero(share.any(axis=1 - axis))
        # between the middles of two cells a value is interpolated from both
        first, last = (cells[0], cells[-1]) if len(cells) else (0, 0)
        found.append(slice(max(int((first - 0.5) * step), 0), math.ceil((last + 1.5) * step)))
    return found[0], found[1]


def _kept_border(length: int) -> FloatArray:
    """Return 0 at both ends of a line of cells and 1 from a little way inside, (n,) float32."""
    near = np.minimum(np.arange(length), np.arange(length)[::-1])
    return smoothstep(0, max(_SLIDES * length, 1), near)
