"""Where the lower lip of a frame really begins: the mesh takes lower teeth for lip.

Teeth are paler than lips, and the depth of the mouth is darker. What is neither as red nor as light
as the lip, from the mesh's edge on, is no lip.
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
"""Places along the mouth, in halves of it, at which the edge is looked for."""
_DOWN: Final = np.linspace(0.0, 1.0, 17, dtype=np.float32)
"""Places from the mesh's edge to the lower end of the lip."""
_LIP: Final = slice(*np.searchsorted(_DOWN, [0.55, 0.9 + 1e-6]).tolist())
"""The places from 0.55 to 0.9 are lip, however the mesh errs."""
_PALE: Final = (0.35, 0.6)
"""How much less red than the lip, as a share of its redness, lips hardly are, and teeth are."""
_RED: Final = (0.1, 0.2)
"""Redness of lips that can hardly, and that can be told from teeth."""
_DARK: Final = (0.5, 0.35)
"""Light, as a share of the lip's, of shadows on it, and of the depth of the mouth."""
_OPEN: Final = (0.1, 0.2)
"""Openings in halves of the mouth from which something can be seen between the lips."""
_SOFTENING: Final = smooth(np.eye(len(PLACES), dtype=np.float32), 2.0)
"""(N, N) takes values at `PLACES` to smoothed ones."""


def hidden_edge(cutout: Cutout, lines: LipLines, thickness: FloatArray) -> FloatArray:
    """Return (N,) how far below the mesh's edge the lower lip begins, in pixels, at `PLACES`.

    Args:
        cutout: The frame around the mouth.
        lines: Edges of the lips by the mesh.
        thickness: (N,) pixels of the lower lip, by the same, at `PLACES`.
    """
    if lines.opening < _OPEN[0] * lines.half:
        return np.zeros_like(PLACES)
    inner = lines.at(PLACES, lines.lower)
    thick = np.maximum(thickness, 1.0)
    below = inner + _DOWN[:, None] * thick
    where = lines.origin + (lines.half * PLACES)[:, None] * lines.along
    seen = cutout.take(where + below[..., None] * lines.across, cv2.INTER_LINEAR)
    light = luma(seen)
    red = redness(seen)
    lip_red, lip_light = float(red[_LIP].mean()), max(float(light[_LIP].mean()), 1.0)
    told = smoothstep(*_RED, lip_red) * smoothstep(*_OPEN, lines.opening / lines.half)
    pale = smoothstep(*_PALE, (lip_red - red) / max(lip_red, 1e-3)) * smoothstep(*_RED, lip_red)
    other = np.maximum(pale, smoothstep(*_DARK, light / lip_light))
    run = np.cumprod(other, 0).sum(0) * (thick * (_DOWN[1] - _DOWN[0]))
    hidden: FloatArray = (_SOFTENING @ (run * told)).astype(np.float32)
    return hidden
