"""How strong each emotion is, frame by frame: onset, peak, holding and release.

As on people an emotion comes faster than it goes, is strongest shortly after it has come, and is
never held still: it breathes by some percent. Its own stream of random numbers makes the
variations, so that they repeat.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.motion.cues import Cue
from sadtalker_ext.motion.emotions import COLOURS
from sadtalker_ext.types import FloatArray

_PEAK, _SETTLES = 0.06, 0.6
"""How much stronger than held an emotion is when it has just come, and seconds until it settles."""
_CONTROL_SECONDS = 0.3
"""Of a single control that is told no time to come and go."""

FASTEST: Final = 2.2
"""No weight changes faster than this much in one transition's length, whatever the ease: the
steepest ease rises twice as fast as its mean, and the peak adds a tenth."""


def eased(ease: str, part: FloatArray) -> FloatArray:
    """Return 0..1 for 0..1: "smooth" (3 t^2 - 2 t^3), "linear", "in" (t^2) or "out" (2 t - t^2)."""
    if ease == "linear":
        return part
    if ease == "in":
        return part * part
    if ease == "out":
        return part * (2 - part)
    return part * part * (3 - 2 * part)


def emotion_weights(
    frames: int, fps: float, base: Mapping[str, float], cues: Sequence[Cue]
) -> FloatArray:
    """Return (T, E) float32 strengths 0..1 of the emotions, in the order of `EMOTIONS`.

    Args:
        frames: T.
        fps: Frames per second.
        base: The emotion of the whole performance; it is there from the first frame on, and comes
            back when a cue ends.
        cues: Emotions of the timeline, in the order of time.
    """
    rest = _vector(base)
    changes: list[tuple[float, FloatArray, float, str]] = []
    for number, cue in enumerate(cues):
        one = cue.direction
        target = _vector(dict(one.weights)) * np.float32(one.intensity)
        changes.append((cue.start, target, _seconds(one.transition, target, rest), one.ease))
        follows = number + 1 < len(cues) and cues[number + 1].start <= cue.end + 1e-3
        if not math.isinf(cue.end) and not follows:
            changes.append((cue.end, rest, _seconds(one.transition, rest, target), one.ease))
    times = (np.arange(frames) / fps).astype(np.float32)
    track = np.tile(rest, (frames, 1))
    before, target, begun, length, ease = rest, rest, 0.0, 1.0, "linear"
    for at, following, seconds, how in changes:
        part = np.clip(np.float32((at - begun) / length), 0, 1)
        before = before + (target - before) * eased(ease, np.asarray(part, np.float32))
        target, begun, length, ease = following, at, seconds, how
        later = times >= at
        part_rows = np.clip((times[later] - at) / length, 0, 1)
        track[later] = before + (target - before) * eased(ease, part_rows)[:, None]
        since = np.maximum(times[later] - at - length, 0)
        peak = _PEAK * part_rows * np.exp(-since / _SETTLES)
        track[later] += np.maximum(target - before, 0) * peak[:, None]
    return np.clip(track, 0, 1).astype(np.float32)


def control_track(frames: int, fps: float, name: str, cues: Sequence[Cue]) -> FloatArray:
    """Return (T,) float32 the weight of one blendshape as its cues direct it."""
    times = (np.arange(frames) / fps).astype(np.float32)
    track = np.zeros(frames, np.float32)
    for cue in cues:
        one = cue.direction
        size = np.float32(dict(one.weights)[name] * one.intensity)
        length = _CONTROL_SECONDS if one.transition is None else one.transition
        came = eased(one.ease, np.clip((times - cue.start) / length, 0, 1))
        if not math.isinf(cue.end):
            came = came * (1 - eased(one.ease, np.clip((times - cue.end) / length, 0, 1)))
        track = np.maximum(track, size * came)
    return track


def living(
    frames: int, fps: float, channels: int, rng: np.random.Generator, seconds: float = 0.45
) -> FloatArray:
    """Return (T, channels) float32 slow noise of standard deviation 1."""
    sigma = seconds * fps
    noise = smooth(rng.normal(0, 1, (frames, channels)).astype(np.float32), sigma)
    # a Gaussian of this width leaves so much of white noise
    return np.asarray(noise * np.sqrt(2 * sigma * np.sqrt(np.pi)), np.float32)


def _vector(weights: Mapping[str, float]) -> FloatArray:
    found = np.array([weights.get(name, 0.0) for name in EMOTIONS], np.float32)
    return np.asarray(np.clip(found, 0, 1), np.float32)


def _seconds(given: float | None, target: FloatArray, leaving: FloatArray) -> float:
    """Return how long a change takes: as told, or as the emotion that comes or goes does."""
    if given is not None:
        return given
    if target[1:].sum() > 0:
        return COLOURS[EMOTIONS[1 + int(target[1:].argmax())]].onset
    if leaving[1:].sum() > 0:
        return COLOURS[EMOTIONS[1 + int(leaving[1:].argmax())]].release
    return COLOURS[EMOTIONS[0]].release
