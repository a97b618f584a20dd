"""Spread of sources near two opposite sides of a rectangle over all of it.

The correction of a gradient-domain blend satisfies Laplace's equation except where sources are,
which is in a few rows (or columns) at both ends of an axis. It is a sum of sines along the rows
(type-I sine transform) that fade away from the sources, the finer the faster. So the rows near
the ends are summed exactly, and all others on a coarse grid, where few waves are left, that is
enlarged by smoothing: a smoothing that is alike along both axes leaves solutions of Laplace's
equation as they are up to the fourth derivative.

Convention: an axis has `length` pixels, its two border pixels included; "inner" pixels are
counted from 0 without them. Waves run along the other axis, of `across` pixels.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.compositor.workers import OwnArrays
from sadtalker_ext.types import FloatArray

NEAR = (1, 2, 3)
FAR = (-3, -2)
"""Rows that hold sources, counted from the two ends, border included: forward differences in a
ring of three pixels reach one row further at the near end."""
_NEGLIGIBLE = np.log(1e4)
"""Waves that have faded to less than this part are left out."""
_EXACT = (0, 8, 16)
"""Edges of the blocks of inner rows, from both ends, that are summed at every pixel."""
_STEP = 4
"""Pixels between the points of the coarse grid. For waves that fade at the rate they oscillate,
at least 14 pixels from their sources, enlarging it changes less than two parts in 10 000."""
_FARTHER = (40, 120)
"""Distances from the nearer end at which waves are left out of the coarse grid once more."""
_BEFORE, _AFTER = 1, 2
"""Points of the coarse grid beyond the rows it serves, so that its border does not count."""
_FEWEST_COARSE = 16
"""With fewer rows left between the exact blocks, those are summed exactly as well."""
_ONE_THREAD = 64**3
_NARROWEST = 16
"""Products of matrices are cut into pieces that the library behind numpy computes on the calling
thread. Its threads wait for each other by spinning, which on a busy machine takes a hundred times
longer than the work itself.
"""


Waves = tuple[FloatArray, FloatArray]
"""What belongs to the waves of odd and of even number: the first are the same seen from both ends
of the axis they run along, the second change their sign, so that half of it is enough."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows at similar distances from the ends, summed at every pixel.

    Attributes:
        rows: Which inner rows.
        responses: (sources, rows, waves) float32 answers of every wave to a source.
    """

    rows: tuple[slice, ...]
    responses: Waves


class Axis:
    """Spreads sources along one axis.

    Args:
        length: Pixels of the axis.
        across: Pixels of the other axis.
        sideways: True when this axis is the horizontal one.
    """

    def __init__(self, length: int, across: int, *, sideways: bool) -> None:
        inner = length - 2
        self._sideways = sideways
        self._count = across - 2
        self._half = (self._count + 1) // 2
        fading = _Fading(length, across)
        pixels = np.arange(1, self._half + 1)
        self._tables: Waves = (
            _sines(1, self._count, pixels, across),
            _sines(2, self._count, pixels, across),
        )
        forward = [table.T * np.float32(2 / (across - 1)) for table in self._tables]
        if self._count % 2:  # the pixel in the middle is its own mirror image
            forward[0][-1] /= 2
        self._forward = tuple(np.ascontiguousarray(table) for table in forward)
        self._coarse = None
        exact: list[tuple[slice, ...]] = [(slice(0, inner),)]
        if inner - 2 * _EXACT[-1] >= _FEWEST_COARSE:
            self._coarse = _CoarseGrid(slice(_EXACT[-1], inner - _EXACT[-1]), fading)
            exact = [
                (slice(low, high), slice(inner - high, inner - low))
                for low, high in itertools.pairwise(_EXACT)
            ]
        self._blocks = [
            _Block(rows, fading.responses(np.concatenate([np.r_[one] for one in rows])))
            for rows in exact
        ]

    def spread(self, sources: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
        """Yield slices of the axis with the answer to the sources there; together they are all.

        Args:
            sources: (channels, places, across - 2) float32, `NEAR` and `FAR`.

        Yields:
            Which inner pixels of the axis, and (h', w', channels) float32 in the picture's
            orientation, as long as the slice along the axis and as the picture's inner pixels
            along the other one. The caller may change it; it lasts until the next call.
        """
        seen, mirrored = sources[..., : self._half], sources[..., ::-1][..., : self._half]
        odd, even = (
            _product(part.reshape(-1, self._half), table).reshape(*sources.shape[:2], -1)
            for part, table in zip((seen + mirrored, seen - mirrored), self._forward, strict=True)
        )
        for block in self._blocks:
            whole, done = self._both_halves(*_sums((odd, even), block.responses, self._tables)), 0
            for rows in block.rows:
                size = rows.stop - rows.start
                part = whole[done : done + size]
                yield rows, np.ascontiguousarray(part.swapaxes(0, 1)) if self._sideways else part
                done += size
        if self._coarse is not None:
            yield self._coarse.rows, self._coarse.spread((odd, even), sideways=self._sideways)

    def _both_halves(self, odd: FloatArray, even: FloatArray) -> FloatArray:
        """Return whole rows (rows, across - 2, channels) from the sums over their first half."""
        whole = np.empty((len(odd), self._count, odd.shape[2]), np.float32)
        whole[:, : self._half] = odd + even
        # an odd count has a middle, which the first half has filled
        rest = self._count - self._half
        whole[:, self._half :] = (odd - even)[:, :rest][:, ::-1]
        return whole


class _CoarseGrid:
    """Rows far from both ends, summed at every `_STEP`th pixel of every `_STEP`th row.

    Args:
        rows: Which inner rows.
        fading: Of their axis.
    """

    def __init__(self, rows: slice, fading: _Fading) -> None:
        self.rows = rows
        self._columns = fading.across - 2
        places = _coarse_places(rows.start, rows.stop)
        points = _coarse_places(0, self._columns)
        self._shape = len(places), len(points)
        self._parts: list[tuple[npt.NDArray[np.int64], Waves, Waves]] = []
        self._own = OwnArrays()
        distance = np.maximum(np.minimum(places, fading.length - 3 - places), _EXACT[-1])
        level = np.searchsorted(_FARTHER, distance, side="right")
        for part in (np.flatnonzero(level == one) for one in np.unique(level)):
            responses = fading.responses(places[part], nearest=_EXACT[-1] + 1 - NEAR[-1])
            odd, even = (
                _sines(first, 2 * one.shape[2] + first - 1, points + 1, fading.across)
                for first, one in zip((1, 2), responses, strict=True)
            )
            self._parts.append((part, responses, (odd, even)))

    def spread(self, spectra: Waves, *, sideways: bool) -> FloatArray:
        """Return the answer to sources of given spectra, as `Axis.spread` does."""
        import cv2

        grid = np.empty((*self._shape, spectra[0].shape[0]), np.float32)
        for part, responses, tables in self._parts:
            odd, even = _sums(spectra, responses, tables)
            grid[part] = odd + even
        height, width = self.rows.stop - self.rows.start, self._columns
        if sideways:
            grid = np.ascontiguousarray(grid.swapaxes(0, 1))
            height, width = width, height
        skip = _BEFORE * _STEP
        rows, columns, channels = grid.shape
        half, large = self._own.of(
            *((rows * by, columns * by, channels) for by in (_STEP // 2, _STEP))
        )
        cv2.pyrUp(cv2.pyrUp(grid, half), large)
        return large[skip : skip + height, skip : skip + width]


class _Fading:
    """How the waves across one axis fade along it."""

    def __init__(self, length: int, across: int) -> None:
        self.length, self.across = length, across
        self._sources = np.array([*NEAR, *(length + place for place in FAR)])
        self._rate = np.arccosh(2 - np.cos(np.pi * np.arange(1, across - 1) / (across - 1)))

    def responses(self, places: npt.NDArray[np.int64], nearest: int = 0) -> Waves:
        """Return the answers (sources, rows, waves) at some inner rows, without faded waves.

        Green's function of the discrete equation per wave, zero at both ends of the axis, written
        with decaying exponentials only, because the hyperbolic sines overflow.

        Args:
            places: The rows.
            nearest: Distance of the nearest row that is used from the nearest source.
        """
        row, place = (places + 1)[None, :, None], self._sources[:, None, None]
        distance = np.abs(row - place)
        waves = np.searchsorted(self._rate * max(distance.min(), nearest), _NEGLIGIBLE)
        alpha = self._rate[: max(int(waves), 2)]
        near, far = np.minimum(row, place), self.length - 1 - np.maximum(row, place)
        ends = np.expm1(-2 * alpha * near) * np.expm1(-2 * alpha * far)
        whole = np.expm1(-2 * alpha) * np.expm1(-2 * alpha * (self.length - 1))
        found = (-np.exp(-alpha * (distance + 1)) * ends / whole).astype(np.float32)
        return np.ascontiguousarray(found[..., ::2]), np.ascontiguousarray(found[..., 1::2])


def _sums(spectra: Waves, responses: Waves, tables: Waves) -> Waves:
    """Return the sums (rows, points, channels) of odd and of even waves."""
    odd, even = (_sum(*one) for one in zip(spectra, responses, tables, strict=True))
    return odd, even


def _sum(spectrum: FloatArray, response: FloatArray, table: FloatArray) -> FloatArray:
    """Sum waves of given spectrum (channels, sources, waves) with a table (waves, points)."""
    _, rows, waves = response.shape
    amplitude = np.einsum("srk,csk->rck", response, spectrum[:, :, :waves])
    found = _product(amplitude.reshape(-1, waves), table[:waves])
    return found.reshape(rows, len(spectrum), -1).swapaxes(1, 2)


def _product(left: FloatArray, right: FloatArray) -> FloatArray:
    """Return the product of two matrices, computed on this thread."""
    found = np.empty((len(left), right.shape[1]), np.float32)
    for piece in _pieces(left.size, right.shape[1]):
        np.matmul(left, right[:, piece], out=found[:, piece])
    return found


def _pieces(size: int, count: int) -> Iterator[slice]:
    """Cut `count` columns so that a matrix of `size` values times a piece stays on one thread."""
    step = max(_ONE_THREAD // max(size, 1), _NARROWEST)
    return (slice(at, at + step) for at in range(0, count, step))


def _sines(first: int, last: int, places: npt.NDArray[np.int64], across: int) -> FloatArray:
    """Return the table (waves, places) of every second sine; places count from the border."""
    waves = np.arange(first, last + 1, 2)
    found: FloatArray = np.sin(np.pi * np.outer(waves, places) / (across - 1)).astype(np.float32)
    return found


def _coarse_places(start: int, stop: int) -> npt.NDArray[np.int64]:
    """Return the inner pixels of the coarse points that serve the pixels from start to stop."""
    count = -(-(stop - start) // _STEP) + _BEFORE + _AFTER
    return start + _STEP * (np.arange(count) - _BEFORE)
