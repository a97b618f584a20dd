"""Brows: raised with the melody of the voice and where a phrase begins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.motion.acts import BrowLift
from sadtalker_ext.types import FloatArray

_RISE = 0.07
"""Seconds by which the edges of a lift are softened: brows rise in about 0.15 s."""
_DRIFT = 0.2
_DRIFT_SMOOTH = 0.8
_GAIN = 1.84
"""Of the small movements: brows are drawn less than half as far down as up, so that drift and lifts
of the size of people's came out too small. The largest are approached softly."""
_LARGEST = 0.92
"""Of a whole lift; `expression_scale` finds room above it, and long lashes are not stretched."""


def brow_track(
    frames: int, fps: float, lifts: Sequence[BrowLift], rng: np.random.Generator
) -> FloatArray:
    """Return (T,) float32, -1 frown .. 1 raised: the lifts of the plan over a slow drift."""
    times = (np.arange(frames) + 0.5) / fps
    raised = np.zeros(frames, dtype=np.float32)
    for one in lifts:
        up = (times >= one.time) & (times < one.time + one.seconds)
        raised[up] = np.maximum(raised[up], one.size)
    raised = smooth(raised, _RISE * fps)
    sigma = _DRIFT_SMOOTH * fps
    drift = smooth(rng.normal(0, 1, frames).astype(np.float32), sigma)
    drift *= np.float32(_DRIFT * np.sqrt(2 * sigma * np.sqrt(np.pi)))
    return np.asarray(_LARGEST * np.tanh(_GAIN / _LARGEST * (raised + drift)), dtype=np.float32)
