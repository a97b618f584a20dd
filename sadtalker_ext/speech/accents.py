"""Stress and pauses: the moments at which head, brows, lids and breath do something."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.speech.ipa import SILENCE
from sadtalker_ext.speech.loudness import FRAME_HZ, Loudness
from sadtalker_ext.types import FloatArray, Phoneme

_SPACING = 0.45  # seconds between two accents
_PROMINENCE = 0.12


@dataclass(frozen=True, slots=True)
class Accent:
    """One stressed syllable.

    Attributes:
        time: Seconds.
        strength: 0..1, from loudness and pitch.
        melody: 0..1, the pitch's share.
    """

    time: float
    strength: float
    melody: float


@dataclass(frozen=True, slots=True)
class Pause:
    """A silence between, before or after words, in seconds."""

    start: float
    end: float


def accents(loudness: Loudness, semitones: FloatArray) -> list[Accent]:
    """Return the syllables that stand out of their surroundings by loudness and pitch."""
    loud = smooth(loudness.value, 0.06 * FRAME_HZ)
    melody = np.clip(semitones, 0, 6) / 6 * loudness.present
    high = smooth(melody.astype(np.float32), 0.08 * FRAME_HZ)
    curve = 0.75 * loud + 0.5 * high
    stand_out = curve - smooth(curve, 0.7 * FRAME_HZ)
    peak = np.flatnonzero((curve[1:-1] >= curve[:-2]) & (curve[1:-1] > curve[2:])) + 1
    peak = peak[stand_out[peak] > _PROMINENCE]
    taken = np.zeros(len(curve) + 1, dtype=bool)
    spacing = int(_SPACING * FRAME_HZ)
    found = []
    for at in peak[np.argsort(-stand_out[peak], kind="stable")]:
        if not taken[at]:
            taken[max(0, at - spacing) : at + spacing] = True
            strength = float(np.clip(stand_out[at] / 0.5, 0.2, 1))
            found.append(Accent(at / FRAME_HZ, strength, float(np.clip(high[at] * 2, 0, 1))))
    return sorted(found, key=lambda one: one.time)


def pauses(sounds: Sequence[Phoneme], least: float = 0.25) -> list[Pause]:
    """Return the silences of at least some seconds."""
    return [
        Pause(one.start, one.end)
        for one in sounds
        if one.symbol == SILENCE and one.end - one.start >= least
    ]
