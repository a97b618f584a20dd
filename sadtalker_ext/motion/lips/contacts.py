"""Contacts that must be seen: lips on lips (P B M) and lip on teeth (F V), frame by frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sadtalker_ext.speech.ipa import LABIODENTAL, VOWELS, plain_of, seals
from sadtalker_ext.types import FloatArray, Phoneme

LEAD = 0.02
"""Seconds by which the middle of a frame is ahead of the sound; its end is level with it."""

_AHEAD = 0.04
"""Seconds by which lips shut before the sound falls, where the sound before leaves them the time.

In running speech what is seen of plosives lies between 20 ms behind and 70 ms ahead of the sound,
after a pause farther ahead (Schwartz and Savariaux, "No, there is no 150 ms lead of visual speech
on auditory speech", PLoS Computational Biology 10, 2014)."""
_VOWEL_LEFT = 0.07
"""Seconds of a vowel that are left to it."""
_MEETING = 0.04  # seconds in which lips come together
_PARTING = 0.025  # and part: faster than they meet
_APPROACH, _RELEASE = 0.5, 0.2  # how far the lip is at the teeth in the frames beside F and V


def contacts(sounds: Sequence[Phoneme], frames: int, fps: float) -> tuple[FloatArray, FloatArray]:
    """Return (T,) press and (T,) tuck; every contact is 1 in at least one frame.

    Contacts are set on the frames themselves and not sampled from a curve, so that even the
    shortest one is seen.

    Args:
        sounds: P, B and M last as long as the lips are shut (see `closure_times`).
        frames: Number of frames, T.
        fps: Frames per second.
    """
    press = np.zeros(frames, dtype=np.float32)
    tuck = np.zeros(frames, dtype=np.float32)
    for number, one in enumerate(sounds):
        if seals(one):
            _seal(press, one, _ahead(sounds[max(number - 2, 0) : number]), fps)
        elif plain_of(one.symbol) in LABIODENTAL:
            _touch(tuck, (one.start - LEAD, one.end - 0.03), one, fps)
    return press, np.minimum(tuck, 1 - press)


def _ahead(before: Sequence[Phoneme]) -> float:
    """Return by how much lips are ahead of a closure, by the one or two sounds before it.

    Vowels between two closures are left alone: they hardly open as it is.
    """
    if not before or plain_of(before[-1].symbol) not in VOWELS:
        return _AHEAD
    if len(before) > 1 and seals(before[0]):
        return 0.0
    return min(max(before[-1].end - before[-1].start - _VOWEL_LEFT, 0.0), _AHEAD)


def _seal(row: FloatArray, one: Phoneme, ahead: float, fps: float) -> None:
    """Shut the lips in the frames amid the closure, or the one nearest to it.

    Before and after they meet and part so fast that a short vowel between two closures opens.
    """
    begin = one.start - ahead
    low = max(math.floor((begin - LEAD - _MEETING) * fps), 0)
    high = min(math.ceil((one.end - LEAD + _PARTING) * fps) + 1, len(row))
    times = (np.arange(low, high) + 0.5) / fps + LEAD
    away = np.maximum((begin - times) / _MEETING, (times - one.end) / _PARTING)
    row[low:high] = np.maximum(row[low:high], np.clip(1 - away, 0, 1))
    nearest = math.floor(((one.start + one.end) / 2 - LEAD) * fps)
    row[min(max(nearest, 0), len(row) - 1)] = 1


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
