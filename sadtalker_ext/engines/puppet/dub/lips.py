"""The lips' edges in a frame: a line from corner to corner for each, and distances from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

_SAMPLES = 65
_SOFT = 3.0
"""Samples by which the polygon of 11 mesh points is rounded."""


@dataclass(frozen=True, slots=True, eq=False)
class LipLines:
    """Where a mouth is and how it is open, in pixels.

    Attributes:
        origin: (2,) middle between the inner corners.
        along: (2,) unit vector from the left corner to the right one.
        across: (2,) unit vector down the face.
        half: Half the distance between the corners.
        upper: (N,) distance of the upper lip's edge from the line of the corners, downwards.
        lower: (N,) the same for the lower lip.
    """

    origin: FloatArray
    along: FloatArray
    across: FloatArray
    half: float
    upper: FloatArray
    lower: FloatArray

    @property
    def opening(self) -> float:
        """Largest distance between the lips."""
        return float((self.lower - self.upper).max())

    def below(self, where: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return pixels below the upper and below the lower lip's edge, at (..., 2) places."""
        offset = where - self.origin
        x = (offset @ self.along) / np.float32(self.half)
        y = offset @ self.across
        upper, lower = (y - edge for edge in self._at(x, (self.upper, self.lower)))
        return upper.astype(np.float32), lower.astype(np.float32)

    def at(self, x: npt.NDArray[Any], line: FloatArray) -> FloatArray:
        """Return a line at any x in halves of the mouth; beyond the corners it levels out."""
        return self._at(x, (line,))[0]

    def _at(self, x: npt.NDArray[Any], lines: Sequence[FloatArray]) -> list[FloatArray]:
        beyond = np.maximum(np.abs(x) - 1, 0)
        levels = 0.3 * (1 - np.exp(-beyond / 0.3))
        before = x < 0
        step = _SAMPLES // 16
        found = []
        for line in lines:
            left = (line[step] - line[0]) / (_XS[step] - _XS[0])
            right = (line[-1] - line[-1 - step]) / (_XS[-1] - _XS[-1 - step])
            found.append(np.interp(x, _XS, line) + np.where(before, -left, right) * levels)
        return found


_XS = np.linspace(-1, 1, _SAMPLES, dtype=np.float32)


def lip_lines(points: FloatArray) -> LipLines:
    """Return the edges of the lips.

    Args:
        points: (478, 2 or 3) mesh points in pixels.
    """
    upper = points[list(topology.LIPS_INNER_UPPER), :2]
    lower = points[list(topology.LIPS_INNER_LOWER), :2]
    left, right = upper[0], upper[-1]
    half = max(float(np.linalg.norm(right - left)) / 2, 1.0)
    along = (right - left) / (2 * half)
    across = np.array([-along[1], along[0]], np.float32)
    if (points[topology.CHIN, :2] - points[topology.FOREHEAD, :2]) @ across < 0:
        across = -across
    origin = (left + right) / 2
    lines = []
    for chain in (upper, lower):
        offset = chain - origin
        x, y = (offset @ along) / half, offset @ across
        order = np.argsort(x)
        lines.append(_rounded(np.interp(_XS, x[order], y[order])))
    return LipLines(
        origin=origin.astype(np.float32),
        along=along.astype(np.float32),
        across=across,
        half=half,
        upper=lines[0],
        lower=np.maximum(lines[1], lines[0]),
    )


def lip_thickness(points: FloatArray, lines: LipLines, x: npt.NDArray[Any]) -> FloatArray:
    """Return (2, ...) pixels between both edges of the upper and of the lower lip.

    Args:
        points: (478, 2 or 3) mesh points in pixels.
        lines: Inner edges of the lips by the same.
        x: Where, in halves of the mouth.
    """
    found = []
    for chain, inner, down in (
        (topology.LIPS_OUTER_UPPER, lines.upper, -1),
        (topology.LIPS_OUTER_LOWER, lines.lower, 1),
    ):
        offset = points[list(chain), :2] - lines.origin
        at, outer = (offset @ lines.along) / lines.half, offset @ lines.across
        order = np.argsort(at)
        thick = down * (np.interp(_XS, at[order], outer[order]) - inner)
        found.append(np.interp(x, _XS, np.maximum(thick, 0)))
    return np.asarray(found, np.float32)


def _rounded(line: FloatArray) -> FloatArray:
    """Smooth a line whose ends stay."""
    reach = round(3 * _SOFT)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / _SOFT) ** 2)
    head = 2 * line[0] - line[reach:0:-1]
    tail = 2 * line[-1] - line[-2 : -2 - reach : -1]
    padded = np.concatenate([head, line, tail])
    result: FloatArray = np.convolve(padded, kernel / kernel.sum(), "valid").astype(np.float32)
    return result
