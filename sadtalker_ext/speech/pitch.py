"""The melody of the voice: a small vectorised pitch estimator."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.speech.loudness import FRAME_HZ, HOP, SAMPLE_HZ
from sadtalker_ext.types import FloatArray

_STEP = 2  # one estimate per 20 ms, then repeated
_WINDOW = 640  # 40 ms: two periods of 50 Hz
_TRANSFORM = 1024
_SHORTEST, _LONGEST = SAMPLE_HZ // 420, SAMPLE_HZ // 65
_BATCH = 500
_VOICED = 0.55


def track(samples: FloatArray) -> FloatArray:
    """Return (F,) float32 fundamental frequency in hertz, 0 where the voice is silent.

    McLeod's normalised square difference function: the autocorrelation divided by the energy of
    the two windows it compares; the first peak close to the highest wins, which avoids octave
    errors (McLeod and Wyvill, "A smarter way to find pitch", 2005).

    Args:
        samples: (N,) mono at `SAMPLE_HZ`.
    """
    count = -(-len(samples) // HOP)
    padded = np.zeros(count * HOP + _WINDOW, dtype=np.float32)
    padded[_WINDOW // 2 : _WINDOW // 2 + len(samples)] = samples
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: HOP * _STEP]
    found = [_pitch_of(windows[at : at + _BATCH]) for at in range(0, len(windows), _BATCH)]
    coarse = _median(np.concatenate(found)) if found else np.zeros(0)
    return np.repeat(coarse, _STEP)[:count].astype(np.float32)


def semitones(pitch_hz: FloatArray) -> FloatArray:
    """Return (F,) pitch in semitones above the speaker's usual pitch, gaps filled smoothly.

    The usual pitch is the median over the voiced frames of a minute.
    """
    voiced = np.flatnonzero(pitch_hz > 0)
    if len(voiced) < FRAME_HZ // 5:
        return np.zeros(len(pitch_hz), dtype=np.float32)
    tones = 12 * np.log2(pitch_hz[voiced] / 100)
    span = 60 * FRAME_HZ
    for start in range(0, len(pitch_hz), span):
        inside = (voiced >= start) & (voiced < start + span)
        if inside.any():
            tones[inside] -= np.median(tones[inside])
    filled = np.interp(np.arange(len(pitch_hz)), voiced, np.clip(tones, -8, 8))
    return np.asarray(filled, dtype=np.float32)


def _pitch_of(windows: FloatArray) -> FloatArray:
    """Return the pitch of (B, W) windows, 0 for unvoiced ones."""
    centred = windows - windows.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, _TRANSFORM, axis=1)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : _LONGEST + 2]
    squares = np.cumsum(np.square(centred, dtype=np.float64), axis=1)
    lags = np.arange(_LONGEST + 2)
    total = squares[:, -1:]
    head = squares[:, _WINDOW - 1 - lags]  # energy without the last `lag` samples
    tail = total - np.concatenate([np.zeros_like(total), squares], axis=1)[:, lags]
    score = 2 * correlation / np.maximum(head + tail, 1e-9)
    score[:, :_SHORTEST] = 0
    middle = score[:, 1:-1]
    peak = (middle >= score[:, :-2]) & (middle > score[:, 2:])
    height = np.where(peak, middle, 0)
    best = height.max(axis=1)
    first = np.argmax(height >= np.maximum(0.88 * best, 1e-6)[:, None], axis=1)
    lag = first + 1
    voiced = (best > _VOICED) & (total[:, 0] > 1e-5)
    return np.where(voiced, SAMPLE_HZ / lag, 0).astype(np.float32)


def _median(values: FloatArray) -> FloatArray:
    """Return a running median of 5, which removes single wrong octaves."""
    padded = np.pad(values, 2, mode="edge")
    median: FloatArray = np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)
    return median
