"""How the head moves: from posture to posture with the phrases, and nods on stress."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.curves import smooth
from sadtalker_ext.motion.acts import Posture
from sadtalker_ext.speech.accents import Accent
from sadtalker_ext.types import FloatArray

LARGEST = (15.6, 9.9, 8.9)
"""Degrees of yaw, pitch and roll that are approached but never passed."""

_TREMOR = (0.9, 0.5, 0.45)
"""Standard deviation in degrees of what no posture is ever free of."""
_TREMOR_SMOOTH = 0.17  # seconds
_NOD = 2.6  # degrees
_NOD_WIDTH = 0.13  # seconds
_SIDE_NOD = 0.9
_LIFT_PER_SEMITONE = 0.15
_BREATH_LIFT = 0.35
_EASE_IN = 0.6  # seconds from the picture's pose into motion
_FINAL_SMOOTH = 0.04


def head_track(
    frames: int,
    fps: float,
    *,
    postures: Sequence[Posture],
    accents: Sequence[Accent],
    semitones: FloatArray,
    breath: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return (T, 3) float32 yaw, pitch, roll in degrees.

    A nod goes down at each accent; the head rises a little with the pitch of the voice and with
    each breath. Ways between postures have the least jerk (Flash and Hogan, "The coordination of
    arm movements", 1985), and everything else is smoothed, so speed and acceleration stay small.

    Args:
        frames: T.
        fps: Frames per second.
        postures: In order of time.
        accents: Stressed syllables.
        semitones: (T,) pitch relative to the usual one.
        breath: (T,) -1..1.
        rng: Source of randomness of its own.
    """
    head = _ways(frames, fps, postures) + _tremor(frames, fps, rng)
    nods = _nods(frames, fps, accents, rng)
    lift = smooth(semitones, 0.2 * fps)
    head[:, 0] += nods[:, 1]
    head[:, 1] += nods[:, 0] - _LIFT_PER_SEMITONE * np.clip(lift, -5, 5) - _BREATH_LIFT * breath
    head[:, 2] += 0.4 * nods[:, 1]
    head = smooth(head.astype(np.float32), _FINAL_SMOOTH * fps)
    ease = np.clip(np.arange(frames) / (_EASE_IN * fps), 0, 1)
    return np.asarray(head * (ease * ease * (3 - 2 * ease))[:, None], dtype=np.float32)


def limited(head: FloatArray) -> FloatArray:
    """Return the angles softly kept below `LARGEST`."""
    most = np.array(LARGEST)
    return np.asarray(most * np.tanh(head / most), dtype=np.float32)


def _ways(frames: int, fps: float, postures: Sequence[Posture]) -> FloatArray:
    """Return (T, 3) degrees: the sum of all changes of posture, each with the least jerk."""
    pose = np.zeros((frames, 3))
    times = np.arange(frames) / fps
    before = np.zeros(3)
    for one in postures:
        first = int(one.time * fps)
        if first >= frames:
            break
        part = np.clip((times[first:] - one.time) / one.seconds, 0, 1)
        step = part**3 * (10 - 15 * part + 6 * part**2)
        pose[first:] += step[:, None] * (one.pose - before)
        before = one.pose
    return np.asarray(pose, np.float32)


def _tremor(frames: int, fps: float, rng: np.random.Generator) -> FloatArray:
    sigma = _TREMOR_SMOOTH * fps
    noise = smooth(rng.normal(0, 1, (frames, 3)).astype(np.float32), sigma)
    # a Gaussian of this width leaves so much of white noise
    scale = np.sqrt(2 * sigma * np.sqrt(np.pi))
    return np.asarray(noise * scale * np.array(_TREMOR), np.float32)


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
