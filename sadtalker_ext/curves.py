"""Smooth curves: over frames, and soft steps over anything."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray


def smoothstep(low: float, high: float, value: npt.ArrayLike) -> FloatArray:
    """Rise from 0 at `low` to 1 at `high` without a corner; `low` may exceed `high`."""
    # not np.clip, which takes longer than all of this on fields of a few thousand values
    t = np.minimum(np.maximum((np.asarray(value) - low) / (high - low), 0.0), 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def smooth(track: FloatArray, sigma_frames: float) -> FloatArray:
    """Return (T,) or (T, K) float32 smoothed by a Gaussian; the ends are held."""
    if sigma_frames <= 0 or len(track) == 0:
        return np.asarray(track, dtype=np.float32)
    radius = int(3 * sigma_frames + 1)
    offsets = np.arange(-radius, radius + 1)
    kernel = np.exp(-0.5 * (offsets / sigma_frames) ** 2)
    kernel /= kernel.sum()
    columns = np.atleast_2d(np.asarray(track, dtype=np.float64).T)
    padded = np.pad(columns, ((0, 0), (radius, radius)), mode="edge")
    done = np.stack([np.convolve(row, kernel, mode="valid") for row in padded], axis=1)
    return done.reshape(np.shape(track)).astype(np.float32)
