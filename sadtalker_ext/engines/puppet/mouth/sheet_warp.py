"""Turning displacement fields into pixel maps.

Fields say where a point of the picture goes; a frame needs the opposite, where each pixel comes
from. With a displacement D the source s of a pixel p solves s + D(s) = p: a few damped fixed-point
steps come near, and Newton steps finish where the skin is stretched (there the former swing).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

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
    grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(left, left + width, dtype=np.float32)
    grid[..., 1] = np.arange(top, top + height, dtype=np.float32)[:, None]
    return grid


class _Sheets(NamedTuple):
    """Rows of nodes of one or two sheets that lie one below the other.

    Attributes:
        rows: Those that are asked for, of each sheet.
        own_rows: The same, counted from the sheet's own first one.
        at: (2, n, w) column and row of their nodes.
        low: (n, 1) first row of the sheet that a row belongs to.
        high: (n, 1) last row of it.
        seams: Rows on both sides of where sheets meet.
    """

    rows: tuple[slice, ...]
    own_rows: tuple[slice, ...]
    at: FloatArray
    low: FloatArray
    high: FloatArray
    seams: slice

    @classmethod
    def of(cls, nodes: Way, needed: tuple[slice, ...] = (slice(None),)) -> _Sheets:
        """Lay out sheets of nodes at columns and rows (h, w), with the rows that are needed."""
        columns, down = nodes
        height = len(down)
        own = tuple(slice(*rows.indices(height)[:2]) for rows in needed)
        firsts = [number * height for number in range(len(own))]
        at = [
            np.stack([columns[rows], down[rows] + np.float32(first)])
            for rows, first in zip(own, firsts, strict=True)
        ]
        counts = [rows.stop - rows.start for rows in own]
        low = np.repeat(np.array(firsts, np.float32), counts)[:, None]
        return cls(
            rows=tuple(
                slice(rows.start + first, rows.stop + first)
                for rows, first in zip(own, firsts, strict=True)
            ),
            own_rows=own,
            at=np.concatenate(at, axis=1),
            low=low,
            high=low + np.float32(height - 1),
            seams=slice(height - 1, height + 1) if len(own) > 1 else slice(0, 0),
        )

    def take(self, values: Iterable[FloatArray], way: FloatArray, into: FloatArray) -> None:
        """Read values (sheets * h, w) a way (2, n, w) from the nodes: none of another sheet."""
        across, down = self.at + way
        if len(self.rows) > 1:
            np.maximum(down, self.low, out=down)
            np.minimum(down, self.high, out=down)
        for one, taken in zip(values, into, strict=True):
            remap(one, across, down, into=taken)

    def slopes(self, field: FloatArray) -> list[FloatArray]:
        """Return the derivatives of a displacement by x, then by y: 0 across borders."""
        found = [
            np.asarray(cv2.filter2D(axis, -1, kernel), np.float32)
            for kernel in (_SLOPE, _SLOPE.T)
            for axis in field
        ]
        for down in found[2:]:
            down[self.seams] = 0
        return found


def _limited(step: FloatArray) -> FloatArray:
    np.maximum(step, -_LONGEST_STEP, out=step)
    return np.minimum(step, _LONGEST_STEP, out=step)


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
        self._fields: FloatArray = np.zeros((0, 2, 2 * rows, columns), np.float32)
        self._sheets = _Sheets.of((self._columns, self._rows))

    def set_fields(
        self, fields: FloatArray, needed: tuple[slice, slice] = (slice(None), slice(None))
    ) -> None:
        """Take (K, 2, h, w, 2) displacement fields in pixels.

        Args:
            fields: Of the upper and the lower sheet.
            needed: Rows of nodes on which each sheet is asked for.
        """
        count, _, rows, columns, _ = fields.shape
        # the sheets one below the other, so that every step is one call for both
        planes = np.moveaxis(fields / np.float32(self.stride), -1, 1)
        joined = planes.reshape(count, 2, 2 * rows, columns)
        self._fields = np.ascontiguousarray(joined, np.float32)
        self._sheets = _Sheets.of((self._columns, self._rows), needed)

    def offsets(self, weights: FloatArray) -> tuple[Way, Way]:
        """Where pixels come from, for a weighted sum of the fields.

        Returns:
            For the upper and the lower sheet, source minus node in pixels, as `inverse` gives it;
            0 on rows that are not needed.
        """
        upper, lower = self._inverse(weighted_sum(self._fields, weights), self._sheets)
        return upper, lower

    def inverse(self, field: Way) -> Way:
        """Return where the nodes come from.

        Args:
            field: Displacement in x and in y, (h, w) each, in units of the grid.

        Returns:
            Source minus node in x and in y, (h, w) float32 pixels each.
        """
        (way,) = self._inverse(np.stack(field), _Sheets.of((self._columns, self._rows)))
        return way

    def _inverse(self, field: FloatArray, sheets: _Sheets) -> list[Way]:
        """Return where the nodes of sheets come from, one way for each.

        Args:
            field: (2, sheets * h, w) displacement in x and y, in units of the grid.
            sheets: What is asked for.
        """
        # x and y of the source, and the four slopes of the displacement there
        read = np.empty((6, *sheets.at.shape[1:]), np.float32)
        moved, (a, c, b, d) = read[:2], read[2:]
        way = -np.concatenate([field[:, rows] for rows in sheets.rows], axis=1)
        for step in _DAMPING:  # after one whole step from nowhere
            sheets.take(field, way, moved)
            moved += way
            moved *= np.float32(step)
            way -= moved
        sheets.take([*field, *sheets.slopes(field)], way, read)
        a += 1
        d += 1
        read[2:] /= np.maximum(a * d - b * c, _LEAST_AREA)
        for step in range(_NEWTON_STEPS):
            if step:  # the slopes have hardly changed
                sheets.take(field, way, moved)
            moved += way
            across, down = moved
            # Where the skin folds a step may lead far away, which would show as a speck.
            way[0] -= _limited(d * across - b * down)
            way[1] -= _limited(a * down - c * across)
        way *= np.float32(self.stride)
        back = np.zeros((len(sheets.rows), 2, *self._columns.shape), np.float32)
        first = 0
        for one, rows in zip(back, sheets.own_rows, strict=True):
            count = rows.stop - rows.start
            one[:, rows] = way[:, first : first + count]
            first += count
        return [(x, y) for x, y in back]

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
