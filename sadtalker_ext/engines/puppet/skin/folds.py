"""Folds: the lines that skin makes where the movement of the mesh squeezes it.

Every fold lies along a few mesh points and belongs to two probes, points on either side of it.
How much nearer the probes come to each other, as a share of their distance, says how deep the fold
is; where they part there is none. A fold is a soft dark line with lighter skin beside it, and where
skin is pushed up a soft light on that side; the light of all folds of a frame is summed up and
multiplied into the picture before the skin moves, so that it moves along. Wrinkled skin folds in
lines; on smooth skin a fold is wide and faint, or it would look like a stroke of a pencil. On flat
drawings and drawings of lines it is fainter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.skin.fold_lines import FOLDS, Fold, Place
from sadtalker_ext.engines.puppet.skin.frame import SkinFrame
from sadtalker_ext.types import FloatArray, ImageArray

Slices = tuple[slice, slice]
Light = tuple[Slices, FloatArray, float]
"""A part of the box, (h, w) shares of light that it gains or loses, and how much of that."""

_TAPER = 0.3
"""Share of a line over which it fades at either end."""
_RIDGE, _RIDGE_WIDTH = 0.3, 2.6
"""Light beside the line as a share of the line's depth, and its width in those of the line."""
_SWELL_AT, _SWELL_WIDTH = 3.2, 2.4
"""Where the light of swollen skin is brightest, and how wide it is, in widths of the line."""
_WIDER, _FAINTER = 0.9, 0.35
"""How much wider a fold of smooth skin is than one of wrinkled skin, and what its depth lacks."""
_LEAST = 0.03
"""A fold that is less than so deep is not drawn."""
_DARKEST, _LIGHTEST = -0.6, 0.06
"""Least and most change of light where folds cross; more light would shine like oil."""
_TINT: Final = (0.75, 1.05, 1.15)
"""Light that comes out of skin is red, so a fold takes less of it than of green and blue."""


class Folds:
    """The folds of one face.

    Args:
        frame: The face.
        hidden: (h, w) float32 on the pixels of `frame.box`, 1 where hair or a hat hides the skin.
        strength: Factor of all depths.
        smooth: 0 for wrinkled skin .. 1 for smooth skin.
        coloured: 0 for skin in greys .. 1 for skin of its usual colour.
    """

    def __init__(
        self,
        frame: SkinFrame,
        hidden: FloatArray,
        strength: float,
        smooth: float = 0.0,
        coloured: float = 1.0,
    ) -> None:
        self._tint = [1 + (tint - 1) * coloured for tint in _TINT]
        self._shades: list[tuple[Slices, FloatArray]] = []
        ends: list[tuple[FloatArray, FloatArray]] = []
        full: list[float] = []
        for fold in FOLDS if strength > 0 else ():
            for side in (-1, 1):
                drawn = _draw(frame, _softened(fold, smooth), side, hidden.shape, strength)
                if drawn is None:
                    continue
                where, shade = drawn
                self._shades.append((where, shade * (1 - hidden[where])))
                first, second = (_place(frame, one, side) for one in fold.probes)
                ends.append((first, second))
                full.append(fold.full)
        probes = np.array(ends, np.float32).reshape(-1, 2, 2)
        apart = probes[:, 1] - probes[:, 0]
        length = np.maximum((apart**2).sum(-1), 1e-6) * np.array(full, np.float32)
        # by how much of a fold a way of the second probe, in cells, closes it
        self._closes = np.asarray(-apart * np.float32(frame.stride) / length[:, None], np.float32)
        # every probe takes the way of the four nodes around it
        cells = (probes - frame.nodes[0, 0]) / np.float32(frame.stride)
        limits = np.array(frame.nodes.shape[1::-1]) - 2
        low = np.clip(np.floor(cells).astype(int), 0, np.maximum(limits, 0))
        x, y = np.moveaxis(np.clip(cells - low, 0, 1), -1, 0)
        corners = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
        around = low[None] + corners[:, None, None]
        self._nodes = around[..., 1], around[..., 0]
        shares = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y])
        self._shares = np.asarray(shares[..., None], np.float32)

    def depths(self, forward: FloatArray) -> FloatArray:
        """Return (N,) 0..1, how deep every fold is.

        Args:
            forward: (rows, columns, 2) way of the nodes in cells.
        """
        ways = (forward[self._nodes] * self._shares).sum(0)
        deep = ((ways[:, 1] - ways[:, 0]) * self._closes).sum(-1)
        return np.asarray(np.clip(deep, 0, 1), np.float32)

    def shade(self, region: ImageArray, forward: FloatArray, lights: Sequence[Light] = ()) -> None:
        """Draw the folds, and other lights, into the pixels of the box, in place.

        Args:
            region: (h, w, 3) uint8.
            forward: (rows, columns, 2) way of the nodes in cells.
            lights: What else is lit or shaded.
        """
        drawn = [
            (where, shade, float(deep))
            for (where, shade), deep in zip(self._shades, self.depths(forward), strict=True)
            if deep >= _LEAST
        ]
        drawn += lights
        if not drawn:
            return
        rows, columns = (_around([where[axis] for where, _, _ in drawn]) for axis in (0, 1))
        light = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
        for where, shade, deep in drawn:
            part = light[_from(rows.start, where[0]), _from(columns.start, where[1])]
            part += np.float32(deep) * shade
        np.clip(light, _DARKEST, _LIGHTEST, out=light)
        gains = cv2.merge([light * np.float32(tint) + 1 for tint in self._tint])
        lit = region[rows, columns]
        lit[:] = cv2.multiply(lit, gains, dtype=cv2.CV_8U)


def _around(parts: Sequence[slice]) -> slice:
    return slice(min(one.start for one in parts), max(one.stop for one in parts))


def _from(start: int, part: slice) -> slice:
    return slice(part.start - start, part.stop - start)


def _place(frame: SkinFrame, place: Place, side: int) -> FloatArray:
    left, right, out, up = place
    return frame.place(right if side > 0 else left, out * side, up)


def _softened(fold: Fold, smooth: float) -> Fold:
    """Return a fold as it is on skin that is more or less smooth."""
    width, depth = fold.width * (1 + _WIDER * smooth), fold.depth * (1 - _FAINTER * smooth)
    return fold._replace(width=width, depth=depth)


def _draw(
    frame: SkinFrame, fold: Fold, side: int, size: tuple[int, ...], strength: float
) -> tuple[Slices, FloatArray] | None:
    """Draw the shade of one fold at full depth; None where it is too small or out of the box."""
    corner = np.array(frame.box[:2], np.float32)
    line = _curve([_place(frame, one, side) - corner for one in fold.line])
    width = max(fold.width * frame.unit, 0.8)
    reach = (8 if fold.swell else 5) * width
    low = np.maximum(np.floor(line.min(0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(line.max(0) + reach) + 1, size[1::-1]).astype(int)
    if (high - low).min() < 4:
        return None
    x = np.arange(low[0], high[0], dtype=np.float32)[None, :]
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None]
    squared = (x[..., None] - line[:, 0]) ** 2 + (y[..., None] - line[:, 1]) ** 2
    nearest = squared.argmin(-1)
    distance = np.sqrt(np.take_along_axis(squared, nearest[..., None], -1)[..., 0]) / width
    along = nearest / (len(line) - 1)
    taper = np.clip(np.minimum(along, 1 - along) / _TAPER, 0, 1)
    if fold.line[-1][0] == fold.line[-1][1]:
        # both sides meet over the middle of the face, each with half the depth there
        taper = np.clip(along / _TAPER, 0, 1) * (1 - 0.5 * np.clip((along - 0.85) / 0.15, 0, 1))
    shade = _RIDGE * np.exp(-((distance / _RIDGE_WIDTH) ** 2)) - np.exp(-(distance**2))
    if fold.swell:
        tangent = np.gradient(line, axis=0)[nearest]
        beside = tangent[..., 0] * (y - line[nearest, 1]) - tangent[..., 1] * (x - line[nearest, 0])
        swollen = _place(frame, fold.probes[1], side) - corner
        middle, ahead = line[len(line) // 2], np.gradient(line, axis=0)[len(line) // 2]
        towards = ahead[0] * (swollen - middle)[1] - ahead[1] * (swollen - middle)[0]
        up_there = np.exp(-(((distance - _SWELL_AT) / _SWELL_WIDTH) ** 2))
        shade += fold.swell * up_there * np.where(beside * towards > 0, 1.0, -0.5)
    shade = shade * taper**0.7 * fold.depth * strength
    where = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
    return where, np.asarray(shade, np.float32)


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
