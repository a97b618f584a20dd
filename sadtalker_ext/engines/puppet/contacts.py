"""Contacts that must be seen: lips on lips (P B M) and lip on teeth (F V), frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sadtalker_ext.engines.puppet.phonemes import BILABIAL, LABIODENTAL, SILENCE
from sadtalker_ext.types import FloatArray, Phoneme

LEAD = 0.03
"""Seconds by which the mouth is ahead of the sound."""

_SHORTEST_HOLD, _LONGEST_HOLD = 0.04, 0.12
_LONGEST_PLOSIVE = 0.14  # seconds; recognisers stretch some over their neighbours
_APPROACH = 0.5  # value in the frame before a contact
_RELEASE = 0.2  # and after it: lips part faster than they meet


def contacts(sounds: Sequence[Phoneme], frames: int, fps: float) -> tuple[FloatArray, FloatArray]:
    """Return (T,) press and (T,) tuck; every contact is 1 in at least one frame.

    Contacts are set on the frames themselves and not sampled from a curve, so that even the
    shortest one is seen.
    """
    press = np.zeros(frames, dtype=np.float32)
    tuck = np.zeros(frames, dtype=np.float32)
    for index, one in enumerate(sounds):
        if one.symbol in BILABIAL:
            before = sounds[index - 1] if index else None
            _touch(press, _lip_closure(one, before), one, fps)
        elif one.symbol in LABIODENTAL:
            _touch(tuck, (one.start - LEAD, one.end - 0.03), one, fps)
    return press, np.minimum(tuck, 1 - press)


def _lip_closure(one: Phoneme, before: Phoneme | None) -> tuple[float, float]:
    """Return the first and last moment at which the lips must be shut.

    The lips of a plosive are shut for half of the previous sound, 40 to 120 ms, before they burst
    open; the burst lies in the later part of the sound. A hum lasts as long as its sound.
    """
    length = one.end - one.start
    if one.symbol == "M":
        return one.start - LEAD, one.end - 0.01
    burst = one.end - min(0.25 * length, 0.03)
    previous = before.end - before.start if before is not None else _LONGEST_HOLD
    if before is not None and before.symbol == SILENCE:
        previous = min(previous, 0.12)
    hold = min(max(previous / 2, _SHORTEST_HOLD), _LONGEST_HOLD)
    shut = max(min(one.start, burst - hold), burst - _LONGEST_PLOSIVE)
    return shut - LEAD, burst


def _touch(row: FloatArray, span: tuple[float, float], one: Phoneme, fps: float) -> None:
    """Set the frames whose middle lies in the span to 1, and the one shown amid the sound."""
    amid = int((one.start + one.end) / 2 * fps)
    first = min(math.ceil(span[0] * fps - 0.5), amid)
    last = max(math.floor(span[1] * fps - 0.5), amid)
    first, last = (min(max(frame, 0), len(row) - 1) for frame in (first, last))
    row[first : last + 1] = 1
    if first > 0:
        row[first - 1] = max(row[first - 1], _APPROACH)
    if last + 1 < len(row):
        row[last + 1] = max(row[last + 1], _RELEASE)
