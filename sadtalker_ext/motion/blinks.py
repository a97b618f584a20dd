"""When and how the lids close."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.types import FloatArray

# closure per frame at 25 fps: closing is faster than opening; two frames are fully shut
_SHAPES = (
    (0.45, 1.0, 1.0, 0.65, 0.25),
    (0.45, 1.0, 1.0, 0.75, 0.40, 0.15),
    (0.30, 0.90, 1.0, 1.0, 0.70, 0.40, 0.15),
    (0.30, 0.85, 1.0, 1.0, 0.85, 0.55, 0.30, 0.10),
)
_SHAPE_SHARES = (0.3, 0.4, 0.2, 0.1)
_ORIGINAL_SHAPE = (0.5, 0.9, 1.0, 0.9, 0.5)
_SPREAD = 0.5  # of the logarithm of the intervals
_STEADINESS = 0.5  # how strongly a run of long intervals is followed by short ones
_ATTRACTION = 0.7  # seconds around a planned blink in which a pause or a glance draws it
_DRAWN = 0.75  # share of such blinks that follow
_LEAST_GAP = 0.5  # seconds
_DRAWS = 30
_LONGEST = 0.4  # seconds a blink may take
_DOUBLE = 0.07  # share of double blinks, in clips long enough to hide one
_DOUBLE_FROM = 20.0


def natural_blinks(
    frames: int, fps: float, rate: float, cues: Sequence[float], rng: np.random.Generator
) -> FloatArray:
    """Return (T, 2) closure of both lids, 0..1.

    The intervals are log-normal, as measured in people, around 60 / rate seconds; the longer the
    blinks are behind the rate, the shorter the next interval, so that a short clip has its share
    too. Blinks gather at the cues (beginnings of pauses, glances).

    Args:
        frames: T.
        fps: Frames per second, about 25.
        rate: Blinks per minute; 0 for none.
        cues: Times in seconds, rising.
        rng: Source of randomness of its own.
    """
    lids = np.zeros((frames, 2), dtype=np.float32)
    if rate <= 0:
        return lids
    seconds = frames / fps
    last = -_LEAST_GAP
    for planned in _schedule(seconds, rate, rng):
        drawn = _drawn_to_cue(planned, cues, rng)
        time = drawn if last + _LEAST_GAP <= drawn <= seconds - _LONGEST else planned
        again = float(rng.random()) < _DOUBLE and seconds >= _DOUBLE_FROM
        shape = _SHAPES[rng.choice(len(_SHAPES), p=_SHAPE_SHARES)]
        delay = rng.uniform(-0.3, 0.3)
        if time - last < _LEAST_GAP:
            continue
        first = round(time * fps)
        last = time
        _close(lids, first, shape, delay)
        if again:
            _close(lids, first + len(shape) + 2, _SHAPES[0], delay)
    return lids


def original_blinks(frames: int, rng: np.random.Generator) -> FloatArray:
    """Return (T, 2) closure in the rhythm of the original SadTalker.

    Between two blinks of five frames lie 10 to 69 frames, all equally likely; clips of 21 frames
    or less have none.
    """
    lids = np.zeros((frames, 2), dtype=np.float32)
    low, high = min(10, frames), min(frames // 2, 70)
    at = 0
    while frames > 20 and high > low and at < frames:
        gap = int(rng.integers(low, high))
        if at + gap + 5 > frames - 1:
            break
        lids[at + gap : at + gap + 5] = np.array(_ORIGINAL_SHAPE)[:, None]
        at += gap + 5
    return lids


def _schedule(seconds: float, rate: float, rng: np.random.Generator) -> list[float]:
    """Return planned times; a short clip gets its share, not a lucky draw's."""
    share = rate * seconds / 60
    for _ in range(_DRAWS):
        times = _intervals(seconds, rate, rng)
        if abs(len(times) - share) <= max(0.7, 0.25 * share):
            break
    return times


def _intervals(seconds: float, rate: float, rng: np.random.Generator) -> list[float]:
    mean = 60 / rate
    centre = -(_SPREAD**2) / 2  # so that the mean factor is 1
    at = -mean * float(rng.uniform(0.55, 0.8))
    expected = at
    times: list[float] = []
    while True:
        behind = float(np.clip((at - expected) / mean, -1.5, 1.5))
        factor = float(rng.lognormal(centre, _SPREAD))
        at += mean * max(0.2, factor * np.exp(-_STEADINESS * behind))
        expected += mean
        if at >= seconds - _LONGEST:
            return times
        if at > 0.2:
            times.append(at)


def _drawn_to_cue(planned: float, cues: Sequence[float], rng: np.random.Generator) -> float:
    """Return the time of the nearest cue, mostly, if one is near enough."""
    follows = float(rng.random()) < _DRAWN
    index = int(np.searchsorted(cues, planned))
    near = [cue for cue in cues[max(0, index - 1) : index + 1] if abs(cue - planned) < _ATTRACTION]
    if not (near and follows):
        return planned
    return min(near, key=lambda cue: abs(cue - planned)) + 0.04


def _close(lids: FloatArray, first: int, shape: Sequence[float], delay: float) -> None:
    """Lay one blink over the lids, if it fits; one eye is a fraction of a frame later."""
    if first < 0 or first + len(shape) + 1 > len(lids):
        return
    late = abs(delay)
    plain = np.array([*shape, 0.0], dtype=np.float32)
    shifted = (1 - late) * plain + late * np.concatenate([[0.0], plain[:-1]])
    rows = slice(first, first + len(plain))
    slow = 0 if delay < 0 else 1
    lids[rows, slow] = np.maximum(lids[rows, slow], shifted)
    lids[rows, 1 - slow] = np.maximum(lids[rows, 1 - slow], plain)
