"""When the eyes close: one blink ratio per video frame, T frames at 25 per second."""

from __future__ import annotations

import random

import numpy as np

from sadtalker_ext.types import FloatArray

_SHAPE = np.array([0.5, 0.9, 1.0, 0.9, 0.5], np.float32)
"""Closure during one blink; the only shape the expression network has seen."""
_FRAMES_PER_MINUTE = 25.0 * 60.0
_SHORTEST_CLIP = 21
_LONGEST_GAP = 70
_SHORTEST_GAP = 10
_REST = 6
"""Fewest frames from the end of one natural blink to the beginning of the next."""


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

    Gaps follow a gamma distribution of shape 2 around the mean that `per_minute` asks for: blinks
    come in uneven rows, neither regular nor arbitrarily close to each other.

    Args:
        frames: T.
        per_minute: Mean rate; 0 gives no blinks.
        rng: Generator made from the job's seed.
    """
    ratio = np.zeros(frames, np.float32)
    if per_minute <= 0:
        return ratio
    taken = len(_SHAPE) + _REST
    spare = max(_FRAMES_PER_MINUTE / per_minute - taken, 1.0)
    start = int(rng.gamma(2.0, spare / 2.0))
    while start + len(_SHAPE) <= frames:
        ratio[start : start + len(_SHAPE)] = _SHAPE
        start += taken + int(rng.gamma(2.0, spare / 2.0))
    return ratio


def no_blinks(frames: int) -> FloatArray:
    """Return the ratio of eyes that are never closed, (T,) float32."""
    return np.zeros(frames, np.float32)
