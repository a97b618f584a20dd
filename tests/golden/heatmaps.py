"""From the heat maps of a 98-point landmark network to 68 points (SPEC 4).

The program itself finds landmarks in other ways; this step of the original is kept here because
its outputs were recorded, and landmark files come from it.

Convention: positions are in heat-map units until they are scaled by the box; the centre of the
first cell is 0.5.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

DoubleArray = npt.NDArray[np.float64]

_SIDE = 64
_CELLS = _SIDE * _SIDE
_QUARTER = 0.25

_SINGLE = {
    **{point: 2 * point for point in range(17)},
    17: 33,
    26: 46,
    **{27 + step: 51 + step for step in range(9)},
    **dict(zip(range(36, 48), (60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75), strict=True)),
    **{48 + step: 76 + step for step in range(20)},
}
_MEAN_OF_TWO = {
    18: (34, 41),
    19: (35, 40),
    20: (36, 39),
    21: (37, 38),
    22: (42, 50),
    23: (43, 49),
    24: (44, 48),
    25: (45, 47),
}


def peaks(maps: FloatArray) -> DoubleArray:
    """Return the points (98, 2) x, y of (98, 64, 64) heat maps, with quarter-cell refinement.

    Kept as it is in the original: when ANY map has its peak in the bottom row, ALL maps compare
    with their last cell instead of the one below; when any peak lies in the top row (or right
    after it), all compare with their first cell instead of the one above.
    """
    flat = maps.reshape(len(maps), _CELLS)
    rows = np.arange(len(maps))
    peak = flat.argmax(axis=1)
    right, left = np.minimum(peak + 1, _CELLS - 1), np.maximum(peak - 1, 0)
    below, above = peak + _SIDE, peak - _SIDE
    if (below >= _CELLS).any():
        below = np.full_like(below, _CELLS - 1)
    if (above <= 0).any():
        above = np.zeros_like(above)
    points = np.stack([peak % _SIDE, peak // _SIDE], axis=1).astype(np.float64)
    points[:, 0] += _QUARTER * np.sign(flat[rows, right] - flat[rows, left])
    points[:, 1] += _QUARTER * np.sign(flat[rows, below] - flat[rows, above])
    return points + 0.5


def in_box(points: DoubleArray, box: tuple[float, float, float, float]) -> DoubleArray:
    """Scale heat-map points (K, 2) to the pixels of a box (left, top, right, bottom).

    The corner is truncated to whole pixels first, as the cut was.
    """
    left, top, right, bottom = (int(edge) for edge in box)
    return points * ((right - left) / _SIDE, (bottom - top) / _SIDE) + (left, top)


def to_68(points: DoubleArray) -> FloatArray:
    """Reduce 98 points (98, 2) to the 68 of the iBUG scheme, (68, 2) float32."""
    reduced = np.empty((68, 2), np.float32)
    for target, source in _SINGLE.items():
        reduced[target] = points[source]
    for target, (first, second) in _MEAN_OF_TWO.items():
        reduced[target] = (points[first] + points[second]) / 2
    return reduced
