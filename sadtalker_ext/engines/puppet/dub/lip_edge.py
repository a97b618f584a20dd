"""Where the lips of a frame really begin: the mesh takes teeth for lip, and lip for teeth.

Teeth are paler than lips, and the depth of the mouth is darker. What is neither as red nor as light
as the lip, from within the opening on, is no lip.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sadtalker_ext.curves import smooth, smoothstep
from sadtalker_ext.engines.puppet.dub.cutout import Cutout
from sadtalker_ext.engines.puppet.dub.lips import LipLines
from sadtalker_ext.engines.puppet.mouth.own_teeth import redness
from sadtalker_ext.engines.puppet.mouth.picture_style import luma
from sadtalker_ext.types import FloatArray

PLACES: FloatArray = np.linspace(-0.9, 0.9, 25, dtype=np.float32)
"""Places along the mouth, in halves of it, at which edges are looked for."""
_STEP: Final = 1 / 16
_UPPER: Final = np.arange(-0.625, 0.5 + _STEP / 2, _STEP, dtype=np.float32)
_LOWER: Final = np.arange(0.0, 1.0 + _STEP / 2, _STEP, dtype=np.float32)
"""Places from within the opening to the other end of the lip, in its thicknesses from the mesh's
edge. The mesh's upper lip ends too high, often by a third of what is seen of it; its lower lip
never ends too low, but begins with the teeth below it."""
_LIPS: Final = ((0.15, 0.5), (0.55, 0.9))
"""The places between these are lip, however the mesh errs."""
_SURELY: Final = -0.3
"""From this place on the upper lip is surely seen, there where it is reddest and light."""
_PALE: Final = ((0.25, 0.5), (0.35, 0.6))
"""How much less red than the lip, as a share of its redness, lips hardly are, and teeth are: the
upper ones are seen in the red light of the lip before them."""
_RED: Final = (0.1, 0.2)
"""Redness of lips that can hardly, and that can be told from teeth."""
_DARK: Final = ((0.7, 0.5), (0.5, 0.35))
"""Light, as a share of the lip's, of shadows on it, and of the depth of the mouth: right below the
upper lip the depth is lighter than above the lower one."""
_OPEN: Final = (0.1, 0.2)
"""Openings in halves of the mouth from which something can be seen between the lips."""
_BETWEEN_CORNERS: Final = smoothstep(0.85, 0.6, np.abs(PLACES))
"""(N,) 0 in the corners of the mouth, whose shadows are as red as lips."""
_SOFTENING: Final = smooth(np.eye(len(PLACES), dtype=np.float32), 2.0)
"""(N, N) takes values at `PLACES` to smoothed ones."""


def lip_edges(
    cutout: Cutout, lines: LipLines, thickness: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return where lips begin, seen from the mesh's edges, and how far that can be told.

    Args:
        cutout: The frame around the mouth.
        lines: Edges of the lips by the mesh.
        thickness: (2, N) pixels of the upper and of the lower lip, by the same, at `PLACES`.

    Returns:
        (2, N) pixels at `PLACES`, less than 0 where a lip reaches into the opening that the mesh
        sees, and (2,) 0..1; where nothing can be told the pixels are 0.
    """
    edges, told = np.zeros((2, len(PLACES)), np.float32), np.zeros(2, np.float32)
    opened = float(smoothstep(*_OPEN, np.float32(lines.opening / lines.half)))
    if opened <= 0:
        return edges, told
    upper, lower = (lines.at(PLACES, line) for line in (lines.upper, lines.lower))
    for lip, (inner, down, places) in enumerate(((upper, -1, _UPPER), (lower, 1, _LOWER))):
        thick = np.maximum(thickness[lip], 1.0)
        # no further into the opening than its middle
        depth = np.maximum(places[:, None] * thick, -0.5 * (lower - upper))
        where = lines.origin + (lines.half * PLACES)[:, None] * lines.along
        where = where + (inner + down * depth)[..., None] * lines.across
        seen = cutout.take(where, cv2.INTER_LINEAR)
        other, vivid, red = _other(seen, slice(*np.searchsorted(places, _LIPS[lip]).tolist()), lip)
        begins = _upper_begins(depth, other, vivid) if lip == 0 else _lower_begins(depth, other)
        told[lip] = opened * red
        begins = np.where(begins < 0, _BETWEEN_CORNERS * begins, begins)
        edges[lip] = told[lip] * (_SOFTENING @ begins)
    return edges, told


def _other(seen: FloatArray, known: slice, lip: int) -> tuple[FloatArray, FloatArray, float]:
    """Return how far (M, N, 3) colours are no lip, how much like lip they are, how well it is told.

    (M, N) 0..1, (M, N) of any unit, and 0..1.
    """
    light, red = luma(seen), redness(seen)
    lip_red, lip_light = float(np.median(red[known])), max(float(np.median(light[known])), 1.0)
    told = float(smoothstep(*_RED, np.float32(lip_red)))
    pale = smoothstep(*_PALE[lip], (lip_red - red) / max(lip_red, 1e-3)) * told
    other = np.maximum(pale, smoothstep(*_DARK[lip], light / lip_light))
    return other, red * np.minimum(light / lip_light, 1), told


def _upper_begins(depth: FloatArray, other: FloatArray, vivid: FloatArray) -> FloatArray:
    """Return (N,) depths at which the upper lip begins, found from what is surely lip on.

    What is dark, then pale, is of the colour of lips in between; so the lip cannot be looked for
    from the opening on.
    """
    at = len(depth) - 1 - np.arange(len(depth))
    surely = np.argmax(np.where((_UPPER > _SURELY)[:, None], vivid, -np.inf), 0)
    lip = np.where(np.arange(len(depth))[:, None] > surely, 1, 1 - other)
    run = np.cumprod(lip[at], 0)[:-1]
    begins = depth[-1] - (run * -np.diff(depth[at], axis=0)).sum(0)
    # one tooth too much is seen
    beside = np.pad(begins, 1, mode="edge")
    return np.asarray(np.maximum(np.maximum(beside[:-2], beside[2:]), begins), np.float32)


def _lower_begins(depth: FloatArray, other: FloatArray) -> FloatArray:
    """Return (N,) depths at which the lower lip begins, below the run of what is no lip."""
    return np.asarray((np.cumprod(other, 0)[:-1] * np.diff(depth, axis=0)).sum(0), np.float32)
