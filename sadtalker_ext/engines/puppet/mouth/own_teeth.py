"""What the picture itself shows between the lips, told by its pixels.

The face mesh follows the lips within a few pixels and cannot tell teeth from a lump of lip. Teeth
are paler (less red) than the lips above and below them, and lie between both: an island.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Look = Callable[[Array, Array], Array]
"""Colours (..., 3) uint8 of the picture at local x and y of equal shapes."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
_ROWS = 121
_SOFT = 0.012
"""Blur down the mouth, half-widths, before its tissues are told apart."""
_LONGEST = 0.6
"""Furthest below the upper lip that its teeth can reach, half-widths."""
_LEAST_CONTRAST = 0.12
"""Difference of redness (see `redness`) between lips and teeth below which teeth are not seen."""
_LEAST_COLUMNS = 0.28
"""Share of the middle of the mouth in which an island must be seen."""
_LEAST_DARK = 0.03
"""Height in half-widths of the dark that makes an opening without teeth."""
_LONGER = 0.04
"""Half-widths by which a tooth may be longer than the row says: of 12 portraits with teeth one has
others, lower ones, that touch the row."""
_JAGGED = 0.05
"""Roughness in half-widths of an island's upper edge that no row of teeth has."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnTeeth:
    """Upper teeth that the picture shows.

    Attributes:
        top: (N,) y where they come out from under the upper lip, half-widths of the mouth.
        bottom: (N,) y where they end.
        shown: (N,) 0..1, 1 where they are seen.
        cut: Whether they end at the lower lip, so that their true edge is hidden.
    """

    top: Array
    bottom: Array
    shown: Array
    cut: bool


def redness(colours: Array) -> Array:
    """How much more red than grey (..., 3) RGB values are; the same in light and in shadow."""
    colours = np.asarray(colours, np.float32)
    grey = colours @ _LUMA + 10
    value: Array = (colours[..., 0] - 0.5 * (colours[..., 1] + colours[..., 2])) / grey
    return value


class MouthStrip:
    """The picture around the lips, sampled from corner to corner.

    Args:
        look: Colours of the picture in local coordinates.
        xs: (N,) x of the samples.
        upper: (N,) y of the upper lip's edge according to the mesh.
        lower: (N,) y of the lower lip's edge according to the mesh.
        lips: Thickness of the upper and of the lower lip, half-widths.
        pixel: Size of a pixel, half-widths.
    """

    def __init__(
        self,
        look: Look,
        xs: Array,
        upper: Array,
        lower: Array,
        lips: tuple[float, float],
        pixel: float,
    ) -> None:
        self._xs, self._upper, self._lower = xs, upper, lower
        self._pixel = pixel
        self._gap = float((lower - upper).max())
        reach = self._gap / 2 + 0.3
        offsets = np.linspace(-reach, reach, _ROWS)[:, None]
        self._step = float(offsets[1, 0] - offsets[0, 0])
        self._y = (upper + lower)[None] / 2 + offsets
        colours: Array = look(np.broadcast_to(xs, self._y.shape), self._y).astype(np.float32)
        soft = max(1.0, _SOFT / self._step)
        colours = cv2.GaussianBlur(colours, (0, 0), sigmaX=3.0, sigmaY=soft)
        self._light: Array = colours @ _LUMA
        self._middle = np.abs(xs)[None] < 0.6
        above, below = upper[None] - self._y, self._y - lower[None]
        self._lip_above = (above > 0.25 * lips[0]) & (above < 0.8 * lips[0]) & self._middle
        self._lip_below = (below > 0.2 * lips[1]) & (below < 0.7 * lips[1]) & self._middle
        self._colour = self._colour_of(colours)

    def _colour_of(self, colours: Array) -> Array:
        """Redness, or darkness where the picture has no colour."""
        red = redness(colours)
        if self._lips_of(red) > 0.15:
            return red
        bright = max(float(np.percentile(self._light, 95)), 1.0)
        dark: Array = 1 - self._light / bright
        return dark

    def _lips_of(self, values: Array) -> float:
        """The smaller of both lips' typical value."""
        lips = [values[where] for where in (self._lip_above, self._lip_below) if where.any()]
        return min((float(np.median(lip)) for lip in lips), default=0.0)

    def teeth(self, *, touching: bool) -> OwnTeeth | None:
        """Look for upper teeth; None where the picture shows none.

        Args:
            touching: Whether the mesh takes the lips as closed.
        """
        above, below = (0.22, 0.06) if touching else (0.06, 0.06)
        search = (self._y > self._upper - above) & (self._y < self._lower + below)
        search &= self._y < self._upper + _LONGEST
        if not (self._lip_above | self._lip_below).any():
            return None
        low = float(np.percentile(self._colour[search & self._middle], 4))
        lips = self._lips_of(self._colour)
        both = float(np.median(self._colour[self._lip_above | self._lip_below]))
        if max(both, lips) - low < max(_LEAST_CONTRAST, 0.3 * lips):
            return None
        lit = self._light > 0.4 * self._light_of_lips()
        pale = (self._colour < low + 0.5 * (lips - low)) & lit & search & ~self._lines()
        first, last, good = self._first_runs(pale, search, touching=touching)
        good = _largest_part(good)
        middle = self._middle[0]
        if good[middle].mean() < _LEAST_COLUMNS:
            return None
        return self._smooth_row(first, last, good)

    def _lines(self) -> Array:
        """Dark lines along the mouth, as between the upper and the lower teeth of a grin."""
        kernel = np.ones((2 * max(1, round(0.07 / self._step)) + 1, 1), np.uint8)
        closed = cv2.morphologyEx(self._light, cv2.MORPH_CLOSE, kernel)
        lines: Array = (closed - self._light) > 0.06 * closed
        return lines

    def _light_of_lips(self) -> float:
        return max(self._lips_of(self._light), 1.0)

    def _first_runs(
        self, pale: Array, search: Array, *, touching: bool
    ) -> tuple[Array, Array, Array]:
        """First and last row of each column's uppermost island, and where it counts."""
        columns = np.arange(pale.shape[1])
        begin = search.argmax(0)
        first = pale.argmax(0)
        after = ~pale & (np.arange(_ROWS)[:, None] > first)
        last = after.argmax(0) - 1
        end = _ROWS - 1 - search[::-1].argmax(0)
        good = pale.any(0) & (first > begin) & (np.abs(self._xs) < 0.9)
        least = max(0.03, 1.2 * self._pixel)
        good &= (last - first + 1) * self._step > least
        # A tongue is pale as well, but does not hang from the upper lip.
        good &= self._y[first, columns] - self._upper < 0.12 + 0.15 * self._gap
        if touching:
            # A gloss on the lower lip lies below the line of the lips, one on the upper lip ends
            # further above it; teeth end at it.
            line = (self._upper + self._lower) / 2
            top, bottom = self._y[first, columns], self._y[last, columns]
            good &= (last < end) & ((top + bottom) / 2 < line - 0.015) & (bottom > line - 0.08)
        return first, last, good

    def _smooth_row(self, first: Array, last: Array, good: Array) -> OwnTeeth | None:
        columns = np.arange(len(good))
        top = np.interp(columns, columns[good], self._y[first, columns][good])
        bottom = np.interp(columns, columns[good], self._y[last, columns][good])
        if float(np.median(np.abs(top - gentle(top, 6))[good])) > _JAGGED:
            return None
        level = self._level(bottom, good)
        # Teeth differ little in length; what hangs further down is a lower tooth or a lip. There
        # the row ends where it gets darker near the length that the others have.
        ends, before = good & (bottom < level + _LONGER), good
        while ends.sum() > 0.5 * good.sum() and (ends != before).any():
            level, before = self._level(bottom, ends), ends
            ends = ends & (bottom < level + _LONGER)
        if ends.sum() > 0.5 * good.sum():
            bottom = np.where(good & ~ends, self._darkens(level), bottom)
            bottom = np.interp(columns, columns[good], bottom[good])
        top, bottom = _without_spikes(top), _without_spikes(bottom)
        bottom = np.clip(bottom, level - 0.06, level + 0.02)
        below = (self._lower - bottom)[good & self._middle[0]]
        return OwnTeeth(
            top=gentle(top, 6),
            bottom=gentle(bottom, 3),
            shown=gentle(good.astype(np.float64), 5),
            cut=bool(np.median(below) < max(0.06, 2 * self._pixel)),
        )

    def _level(self, bottom: Array, counted: Array) -> Array:
        """(N,) usual y of the teeth's edge, by the columns that count."""
        columns = np.arange(len(bottom))
        level: Array = np.interp(
            columns, columns[counted], steady(self._xs, bottom, counted)[counted]
        )
        return level

    def _darkens(self, level: Array) -> Array:
        """(N,) y where each column gets darker most, near a level."""
        darker: Array = -cv2.Sobel(self._light, cv2.CV_32F, 0, 1, ksize=3)
        darker -= np.abs(self._y - level) * (darker.max() / _LONGER) * 0.25
        darker[np.abs(self._y - level) > _LONGER] = -np.inf
        y: Array = self._y[darker.argmax(0), np.arange(len(level))]
        return y

    def lower_edge(self, teeth: OwnTeeth, upper: Array, lower: Array) -> Array:
        """Correct (N,) y of the lower lip's edge where the mesh takes lip below teeth for mouth."""
        between = (self._y > teeth.bottom + 0.03) & (self._y < lower)
        between &= self._middle & (teeth.shown > 0.5)
        middle = self._middle[0]
        if not between.any() or float(np.median((lower - teeth.bottom)[middle])) > 0.35:
            return lower
        lips = self._lips_of(self._colour)
        of_lip = (self._light > 0.55 * self._light_of_lips()) & (self._colour > 0.75 * lips)
        if of_lip[between].mean() < 0.6:
            return lower
        share = (teeth.bottom + 0.03 - upper) / np.maximum(lower - upper, 1e-3)
        moved: Array = upper + float(np.clip(np.median(share[middle]), 0, 1)) * (lower - upper)
        return moved

    def dark(self) -> bool:
        """Whether the opening that the mesh sees is dark, and not a lump of lip."""
        inside = (self._y > self._upper) & (self._y < self._lower)
        dark = inside & (self._light < 0.5 * self._light_of_lips())
        height = dark.sum(0) * self._step
        return float(np.median(height[self._middle[0]])) > _LEAST_DARK


def steady(xs: Array, values: Array, counted: Array) -> Array:
    """(N,) cubic through most of the values that count."""
    powers = np.stack([xs**k for k in range(4)], 1)
    weight: Array = np.ones(int(counted.sum()))
    fit: Array = np.zeros(4)
    for _ in range(8):
        # Least squares with the weights of the absolute error: a fit of the median.
        scaled = powers[counted] * weight[:, None]
        fit = np.linalg.lstsq(scaled, values[counted] * weight, rcond=None)[0]
        missed = np.abs(powers[counted] @ fit - values[counted])
        weight = 1 / np.sqrt(np.maximum(missed, 0.005))
    curve: Array = powers @ fit
    return curve


def _largest_part(columns: Array) -> Array:
    """Those of (N,) bool columns that belong to the longest row with gaps of less than a tooth."""
    gap = len(columns) // 10
    joined = cv2.morphologyEx(columns[:, None].astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, 1)))
    count, labels = cv2.connectedComponents(joined)
    if count < 3:
        return columns
    lengths = [int((columns & (labels[:, 0] == part)).sum()) for part in range(1, count)]
    row: Array = columns & (labels[:, 0] == 1 + int(np.argmax(lengths)))
    return row


def _without_spikes(values: Array) -> Array:
    """Replace what sticks out for less than about half a tooth by what lies beside it."""
    radius = len(values) // 16
    padded = np.pad(values, radius, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1)
    levelled: Array = np.median(windows, axis=1)
    return levelled


def gentle(values: Array, sigma: float) -> Array:
    """Smooth (N,) samples of a curve; sigma in samples."""
    blurred: Array = cv2.GaussianBlur(
        values[None].astype(np.float64), (0, 0), sigma, borderType=cv2.BORDER_REPLICATE
    )[0]
    return blurred
