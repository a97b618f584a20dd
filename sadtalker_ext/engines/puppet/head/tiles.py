"""Which parts of a frame have to be drawn when a head turns: strips of tiles, found on few cells.

Where nothing moves, or nobody is, the picture stays; where only the person is, nothing has to be
mixed. Both are known from cells of the reduced grid, so the pixels need not be looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.head.field import Cells, HeadField, Sources
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import ImageArray

BoolArray = npt.NDArray[np.bool_]

_EMPTY, _MIXED, _OPAQUE = 0, 1, 2
"""Kinds of cells: nothing of the person, some of it, nothing else."""
_FINE_PX = 10
"""Smaller cells take part in drawing two cells beside them, larger ones one: what lands in a cell
comes from up to 1.3 cells (half of one by rounding, and half of one that is stretched to 1.6) and
two pixels from the middle of the one that is looked up."""
_LEAST_STRIPS, _MOST_PX = 10, 1 << 16
"""Strips of the box at least, and pixels of one at most: OpenCV then needs no second thread."""
_WIDTH_PX = 12
"""Width of a tile; one cell at least."""


class Run(NamedTuple):
    """Tiles side by side that are drawn alike.

    Attributes:
        columns: Of cells.
        opaque: Whether only the person is seen there.
    """

    columns: slice
    opaque: bool


class Strip(NamedTuple):
    """Rows of cells, and what is drawn in them.

    Attributes:
        cells: Rows and columns that hold all runs.
        runs: From left to right.
    """

    cells: Cells
    runs: list[Run]


class Tiles:
    """The tiles of one head.

    Args:
        field: The head's movement.
        bare: (h, w) pixels of the box that show nothing but the background; None: nowhere.
        opaque: (h, w) pixels that show nothing of the background; None: everywhere.
    """

    def __init__(
        self, field: HeadField, bare: BoolArray | None = None, opaque: BoolArray | None = None
    ) -> None:
        rows, columns = field.shape
        self._shape = field.shape
        self._kinds: ImageArray = np.full(field.shape, _OPAQUE, np.uint8)
        if bare is not None and opaque is not None:
            starts = np.arange(rows) * field.step, np.arange(columns) * field.step
            around = 2 if field.step < _FINE_PX else 1
            person, behind = (_grown(_any(~area, *starts), around) for area in (bare, opaque))
            self._kinds[behind] = _MIXED
            self._kinds[~person] = _EMPTY
        high = max(1, min(rows // _LEAST_STRIPS, _MOST_PX // (columns * field.step**2)))
        wide = max(1, round(_WIDTH_PX / field.step))
        self._rows, self._columns = np.arange(0, rows, high), np.arange(0, columns, wide)

    def strips(self, sources: Sources) -> Iterator[Strip]:
        """Yield what has to be drawn for a pose."""
        kinds = np.asarray(remap(self._kinds, *sources.cells, cv2.INTER_NEAREST), np.uint8)
        drawn = _grown(sources.moved, 1) & ((kinds > _EMPTY) | (self._kinds > _EMPTY))
        some, mixed = (
            _any(area, self._rows, self._columns) for area in (drawn, drawn & (kinds < _OPAQUE))
        )
        rows, columns = ([*starts.tolist(), end] for starts, end in self._edges())
        for row, line in enumerate((some.astype(np.uint8) + mixed).tolist()):
            runs, end = [], 0
            for kind, group in groupby(line):
                begin, end = end, end + len(list(group))
                if kind:
                    runs.append(Run(slice(columns[begin], columns[end]), kind == 1))
            if runs:
                whole = slice(runs[0].columns.start, runs[-1].columns.stop)
                yield Strip((slice(rows[row], rows[row + 1]), whole), runs)

    def _edges(self) -> zip[tuple[npt.NDArray[np.intp], int]]:
        return zip((self._rows, self._columns), self._shape, strict=True)


def _grown(area: BoolArray, by: int) -> BoolArray:
    """Return an area and what lies beside it."""
    square = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return np.asarray(cv2.dilate(area.astype(np.uint8), square) > 0, np.bool_)


def _any(area: BoolArray, rows: npt.NDArray[np.intp], columns: npt.NDArray[np.intp]) -> BoolArray:
    """Tell for parts that begin at these rows and columns whether they touch an area."""
    lines = np.logical_or.reduceat(area, rows, axis=0)
    return np.asarray(np.logical_or.reduceat(lines, columns, axis=1), np.bool_)
