"""Breath: in at pauses, out while speaking."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.speech.accents import Pause
from sadtalker_ext.types import FloatArray

_LONGEST = 4.5  # seconds without a breath
_SMOOTH = 0.22


def breath_track(
    frames: int, fps: float, pauses: Sequence[Pause], rng: np.random.Generator
) -> FloatArray:
    """Return (T,) float32 between -1 (out) and 1 (in).

    The chest is full at the end of every longer pause and empties until the next one; in long
    silences, and without speech, one breath takes 3 to 4.5 seconds.
    """
    seconds = frames / fps
    full = [one.end for one in pauses if one.end - one.start >= 0.3 and one.end < seconds]
    peaks: list[float] = [-float(rng.uniform(0.5, 2.0))]
    for time in [*full, seconds + _LONGEST]:
        while time - peaks[-1] > _LONGEST:
            peaks.append(peaks[-1] + float(rng.uniform(3.0, _LONGEST)))
        if time - peaks[-1] > 1.2:
            peaks.append(time)
    knots, values = [], []
    for left, right in itertools.pairwise(peaks):
        knots += [left, right - min(1.0, 0.45 * (right - left))]
        values += [1.0, -1.0]
    curve = np.interp(np.arange(frames) / fps, knots, values)
    return smooth(curve.astype(np.float32), _SMOOTH * fps)
