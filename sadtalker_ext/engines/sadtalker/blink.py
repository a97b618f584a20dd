"""When the eyes close: one blink ratio per video frame, T frames at 25 per second."""

from __future__ import annotations

import random

import numpy as np

from sadtalker_ext.motion.blinks import natural_times
from sadtalker_ext.types import MOTION_FPS, FloatArray

_SHAPE = np.array([0.5, 0.9, 1.0, 0.9, 0.5], np.float32)
"""Closure during one blink; the only shape the expression network has seen."""
_SHORTEST_CLIP = 21
_LONGEST_GAP = 70
_SHORTEST_GAP = 10


def original_blinks(frames: int, draw: random.Random) -> FloatArray:
    """Return the reference model's blink ratio, (T,) float32 in [0, 1] (SPEC 8).

    The rhythm comes from Python's own generator, because only that repeats the reference's
    sequence for a given seed.

    Args:
        frames: T. Up to 20 frames never blink. With 21 the reference fails on an empty range;
            here that clip does not blink either.
        draw: Generator in the state the reference's global one would have.
    """
    ratio = np.zeros(frames, np.float32)
    if frames <= _SHORTEST_CLIP:
        return ratio
    gaps = range(min(_SHORTEST_GAP, frames), min(frames // 2, _LONGEST_GAP))
    end = 0
    while end < frames:
        start = end + draw.choice(gaps)
        if start + len(_SHAPE) > frames - 1:
            break
        end = start + len(_SHAPE)
        ratio[start:end] = _SHAPE
    return ratio


def natural_blinks(frames: int, per_minute: float, rng: np.random.Generator) -> FloatArray:
    """Return a blink ratio with the uneven gaps of a person, (T,) float32 in [0, 1].

    The eyes close when those of every engine do (`motion.blinks`), in the network's own shape.

    Args:
        frames: T.
        per_minute: Mean rate; 0 gives no blinks.
        rng: Generator made from the job's seed.
    """
    ratio = np.zeros(frames, np.float32)
    for time in natural_times(frames / MOTION_FPS, per_minute, (), rng):
        start = round(time * MOTION_FPS)
        if start + len(_SHAPE) <= frames:
            ratio[start : start + len(_SHAPE)] = _SHAPE
    return ratio


def no_blinks(frames: int) -> FloatArray:
    """Return the ratio of eyes that are never closed, (T,) float32."""
    return np.zeros(frames, np.float32)
