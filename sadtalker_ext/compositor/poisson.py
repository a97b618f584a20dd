"""Exact gradient-domain blending of rendered frames into a picture.

Solves the equation of Perez, Gangnet and Blake (Poisson Image Editing, 2003) as OpenCV's
seamlessClone does, within one grey level (SPEC 17), many times faster: the result is the frame
plus a correction that satisfies Laplace's equation everywhere except in a band of three pixels
along the border. Such a correction is a sum of sines along each side (type-I sine transform) that
fade away from it, the finer the faster, so that far from a side only the slow ones have to be
summed.

Convention: `h`, `w` are the rows and columns of the working area, which is the paste area without
its outermost pixels. The outermost ring of the working area keeps the picture.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray

DoubleArray = npt.NDArray[np.float64]

_RING = 3
"""Pixels along the border of the working area whose gradients are the picture's."""
_NEAR = (1, 2, 3)
_FAR = (-3, -2)
"""Rows that hold sources, counted from the two ends of the working area: forward differences in
the ring reach one row further at the near end."""
_NEGLIGIBLE = np.log(1e4)
"""Waves that have faded to less than this part are left out."""
_FIRST_BLOCK = 8
_ONE_THREAD = 64**3
_NARROWEST = 16
"""Products of matrices are cut into pieces that the library behind numpy computes on the calling
thread. Its threads wait for each other by spinning, which on a busy machine takes a hundred times
longer than the work itself.
"""
SMALLEST_SIDE = 12
"""Shortest side of a paste area that can be blended: the two ends must not touch."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows at a similar distance from both ends of an axis.

    Attributes:
        rows: Which inner rows.
        sources: Which source rows are felt here.
        response: (sources, rows, waves) float32 answer of every wave to a source.
    """

    rows: slice
    sources: slice
    response: FloatArray


class _Axis:
    """Spread of sources near both ends of one axis; waves run along the other one.

    Args:
        length: Pixels of the axis, its two border pixels included.
        across: Pixels of the other axis, likewise.
    """

    def __init__(self, length: int, across: int) -> None:
        places = (*_NEAR, *(length + place for place in _FAR))
        count = across - 2
        wave = np.arange(1, count + 1)
        angles = np.pi * np.outer(wave, wave) / (across - 1)
        # symmetric: row k holds wave k, column j pixel j, and the other way round
        self._sines: FloatArray = np.sin(angles).astype(np.float32)
        self._forward: FloatArray = self._sines * np.float32(2 / (across - 1))
        fade = np.arccosh(2 - np.cos(np.pi * wave / (across - 1)))
        self._blocks = [_block(rows, fade, places, length) for rows in _blocks(length)]

    def spread(self, sources: FloatArray, out: FloatArray, *, sideways: bool) -> None:
        """Add the answer to the sources of this axis.

        Args:
            sources: (channels, places, across - 2) float32.
            out: (channels, h - 2, w - 2) float32, changed in place.
            sideways: True when this axis is the horizontal one.
        """
        spectrum = np.empty_like(sources)
        for piece in _pieces(sources, len(self._sines)):
            np.matmul(sources, self._forward[:, piece], out=spectrum[:, :, piece])
        for block in self._blocks:
            waves = block.response.shape[2]
            amplitude = np.einsum(
                "srk,csk->crk", block.response, spectrum[:, block.sources, :waves]
            )
            turned = amplitude.swapaxes(1, 2)
            for piece in _pieces(amplitude, len(self._sines)):
                if sideways:
                    out[:, piece, block.rows] += self._sines[piece, :waves] @ turned
                else:
                    out[:, block.rows, piece] += amplitude @ self._sines[piece, :waves].T


def _pieces(left: FloatArray, count: int) -> Iterator[slice]:
    """Cut `count` columns so that `left` (channels, n, k) times a piece stays on one thread."""
    step = max(_ONE_THREAD // left[0].size, _NARROWEST)
    return (slice(at, at + step) for at in range(0, count, step))


def _blocks(length: int) -> list[slice]:
    """Cut the inner rows into blocks that double in height away from both ends."""
    inner, edges, step = length - 2, [0], _FIRST_BLOCK
    while edges[-1] + step < inner / 2:
        edges.append(edges[-1] + step)
        step *= 2
    edges += [inner - edge for edge in reversed(edges)]
    return [slice(low, high) for low, high in itertools.pairwise(edges) if high > low]


def _block(rows: slice, fade: DoubleArray, places: tuple[int, ...], length: int) -> _Block:
    """Keep the waves and the sources that still matter at these rows."""
    distance = [max(rows.start + 1 - place, place - rows.stop, 0) for place in places]
    waves = max(int(np.searchsorted(fade * min(distance), _NEGLIGIBLE)), 1)
    felt = [number for number, far in enumerate(distance) if fade[0] * far < _NEGLIGIBLE]
    sources = slice(felt[0], felt[-1] + 1)
    response = _response(rows, fade[:waves], places[sources], length)
    return _Block(rows, sources, response)


def _response(rows: slice, fade: DoubleArray, places: tuple[int, ...], length: int) -> FloatArray:
    """Green's function of the discrete equation per wave, zero at both ends of the axis.

    Written with decaying exponentials only, because the hyperbolic sines overflow.
    """
    row = np.arange(rows.start + 1, rows.stop + 1)[None, :, None]
    place = np.array(places)[:, None, None]
    alpha = fade[None, None, :]
    near, far = np.minimum(row, place), length - 1 - np.maximum(row, place)
    ends = np.expm1(-2 * alpha * near) * np.expm1(-2 * alpha * far)
    whole = np.expm1(-2 * alpha) * np.expm1(-2 * alpha * (length - 1))
    found: FloatArray = (-np.exp(-alpha * (np.abs(row - place) + 1)) * ends / whole).astype(
        np.float32
    )
    return found


class PoissonBlend:
    """Blends frames into one area of one picture.

    Args:
        background: (H, W, 3) uint8, the picture inside the paste area; no side shorter than
            `SMALLEST_SIDE`.
    """

    def __init__(self, background: ImageArray) -> None:
        self._area = background
        inner = background[1:-1, 1:-1]
        height, width = inner.shape[:2]
        self._down = _Axis(height, width)
        self._right = _Axis(width, height)
        distance = _distance_from_border(height, width)
        self._strips = [
            _Strip(np.index_exp[: len(_NEAR) + 2], inner, distance),
            _Strip(np.index_exp[-len(_FAR) - 2 :], inner, distance),
            _Strip(np.index_exp[:, : len(_NEAR) + 2], inner, distance),
            _Strip(np.index_exp[:, -len(_FAR) - 2 :], inner, distance),
        ]

    def blend(self, frame: ImageArray) -> ImageArray:
        """Return the blended area as a new array.

        Args:
            frame: (H, W, 3) uint8, the frame at the size of the area.
        """
        import cv2

        rendered = frame[1:-1, 1:-1]
        top, bottom, left, right = (strip.sources(rendered) for strip in self._strips)
        along_rows = np.concatenate([top, bottom], axis=1)
        along_columns = np.concatenate([left, right], axis=2).swapaxes(1, 2)
        # sources in the corners belong to the rows
        along_columns[:, :, : len(_NEAR)] = 0
        along_columns[:, :, -len(_FAR) :] = 0
        blended = self._area.copy()
        inside: FloatArray = np.stack(cv2.split(rendered[1:-1, 1:-1])).astype(np.float32)
        self._down.spread(along_rows, inside, sideways=False)
        self._right.spread(np.ascontiguousarray(along_columns), inside, sideways=True)
        np.clip(inside, 0, 255, out=inside)
        # truncated, not rounded, as OpenCV does
        blended[2:-2, 2:-2] = cv2.merge(list(inside.astype(np.uint8)))
        return blended


class _Strip:
    """Where along one side the correction has sources, and what the picture adds to them.

    The right-hand side is the divergence of the picture-minus-frame gradient, which counts only
    in the ring, minus what the known border pixels contribute to the equation of their neighbours.

    Args:
        place: Index of the strip in the working area.
        picture: (h, w, 3) uint8 working area.
        distance: (h, w) distance of every pixel from the border.
    """

    def __init__(
        self, place: tuple[slice, ...], picture: ImageArray, distance: npt.NDArray[np.int64]
    ) -> None:
        self._place = place
        self._picture = picture[place].transpose(2, 0, 1).astype(np.float32)
        self._ring = (distance[place] < _RING).astype(np.float32)
        self._border = (distance[place] == 0).astype(np.float32)

    def sources(self, rendered: ImageArray) -> FloatArray:
        """Return the sources on the inner pixels of the strip, (channels, n-2, m-2) float32."""
        difference = self._picture - rendered[self._place].transpose(2, 0, 1)
        across = self._ring[:, :-1] * np.diff(difference, axis=2)
        down = self._ring[:-1] * np.diff(difference, axis=1)
        found: FloatArray = np.diff(across, axis=2)[:, 1:-1] + np.diff(down, axis=1)[:, :, 1:-1]
        known = difference * self._border
        found -= known[:, :-2, 1:-1]
        found -= known[:, 2:, 1:-1]
        found -= known[:, 1:-1, :-2]
        found -= known[:, 1:-1, 2:]
        return found


def _distance_from_border(height: int, width: int) -> npt.NDArray[np.int64]:
    down = np.minimum(np.arange(height), np.arange(height)[::-1])
    right = np.minimum(np.arange(width), np.arange(width)[::-1])
    return np.minimum(down[:, None], right)
