"""One plan per phrase: when the head takes which posture, where the eyes look, when brows rise.

A speaker turns, looks and raises the brows with the phrases of the speech, not by clocks of their
own. So one plan is drawn for every phrase, and the curves of head, gaze and brows are made from
it. Sizes are those of people in talking clips (see docs/measurements.md).

Seconds are counted from the beginning of the speech; angles are degrees as in `types`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.accents import Accent, Pause

Pose = npt.NDArray[np.float64]

_POSTURE = np.array([10.6, 5.5, 4.3])
"""Standard deviation of the postures a speaker takes: yaw, pitch, roll."""
_FARTHEST = np.array([14.5, 9.0, 7.8])
_OTHER_SIDE = 0.65
"""Share of postures that go to the other side than the one before."""
_STRATA = 4
"""So many postures in a row have one size of each quarter of all: short clips get their share."""
_TILT_WITH_TURN = 0.18
"""People tilt a little towards where they turn."""
_LEAST_GAP = 0.5
"""Seconds between two postures."""
_LONGEST_HOLD = 1.2
_STILL = 0.12
"""Share of moments at which a speaker could move and does not."""
_END_TILT = 2.3
"""Degrees of roll that a phrase ends with, to either side."""
_END_RETURN = 0.45
"""Share of the turn that is left when a phrase has ended: speakers come back to the viewer."""
_REST = 0.9
"""Shorter silences are too short to move in; the head rests."""
_IDLE = 0.6
"""How much of a speaker's posture changes somebody makes who says nothing."""

_AWAY = 0.4
"""Share of phrases that begin with a look away, as people do who plan what they say."""
_AWAY_SIZE = (7.0, 3.5)
_SMALL_LOOK = (1.8, 0.9)
"""Standard deviation of the small looks within a phrase."""
_FIXATION = (0.35, 0.75)
"""Shortest and mean seconds between looks."""
_AT_VIEWER = 0.35
_BROW_PHRASE = 0.35
"""Share of phrases that begin with raised brows."""


@dataclass(frozen=True, slots=True, eq=False)
class Posture:
    """The head is on its way to a pose (yaw, pitch, roll) from `time` on for `seconds`."""

    time: float
    seconds: float
    pose: Pose


@dataclass(frozen=True, slots=True)
class Look:
    """The eyes jump to a place (degrees right and down, (0, 0) is the viewer)."""

    time: float
    right: float
    down: float


@dataclass(frozen=True, slots=True)
class BrowLift:
    """Brows rise by `size` around `time` and sink again; `seconds` is how long they are up."""

    time: float
    seconds: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What a face does beside speaking, each kind in the order of time."""

    postures: tuple[Posture, ...]
    looks: tuple[Look, ...]
    lifts: tuple[BrowLift, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A stretch of speech between two pauses, or of silence where nothing is said."""

    start: float
    end: float
    spoken: bool


def phrases_of(rests: Sequence[Pause], seconds: float, *, spoken: bool) -> list[Phrase]:
    """Return the phrases and the silences between them, without gaps."""
    if not spoken:
        return [Phrase(0.0, seconds, spoken=False)]
    found: list[Phrase] = []
    at = 0.0
    for one in rests:
        if one.start > at + 0.1:
            found.append(Phrase(at, min(one.start, seconds), spoken=True))
        found.append(Phrase(max(one.start, at), min(one.end, seconds), spoken=False))
        at = one.end
    if at < seconds - 0.1:
        found.append(Phrase(at, seconds, spoken=True))
    return [one for one in found if one.end > one.start]


def plan_acts(
    phrases: Sequence[Phrase], accents: Sequence[Accent], rng: np.random.Generator
) -> Acts:
    """Draw what happens in every phrase.

    Args:
        phrases: In order, without gaps.
        accents: Stressed syllables.
        rng: Source of randomness of its own.
    """
    postures: list[Posture] = []
    looks = [Look(0.0, 0.0, 0.0)]
    lifts: list[BrowLift] = []
    poses, pose = _Poses(rng), np.zeros(3)
    for one in phrases:
        inside = [accent for accent in accents if one.start <= accent.time < one.end]
        for time in _moments(one, inside, rng):
            pose = poses.after(pose) * (1.0 if one.spoken else _IDLE)
            postures.append(_move(time, postures, pose, rng))
        if one.spoken:
            pose = _ending(pose, rng)
            postures.append(_move(one.end - 0.25, postures, pose, rng))
        looks += _looks(one, rng)
        lifts += _lifts(one, inside, rng)
    return Acts(postures=tuple(postures), looks=tuple(looks), lifts=tuple(lifts))


def _moments(phrase: Phrase, accents: Sequence[Accent], rng: np.random.Generator) -> list[float]:
    """Return when the head takes a new posture: on stresses, and where none comes for long."""
    found: list[float] = []
    if not phrase.spoken and phrase.end - phrase.start < _REST:
        return found
    at = phrase.start + float(rng.uniform(0.0, 0.3))
    stresses = [accent.time - 0.15 for accent in accents]
    while at < phrase.end - 0.35:
        if float(rng.random()) >= _STILL:
            found.append(at)
        longest = at + float(rng.uniform(0.8, _LONGEST_HOLD)) * (1.0 if phrase.spoken else 2.0)
        following = [time for time in stresses if at + _LEAST_GAP <= time <= longest]
        at = following[0] if following else longest
    return found


class _Poses:
    """Draws postures; their sizes follow a normal distribution, evenly within a few."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._waiting: list[list[int]] = [[], [], []]

    def after(self, pose: Pose) -> Pose:
        """Return the posture after another one."""
        drawn = np.array([self._size(axis) for axis in range(3)]) * _POSTURE
        across = self._rng.random(3) < _OTHER_SIDE
        before = np.where(pose == 0, self._rng.choice([-1.0, 1.0], 3), np.sign(pose))
        drawn *= np.where(across, -before, before)
        drawn[2] += _TILT_WITH_TURN * drawn[0]
        kept: Pose = np.clip(drawn, -_FARTHEST, _FARTHEST)
        return kept

    def _size(self, axis: int) -> float:
        """Return the absolute value of a standard normal number."""
        if not self._waiting[axis]:
            self._waiting[axis] = [int(part) for part in self._rng.permutation(_STRATA)]
        share = (self._waiting[axis].pop() + float(self._rng.random())) / _STRATA
        return NormalDist().inv_cdf(0.5 + 0.499 * share)


def _ending(pose: Pose, rng: np.random.Generator) -> Pose:
    """Return the posture a phrase ends with: back to the viewer, a little tilted, chin lower."""
    ended = pose * np.array([_END_RETURN, 0.5, 0.5])
    side = 1.0 if rng.random() < 0.5 else -1.0
    ended += np.array([0.0, abs(rng.normal(0.8, 0.6)), side * rng.uniform(0.3, 1.0) * _END_TILT])
    kept: Pose = np.clip(ended, -_FARTHEST, _FARTHEST)
    return kept


def _move(time: float, before: Sequence[Posture], pose: Pose, rng: np.random.Generator) -> Posture:
    """Return the way to a posture; the longer it is the more time it takes."""
    start = before[-1].pose if before else np.zeros(3)
    way = float(np.linalg.norm(pose - start))
    seconds = float(np.clip(0.34 + 0.035 * way + rng.normal(0, 0.05), 0.3, 0.9))
    return Posture(max(time, 0.0), seconds, pose)


def _looks(phrase: Phrase, rng: np.random.Generator) -> list[Look]:
    """Return the looks of a phrase: perhaps away at first, small ones, and back at its end."""
    found: list[Look] = []
    at = phrase.start + float(rng.uniform(0.05, 0.4))
    if float(rng.random()) < _AWAY:
        side = 1.0 if rng.random() < 0.5 else -1.0
        right = side * float(rng.uniform(0.5, 1.0)) * _AWAY_SIZE[0]
        found.append(Look(at, right, float(rng.uniform(-1, 0.8)) * _AWAY_SIZE[1]))
        at += float(rng.uniform(0.5, 1.3))
    while at < phrase.end - 0.2:
        if float(rng.random()) < _AT_VIEWER:
            found.append(Look(at, 0.0, 0.0))
        else:
            right, down = rng.normal(0, _SMALL_LOOK)
            found.append(Look(at, float(right), float(down)))
        at += _FIXATION[0] + float(rng.exponential(_FIXATION[1] - _FIXATION[0]))
    back = phrase.end - 0.1
    found = [one for one in found if one.time < back]
    return [*found, Look(back, 0.0, 0.0)] if phrase.spoken else found


def _lifts(phrase: Phrase, accents: Sequence[Accent], rng: np.random.Generator) -> list[BrowLift]:
    """Return when brows rise: at some beginnings, and with stresses that stand out."""
    found: list[BrowLift] = []
    if phrase.spoken and float(rng.random()) < _BROW_PHRASE:
        length = float(rng.uniform(0.5, 1.1))
        found.append(BrowLift(phrase.start + 0.1, length, float(rng.uniform(0.45, 1.0))))
    for one in accents:
        size = one.strength * (0.4 + 0.6 * one.melody) * float(rng.uniform(0.3, 1.1))
        if size > 0.15:
            found.append(BrowLift(one.time - 0.05, float(rng.uniform(0.18, 0.4)), size))
    if not phrase.spoken:
        at = phrase.start + float(rng.exponential(4.0))
        if at < phrase.end - 0.5:
            found.append(BrowLift(at, 0.5, float(rng.uniform(0.15, 0.4))))
    return sorted(found, key=lambda one: one.time)
