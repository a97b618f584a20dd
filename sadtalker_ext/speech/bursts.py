"""Bursts of lips: the moments at which P or B opens, told by the spectrum alone.

The release of a plosive excites the cavity before the place where it was shut. In front of the lips
there is none, so their burst is weak and its spectrum falls from the low tones on; the tongue's tip
(T, D) makes a rising spectrum and its back (K, G) a peak in the middle (Stevens and Blumstein,
"Invariant cues for place of articulation in stop consonants", 1978). This holds in any language.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.speech.closure_times import high_levels
from sadtalker_ext.speech.loudness import FRAME_HZ, HOP, SAMPLE_HZ
from sadtalker_ext.types import FloatArray

_GAP = 3  # frames of silence at least
_RISE_DB = 6.0  # from the silence to the burst
_SILENT_DB = 25.0  # the silence, below what follows
_WEAK_DB = 8.0  # the burst, below what follows
_FOLLOWING = 12  # frames
_APART = 6  # frames between two bursts
_WINDOW = 320  # samples: 20 ms
_EDGES_HZ = (150, 1200, 3000, 4500, 8000)
_BELOW_LOWEST_DB = np.array([0.0, 2.0, 6.0, 6.0])
"""How far each band must lie below the lowest one."""


def lip_bursts(samples: FloatArray) -> list[float]:
    """Return the moments in seconds at which lips burst open after a silence.

    Args:
        samples: (N,) mono at 16 kHz.
    """
    levels = high_levels(samples)
    found: list[int] = []
    if len(levels) <= _GAP + _FOLLOWING:
        return []
    windows = np.lib.stride_tricks.sliding_window_view
    last = len(levels) - _FOLLOWING
    at = np.arange(_GAP, last + 1)
    gap = windows(levels, _GAP)[: len(at)].max(axis=1)
    following = windows(levels, _FOLLOWING)[_GAP:].max(axis=1)
    sudden = (levels[at] - gap >= _RISE_DB) & (following - gap >= _SILENT_DB)
    for frame in at[sudden & (levels[at] <= following - _WEAK_DB)]:
        if (not found or frame - found[-1] >= _APART) and _falls(samples, int(frame)):
            found.append(int(frame))
    return [frame / FRAME_HZ for frame in found]


def _falls(samples: FloatArray, frame: int) -> bool:
    """Tell whether the spectrum at a burst falls from its lowest band on."""
    first = frame * HOP - _WINDOW // 8
    piece = samples[first : first + _WINDOW]
    if len(piece) < _WINDOW:
        return False
    power = np.abs(np.fft.rfft(piece * np.hanning(_WINDOW))) ** 2
    hertz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_HZ)
    edges = np.searchsorted(hertz, _EDGES_HZ)
    bands = 10 * np.log10(np.add.reduceat(power, edges[:-1]) + 1e-12)
    return bool((bands <= bands[0] - _BELOW_LOWEST_DB).all())
