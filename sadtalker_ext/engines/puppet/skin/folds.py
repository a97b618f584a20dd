"""Folds: the lines that skin makes where the movement of the mesh squeezes it.

Every fold lies along a few mesh points and belongs to two probes, points on either side of it.
How much nearer the probes come to each other, as a share of their distance, says how deep the fold
is; where they part there is none. A fold is a soft dark line with lighter skin beside it,
multiplied into the picture before the skin moves, so that it moves along. On flat drawings and
drawings of lines it is fainter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from sadtalker_ext.engines.puppet.skin.frame import SkinFrame
from sadtalker_ext.types import FloatArray, ImageArray

Place = tuple[int, int, float, float]
"""A point of the mesh on the left and on the right side of the picture, and a way out and up."""
Slices = tuple[slice, slice]


class Fold(NamedTuple):
    """One fold, on the left and on the right side of the picture.

    Attributes:
        line: Places along it.
        width: Half width of the dark line, in face widths.
        depth: Share of the light that is gone in the middle of the deepest line.
        probes: Two places that come near each other when the skin is squeezed.
        full: Share of their distance at which the fold is as deep as it gets.
    """

    line: tuple[Place, ...]
    width: float
    depth: float
    probes: tuple[Place, Place]
    full: float


def _brow_line(share: float) -> tuple[Place, ...]:
    """Return places over one brow; `share` face widths above its upper edge."""
    return tuple(
        (left, right, 0.0, share)
        for left, right in ((63, 293), (105, 334), (66, 296), (107, 336), (9, 9))
    )


_FOREHEAD_PROBES: Final[tuple[Place, Place]] = ((105, 334, 0.0, 0.02), (105, 334, -0.01, 0.24))
_INNER_PROBES: Final[tuple[Place, Place]] = ((107, 336, 0.0, 0.02), (107, 336, -0.01, 0.24))

_BAGS: Final = ((110, 24, 23, 22, 26), (339, 254, 253, 252, 256))

FOLDS: Final[tuple[Fold, ...]] = (
    # beside the mouth, from the wing of the nose down: smile, sneer, raised lip
    Fold(
        ((129, 358, 0.012, 0.0), (206, 426, 0.002, 0.0), (61, 291, 0.032, -0.012)),
        *(0.020, 0.13, ((61, 291, 0.0, 0.02), (50, 280, 0.0, 0.0)), 0.17),
    ),
    Fold(
        ((129, 358, 0.000, 0.026), (129, 358, 0.022, -0.006), (206, 426, -0.004, 0.004)),
        *(0.020, 0.19, ((129, 358, 0.0, 0.0), (117, 346, 0.0, 0.0)), 0.20),
    ),
    # below the corners of the mouth: frown
    Fold(
        ((61, 291, 0.006, -0.012), (61, 291, 0.012, -0.045), (61, 291, 0.006, -0.085)),
        *(0.016, 0.10, ((61, 291, 0.0, 0.0), (61, 291, 0.0, -0.16)), 0.16),
    ),
    # beside the corners: dimples, stretched lips
    Fold(
        ((61, 291, 0.034, 0.030), (61, 291, 0.042, 0.0), (61, 291, 0.034, -0.030)),
        *(0.014, 0.10, ((61, 291, 0.0, 0.0), (61, 291, 0.16, 0.0)), 0.17),
    ),
    # across the forehead
    Fold(_brow_line(0.060), 0.008, 0.085, _FOREHEAD_PROBES, 0.15),
    Fold(_brow_line(0.100), 0.008, 0.095, _FOREHEAD_PROBES, 0.17),
    Fold(_brow_line(0.140), 0.008, 0.070, _FOREHEAD_PROBES, 0.19),
    Fold(
        ((66, 296, 0.0, 0.075), (107, 336, 0.0, 0.080), (9, 9, 0.0, 0.068)),
        *(0.008, 0.060, _INNER_PROBES, 0.22),
    ),
    # between the brows
    Fold(
        ((55, 285, -0.024, -0.012), (55, 285, -0.026, 0.022), (107, 336, -0.026, 0.026)),
        *(0.011, 0.38, ((55, 285, 0.0, 0.0), (8, 8, 0.0, 0.01)), 0.17),
    ),
    # the shadow of a lowered brow over the lid
    Fold(
        ((225, 445, 0.0, 0.004), (223, 443, 0.0, 0.0), (222, 442, 0.0, 0.0), (189, 413, 0.0, 0.0)),
        *(0.026, 0.26, ((52, 282, 0.0, 0.0), (159, 386, 0.0, -0.01)), 0.34),
    ),
    # over the root of the nose
    Fold(
        ((6, 6, 0.012, 0.020), (6, 6, 0.045, 0.010)),
        *(0.009, 0.20, ((129, 358, 0.0, 0.0), (193, 417, 0.0, 0.0)), 0.20),
    ),
    Fold(
        ((197, 197, 0.016, 0.016), (197, 197, 0.050, 0.000)),
        *(0.009, 0.18, ((129, 358, 0.0, 0.0), (193, 417, 0.0, 0.0)), 0.20),
    ),
    Fold(
        ((6, 6, 0.048, -0.026), (197, 197, 0.062, 0.012), (197, 197, 0.080, -0.016)),
        *(0.009, 0.16, ((129, 358, 0.0, 0.0), (193, 417, 0.0, 0.0)), 0.20),
    ),
    # crow's feet
    *(
        Fold(
            ((33, 263, 0.026, start), (33, 263, 0.082, end)),
            *(0.006, depth, ((33, 263, 0.05, 0.0), (117, 346, 0.0, 0.0)), 0.26),
        )
        for start, end, depth in (
            (0.010, 0.034, 0.07),
            (-0.006, -0.006, 0.09),
            (-0.02, -0.045, 0.08),
        )
    ),
    # below the eye
    Fold(
        tuple((left, right, 0.0, -0.013) for left, right in zip(*_BAGS, strict=True)),
        *(0.009, 0.12, ((23, 253, 0.0, 0.0), (50, 280, 0.0, 0.0)), 0.22),
    ),
    # below the lower lip: chin pushed up
    Fold(
        ((18, 18, 0.085, -0.006), (18, 18, 0.045, 0.002), (18, 18, 0.0, 0.004)),
        *(0.012, 0.14, ((17, 17, 0.0, 0.0), (199, 199, 0.0, 0.0)), 0.07),
    ),
)

_TAPER = 0.3
"""Share of a line over which it fades at either end."""
_RIDGE, _RIDGE_WIDTH = 0.3, 2.6
"""Light beside the line as a share of the line's depth, and its width in those of the line."""
_TINT: Final = np.array([0.75, 1.05, 1.15], np.float32)
"""Light that comes out of skin is red, so a fold takes less of it than of green and blue."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    where: Slices
    shade: FloatArray  # (h, w), -depth in the middle of the line
    ends: tuple[FloatArray, FloatArray]
    full: float


class Folds:
    """The folds of one face.

    Args:
        frame: The face.
        hidden: (h, w) float32 on the pixels of `frame.box`, 1 where hair or a hat hides the skin.
        strength: Factor of all depths.
    """

    def __init__(self, frame: SkinFrame, hidden: FloatArray, strength: float) -> None:
        self._frame = frame
        self._drawn: list[_Drawn] = []
        for fold in FOLDS if strength > 0 else ():
            for side in (-1, 1):
                drawn = _draw(frame, fold, side, hidden.shape, strength)
                if drawn is not None:
                    drawn.shade[...] *= 1 - hidden[drawn.where]
                    self._drawn.append(drawn)

    def shade(self, region: ImageArray, forward: FloatArray) -> None:
        """Draw the folds into the pixels of the box, in place.

        Args:
            region: (h, w, 3) uint8.
            forward: (rows, columns, 2) way of the nodes in cells.
        """
        for one in self._drawn:
            deep = self._squeezed(one, forward) / one.full
            if deep < 0.03:
                continue
            part = region[one.where]
            light = np.float32(min(deep, 1.0)) * one.shade
            part[:] = np.clip(part * (1 + light[..., None] * _TINT) + 0.5, 0, 255).astype(np.uint8)

    def _squeezed(self, one: _Drawn, forward: FloatArray) -> float:
        """Return by how much the probes come nearer, as a share of their distance."""
        first, second = one.ends
        apart = second - first
        length = max(float(np.linalg.norm(apart)), 1e-3)
        ways = [self._way(forward, end) for end in one.ends]
        return -float((ways[1] - ways[0]) @ apart) / length**2

    def _way(self, forward: FloatArray, place: FloatArray) -> FloatArray:
        frame = self._frame
        column, row = (place - frame.nodes[0, 0]) / frame.stride
        row = int(np.clip(round(float(row)), 0, forward.shape[0] - 1))
        column = int(np.clip(round(float(column)), 0, forward.shape[1] - 1))
        return np.asarray(forward[row, column] * np.float32(frame.stride), np.float32)


def _place(frame: SkinFrame, place: Place, side: int) -> FloatArray:
    left, right, out, up = place
    return frame.place(right if side > 0 else left, out * side, up)


def _draw(
    frame: SkinFrame, fold: Fold, side: int, size: tuple[int, ...], strength: float
) -> _Drawn | None:
    """Draw the shade of one fold at full depth; None where it is too small or out of the box."""
    corner = np.array(frame.box[:2], np.float32)
    line = _curve([_place(frame, one, side) - corner for one in fold.line])
    width = max(fold.width * frame.unit, 0.8)
    reach = 5 * width
    low = np.maximum(np.floor(line.min(0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(line.max(0) + reach) + 1, size[1::-1]).astype(int)
    if (high - low).min() < 4:
        return None
    x = np.arange(low[0], high[0], dtype=np.float32)[None, :, None]
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None, None]
    away_x, away_y = x - line[:, 0], y - line[:, 1]
    squared = away_x**2 + away_y**2
    nearest = squared.argmin(-1)
    distance = np.sqrt(np.take_along_axis(squared, nearest[..., None], -1)[..., 0]) / width
    along = nearest / (len(line) - 1)
    taper = np.clip(np.minimum(along, 1 - along) / _TAPER, 0, 1)
    if fold.line[-1][0] == fold.line[-1][1]:
        # both sides meet over the middle of the face, each with half the depth there
        taper = np.clip(along / _TAPER, 0, 1) * (1 - 0.5 * np.clip((along - 0.85) / 0.15, 0, 1))
    shade = _RIDGE * np.exp(-((distance / _RIDGE_WIDTH) ** 2)) - np.exp(-(distance**2))
    shade = shade * taper**0.7 * fold.depth * strength
    ends = _place(frame, fold.probes[0], side), _place(frame, fold.probes[1], side)
    where = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
    return _Drawn(where, np.asarray(shade, np.float32), ends, fold.full)


def _curve(places: Sequence[FloatArray]) -> FloatArray:
    """Return (64, 2) points of a smooth curve through a few places."""
    knots = np.stack(places)
    at = np.linspace(0, len(knots) - 1, 64)
    if len(knots) == 2:
        low, part = np.zeros(64, int), at[:, None]
        return np.asarray(knots[low] * (1 - part) + knots[1] * part, np.float32)
    # Catmull-Rom through the knots, the ends doubled
    padded = np.concatenate([knots[:1], knots, knots[-1:]])
    low = np.minimum(at.astype(int), len(knots) - 2)
    t = (at - low)[:, None]
    a, b, c, d = (padded[low + step] for step in range(4))
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.asarray(curve, np.float32)
