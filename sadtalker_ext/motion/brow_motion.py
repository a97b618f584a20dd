"""Brows: raised by the melody of the voice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.speech.accents import Accent
from sadtalker_ext.types import FloatArray

_RAISE = 0.55
_WIDTH = 0.13  # seconds
_EARLY = 0.05  # brows move a little before the voice


def brow_track(
    frames: int, fps: float, found: Sequence[Accent], rng: np.random.Generator
) -> FloatArray:
    """Return (T,) float32, -1 frown .. 1 raised: bumps at high accents over a slow drift."""
    bumps = np.zeros(frames, dtype=np.float32)
    for one in found:
        at = round((one.time - _EARLY) * fps)
        strength = one.strength * (0.25 + 0.75 * one.melody) * float(rng.uniform(0.5, 1.0))
        if 0 <= at < frames:
            bumps[at] = max(bumps[at], strength)
    width = _WIDTH * fps
    raised = smooth(bumps, width) * width * np.sqrt(2 * np.pi) * _RAISE
    drift = smooth(rng.normal(0, 1, frames).astype(np.float32), 1.2 * fps)
    drift *= 0.06 / max(float(drift.std()), 1e-6) if frames > 2 * fps else 0.0
    return np.asarray(np.clip(raised + drift, -1, 1), dtype=np.float32)
