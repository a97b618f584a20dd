"""How the head moves while somebody speaks: sway, nods on stress, breath, rest in pauses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.speech.accents import Accent, Pause
from sadtalker_ext.types import FloatArray

LARGEST = (8.0, 6.0, 4.0)
"""Degrees of yaw, pitch and roll that are approached but never passed."""

_SWAY = (3.2, 1.4, 1.3)  # degrees, standard deviation of the poses the head drifts between
_POSE_SECONDS = (0.9, 2.6)
_SWAY_SMOOTH = 0.38  # seconds
_NOD = 4.2  # degrees
_NOD_WIDTH = 0.13  # seconds
_SIDE_NOD = 0.9
_LIFT_PER_SEMITONE = 0.22
_BREATH_LIFT = 0.35
_LONG_PAUSE = 0.7
_REST = 0.25  # share of the sway left in long pauses
_EASE_IN = 0.6  # seconds from the picture's pose into motion
_FINAL_SMOOTH = 0.05


def head_track(
    frames: int,
    fps: float,
    *,
    accents: Sequence[Accent],
    pauses: Sequence[Pause],
    semitones: FloatArray,
    breath: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return (T, 3) float32 yaw, pitch, roll in degrees.

    Slow sway between random poses, calmer in long pauses; a nod down at each accent; the head
    rises a little with the pitch of the voice and with each breath. Everything is a sum of
    Gaussian-smoothed curves, so speed and acceleration stay small.

    Args:
        frames: T.
        fps: Frames per second.
        accents: Stressed syllables.
        pauses: Silences.
        semitones: (T,) pitch relative to the usual one.
        breath: (T,) -1..1.
        rng: Source of randomness of its own.
    """
    head = _sway(frames, fps, rng) * _calm(frames, fps, pauses)[:, None]
    nods = _nods(frames, fps, accents, rng)
    lift = smooth(semitones, 0.2 * fps)
    head[:, 0] += nods[:, 1]
    head[:, 1] += nods[:, 0] - _LIFT_PER_SEMITONE * np.clip(lift, -5, 5) - _BREATH_LIFT * breath
    head[:, 2] += 0.4 * nods[:, 1]
    head = smooth(head, _FINAL_SMOOTH * fps)
    ease = np.clip(np.arange(frames) / (_EASE_IN * fps), 0, 1)
    return np.asarray(head * (ease * ease * (3 - 2 * ease))[:, None], dtype=np.float32)


def limited(head: FloatArray) -> FloatArray:
    """Return the angles softly kept below `LARGEST`."""
    most = np.array(LARGEST)
    return np.asarray(most * np.tanh(head / most), dtype=np.float32)


def _sway(frames: int, fps: float, rng: np.random.Generator) -> FloatArray:
    times, poses = [0.0], [np.zeros(3)]
    while times[-1] < frames / fps:
        times.append(times[-1] + float(rng.uniform(*_POSE_SECONDS)))
        pose = rng.normal(0, _SWAY)
        pose[2] += 0.2 * pose[0]  # people tilt a little towards where they turn
        poses.append(0.35 * poses[-1] + 0.85 * pose)
    table = np.array(poses)
    at = np.arange(frames) / fps
    curve = np.stack([np.interp(at, times, table[:, axis]) for axis in range(3)], axis=1)
    return smooth(curve.astype(np.float32), _SWAY_SMOOTH * fps)


def _calm(frames: int, fps: float, pauses: Sequence[Pause]) -> FloatArray:
    """Return (T,) factor that is smaller in long pauses, where the head returns to rest."""
    factor = np.ones(frames, dtype=np.float32)
    for one in pauses:
        if one.end - one.start >= _LONG_PAUSE:
            factor[round((one.start + 0.2) * fps) : round(one.end * fps)] = _REST
    return smooth(factor, 0.3 * fps)


def _nods(
    frames: int, fps: float, accents: Sequence[Accent], rng: np.random.Generator
) -> FloatArray:
    """Return (T, 2) degrees down and sideways."""
    marks = np.zeros((frames, 2), dtype=np.float32)
    for one in accents:
        size = one.strength * float(rng.uniform(0.4, 1.0))
        side = float(rng.normal(0, _SIDE_NOD))
        at = round(one.time * fps)
        if 0 <= at < frames:
            marks[at] += (size * _NOD, size * side)
    width = _NOD_WIDTH * fps
    gain = width * np.sqrt(2 * np.pi)
    down = smooth(marks, width) * gain
    # a slight rise before and after makes the nod swing instead of drop
    swing = smooth(marks, 2.2 * width) * gain * 0.9
    return np.asarray(down - 0.5 * swing, dtype=np.float32)
