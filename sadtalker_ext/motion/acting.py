"""Acting without directions: what words and tone of speech say about the face.

*off* keeps the face calm, *subtle* is how people talk, and *lively* adds what questions, stresses
and phrase ends ask for. How big each is, is ours; that brows rise in questions and heads nod at
phrase ends is described by Ekman ("About brows", 1979) and Hadar et al. ("Head movement correlates
of juncture and stress", 1983).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.motion.acts import Acts
from sadtalker_ext.motion.gestures import Gesture
from sadtalker_ext.speech.hearing import Hearing
from sadtalker_ext.speech.loudness import FRAME_HZ
from sadtalker_ext.types import FloatArray, Speech

_RISING = 1.6
"""Semitones that the end of a phrase lies above its middle when it asks something."""
_LAST, _BEFORE = 0.35, 0.9
"""Seconds before its end that are compared."""
_STRONG = 0.6
_SMILE_SHARE = 0.4
_MODEST = 0.45
"""Strength that `emotion: auto` reaches at most."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How much of the plan's acts a manner of acting keeps.

    Attributes:
        postures: Factor of the head's changes of posture.
        looks: Factor of the looks of the eyes.
        lifts: Factor of the brows that rise.
    """

    postures: float
    looks: float
    lifts: float


MANNERS: Final = {
    "off": Manner(0.15, 0.25, 0.0),
    "subtle": Manner(1.0, 1.0, 1.0),
    "lively": Manner(1.25, 1.15, 1.4),
}


def in_manner(acts: Acts, acting: str) -> Acts:
    """Return the acts of a plan, larger or smaller as the manner of acting says."""
    manner = MANNERS[acting]
    if acting == "subtle":
        return acts
    return Acts(
        postures=tuple(
            dataclasses.replace(one, pose=one.pose * manner.postures) for one in acts.postures
        ),
        looks=tuple(
            dataclasses.replace(one, right=one.right * manner.looks, down=one.down * manner.looks)
            for one in acts.looks
        ),
        lifts=tuple(
            dataclasses.replace(one, size=min(one.size * manner.lifts, 1.0))
            for one in acts.lifts
            if manner.lifts > 0
        ),
    )


def acted(
    acting: str, speech: Speech | None, hearing: Hearing | None, rng: np.random.Generator
) -> Iterator[Gesture]:
    """Yield the gestures that words and tone ask for; none but in the lively manner.

    Args:
        acting: The option.
        speech: What is said; None for a listener, who nods and smiles now and then.
        hearing: What is heard of it.
        rng: Source of randomness.
    """
    if acting != "lively":
        return
    if hearing is None or speech is None:
        yield from _attentive(rng)
        return
    asked = _questions(speech, hearing)
    for end in asked:
        yield Gesture("raise_brows", end - 0.55, 0.95, 0.55)
        yield Gesture("tilt", end - 0.5, 1.3, 0.4 if rng.random() < 0.5 else -0.4)
    for end in hearing.phrase_ends:
        if any(abs(end - one) < 0.3 for one in asked):
            continue
        if float(rng.random()) < _SMILE_SHARE:
            yield Gesture("smile", end - 0.25, 1.5, float(rng.uniform(0.25, 0.45)))
        else:
            yield Gesture("nod", end - 0.35, None, float(rng.uniform(0.25, 0.5)))
    for one in hearing.stresses:
        if one.strength > _STRONG:
            yield Gesture("nod", one.time - 0.2, 0.5, 0.35 * one.strength)


def _attentive(rng: np.random.Generator, seconds: float = 3600.0) -> Iterator[Gesture]:
    """Yield what somebody does who listens: nods, small smiles, raised brows, a tilted head."""
    kinds, shares = ("nod", "smile", "raise_brows", "tilt"), (0.45, 0.25, 0.18, 0.12)
    at = float(rng.uniform(0.8, 2.0))
    while at < seconds:
        name = str(rng.choice(kinds, p=shares))
        strength = float(rng.uniform(0.3, 0.6))
        side = -1.0 if name == "tilt" and rng.random() < 0.5 else 1.0
        yield Gesture(name, at, None, side * strength)
        at += float(rng.uniform(2.2, 5.0))


def _questions(speech: Speech, hearing: Hearing) -> list[float]:
    """Return when questions end, in seconds: by their mark where words are known, or by tone."""
    if speech.words:
        return [one.end for one in speech.words if one.text.rstrip("\"')»”").endswith("?")]
    voiced = hearing.loudness.present > 0.5
    found = []
    for end in [*hearing.phrase_ends, hearing.seconds]:
        last = slice(max(0, round((end - _LAST) * FRAME_HZ)), round(end * FRAME_HZ))
        first = max(0, round((end - _LAST - _BEFORE) * FRAME_HZ))
        before = slice(first, last.start)
        if voiced[last].sum() < 8 or voiced[before].sum() < 20:
            continue
        high = hearing.semitones[last][voiced[last]].mean()
        usual = hearing.semitones[before][voiced[before]].mean()
        if high - usual > _RISING:
            found.append(end)
    return found


def arousal(hearing: Hearing, frames: int, fps: float) -> FloatArray:
    """Return (T, E) strengths of the emotions that the voice's arousal suggests, modestly.

    A loud, high and quick voice is lively, a soft, low and slow one is calm to sad (Banse and
    Scherer, "Acoustic profiles in vocal emotion expression", 1996). Arousal says nothing about
    whether somebody is pleased or not; a friendly face is the safer guess.
    """
    strengths = np.zeros((frames, len(EMOTIONS)), np.float32)
    present = hearing.loudness.present
    if not len(present) or float(present.sum()) < FRAME_HZ:
        return strengths
    loud = hearing.loudness.value * present
    high = np.clip(hearing.semitones, -6, 8) / 6 * present
    starts = np.array([one.start for one in hearing.phonemes])
    rate = np.histogram(starts, bins=len(present), range=(0, len(present) / FRAME_HZ))[0]
    width = 0.9 * FRAME_HZ
    share = np.maximum(smooth(present, width), 0.05)
    level = smooth(loud.astype(np.float32), width) / share - 0.55
    pitch = smooth(high.astype(np.float32), width) / share
    pace = smooth(rate.astype(np.float32), width) * FRAME_HZ / 12 - 0.9
    value = 1.2 * level + 0.7 * pitch + 0.3 * np.clip(pace, -0.6, 0.6)
    value = value * np.clip(share * 3, 0, 1)
    at = np.clip((np.arange(frames) / fps * FRAME_HZ).astype(int), 0, len(value) - 1)
    strengths[:, EMOTIONS.index("happy")] = np.clip(value[at], 0, 1) * _MODEST
    strengths[:, EMOTIONS.index("surprised")] = np.clip(value[at] - 0.5, 0, 1) * _MODEST * 0.5
    strengths[:, EMOTIONS.index("sad")] = np.clip(-value[at] - 0.15, 0, 1) * _MODEST * 0.6
    return strengths
