"""Turning displacement fields into pixel maps.

Fields say where a point of the picture goes; a frame needs the opposite, where each pixel comes
from. With a displacement D the source s of a pixel p solves s + D(s) = p: a few damped fixed-point
steps come near, and Newton steps finish where the skin is stretched (there the former swing).
"""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.fields import enlarged, weighted_sum
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray

Way = tuple[FloatArray, FloatArray]
"""x and y, (h, w) float32 each."""
Cells = tuple[slice, slice]
_DAMPING = (0.7, 0.7, 0.7)
_NEWTON_STEPS = 2
_LEAST_AREA = 0.2
"""Newton steps treat skin squeezed to less than this share of its area as if it had this one."""

_LONGEST_STEP = 0.5
"""No Newton step is longer than this many cells."""

_SLOPE = np.array([[-0.5, 0, 0.5]], np.float32)


def pixel_grid(left: int, top: int, width: int, height: int) -> FloatArray:
    """(height, width, 2) coordinates of pixels."""
    x = np.arange(left, left + width, dtype=np.float32)
    y = np.arange(top, top + height, dtype=np.float32)
    return np.dstack(np.meshgrid(x, y)).astype(np.float32)


class SheetWarp:
    """A coarse grid over a box of the picture, with fields of two sheets on its nodes.

    Args:
        box: Region of the picture that may move.
        stride: Pixels between nodes. Node (i, j) lies in the middle of its cell of stride x stride
            pixels, which is what `cv2.resize` assumes.

    Attributes:
        nodes: (h, w, 2) picture coordinates of the nodes.
        size: Width and height of the box in pixels.
    """

    def __init__(self, box: Box, stride: int) -> None:
        self.box = box
        self.stride = stride
        left, top, right, bottom = box
        self.size = right - left, bottom - top
        columns, rows = -(-(right - left) // stride), -(-(bottom - top) // stride)
        grid, middle = pixel_grid(0, 0, columns, rows), (stride - 1) / 2
        self._columns, self._rows = _planes(grid)
        first = np.array([left + middle, top + middle], np.float32)
        self.nodes: FloatArray = (grid * np.float32(stride) + first).astype(np.float32)
        around = pixel_grid(-1, -1, columns + 2, rows + 2) * np.float32(stride) + np.float32(middle)
        self._around = _planes(around)
        self._fields: FloatArray = np.zeros((0, 2, 2, rows, columns), np.float32)
        self._needed = slice(None), slice(None)

    def set_fields(
        self, fields: FloatArray, needed: tuple[slice, slice] = (slice(None), slice(None))
    ) -> None:
        """Take (K, 2, h, w, 2) displacement fields in pixels.

        Args:
            fields: Of the upper and the lower sheet.
            needed: Rows of nodes on which each sheet is asked for.
        """
        planes = np.moveaxis(fields / np.float32(self.stride), -1, 2)
        self._fields = np.ascontiguousarray(planes, np.float32)
        self._needed = needed

    def offsets(self, weights: FloatArray) -> tuple[Way, Way]:
        """Where pixels come from, for a weighted sum of the fields.

        Returns:
            For the upper and the lower sheet, source minus node in pixels, as `inverse` gives it;
            0 on rows that are not needed.
        """
        upper, lower = weighted_sum(self._fields, weights)
        first, second = self._needed
        return self.inverse((upper[0], upper[1]), first), self.inverse((lower[0], lower[1]), second)

    def inverse(self, field: Way, needed: slice = slice(None)) -> Way:
        """Return where the nodes come from.

        Args:
            field: Displacement in x and in y, (h, w) each, in units of the grid.
            needed: The rows that are asked for.

        Returns:
            Source minus node in x and in y, (h, w) float32 pixels each; 0 on other rows.
        """
        columns, rows = self._columns[needed], self._rows[needed]

        def moved(values: Iterable[FloatArray]) -> list[FloatArray]:
            places = columns + x, rows + y
            return [np.asarray(remap(one, *places), np.float32) for one in values]

        x, y = (-axis[needed] for axis in field)  # one whole step from nowhere
        for step in _DAMPING:
            across, down = moved(field)
            x, y = x - np.float32(step) * (x + across), y - np.float32(step) * (y + down)
        # Derivatives of the displacement: columns of the Jacobian minus the identity.
        slopes = [
            np.asarray(cv2.filter2D(axis, -1, kernel), np.float32)
            for kernel in (_SLOPE, _SLOPE.T)
            for axis in field
        ]
        across, down, a, c, b, d = moved([*field, *slopes])
        a, d = a + 1, d + 1
        share = np.asarray(1 / np.maximum(a * d - b * c, _LEAST_AREA), np.float32)
        a, b, c, d = a * share, b * share, c * share, d * share
        for step in range(_NEWTON_STEPS):
            if step:  # the slopes have hardly changed
                across, down = moved(field)
            across, down = x + across, y + down
            # Where the skin folds a step may lead far away, which would show as a speck.
            x = x - np.clip(d * across - b * down, -_LONGEST_STEP, _LONGEST_STEP)
            y = y - np.clip(a * down - c * across, -_LONGEST_STEP, _LONGEST_STEP)
        back = np.zeros((2, *self._columns.shape), np.float32)
        back[0, needed], back[1, needed] = x, y
        back *= np.float32(self.stride)
        return back[0], back[1]

    def moved(self, values: FloatArray, way: Way, rows: slice) -> FloatArray:
        """Return values (h, w) of the nodes where some rows of nodes come from."""
        share = np.float32(1.0 / self.stride)
        x = self._columns[rows] + share * way[0][rows]
        y = self._rows[rows] + share * way[1][rows]
        return np.asarray(remap(values, x, y), np.float32)

    def places(self, way: Way, cells: Cells, scale: float = 1.0) -> Way:
        """Return where the pixels of some cells come from.

        Args:
            way: Source minus node in x and in y, (h, w) pixels each.
            cells: Rows and columns of nodes.
            scale: Pixels of what is read for one of the box.

        Returns:
            x and y of the sources, from the corner of the box; pixels beyond it are left out.
        """
        rows, columns = cells
        down, across = self.pixels(rows, columns)
        size = across.stop - across.start, down.stop - down.start
        around = np.s_[rows.start : rows.stop + 2, columns.start : columns.stop + 2]
        x, y = (
            np.float32(scale)
            * (at[around] + cv2.copyMakeBorder(axis[cells], 1, 1, 1, 1, cv2.BORDER_REPLICATE))
            for at, axis in zip(self._around, way, strict=True)
        )
        return enlarged(x, self.stride, size), enlarged(y, self.stride, size)

    @property
    def cells(self) -> Cells:
        """All rows and columns of nodes."""
        rows, columns = self._columns.shape
        return slice(0, rows), slice(0, columns)

    def pixels(self, rows: slice, columns: slice) -> Cells:
        """Return the pixels of rows and columns of nodes, as far as the box reaches."""
        (wide, high), stride = self.size, self.stride
        return (
            slice(rows.start * stride, min(rows.stop * stride, high)),
            slice(columns.start * stride, min(columns.stop * stride, wide)),
        )


def _planes(pairs: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split (h, w, 2) into its two parts."""
    return np.ascontiguousarray(pairs[..., 0]), np.ascontiguousarray(pairs[..., 1])
