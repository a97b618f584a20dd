"""When and how the lids close."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

# Seconds, as measured in people. A lid stays shut for longer than a frame, so that one shows it.
_CLOSING = (0.065, 0.095)
_SHUT = (0.045, 0.070)
_OPENING = (0.130, 0.190)
_APART = 0.003  # at most; then the lids' closures differ by less than 0.08 in any frame
_AGAIN = 0.08  # between the two halves of a double blink
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
    for time, blinks in _natural(frames / fps, rate, cues, rng):
        begins = time
        for blink in blinks:
            _close(lids, fps, begins, blink)
            begins += blink.seconds + _AGAIN
    return lids


def natural_times(
    seconds: float, rate: float, cues: Sequence[float], rng: np.random.Generator
) -> list[float]:
    """Return when `natural_blinks` begin, in seconds; for lids that close in a way of their own."""
    return [time for time, _ in _natural(seconds, rate, cues, rng)]


def _natural(
    seconds: float, rate: float, cues: Sequence[float], rng: np.random.Generator
) -> Iterator[tuple[float, tuple[_Blink, ...]]]:
    """Yield every blink's beginning in seconds, and its one or two movements."""
    last = -_LEAST_GAP
    for planned in _schedule(seconds, rate, rng) if rate > 0 else ():
        drawn = _drawn_to_cue(planned, cues, rng)
        time = drawn if last + _LEAST_GAP <= drawn <= seconds - _LONGEST else planned
        again = float(rng.random()) < _DOUBLE and seconds >= _DOUBLE_FROM
        one, two = (_draw_blink(rng) for _ in range(2))
        if time - last < _LEAST_GAP:
            continue
        last = time
        yield time, (one, two) if again else (one,)


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


class _Blink(NamedTuple):
    """One movement of both lids, in seconds; the right lid is `late` behind the left one."""

    closing: float
    shut: float
    opening: float
    late: float

    @property
    def seconds(self) -> float:
        return self.closing + self.shut + self.opening

    def closure(self, time: npt.NDArray[np.float64]) -> FloatArray:
        """Return the closure at times since the beginning; fast down, shut, slow up."""
        down = np.clip(time / self.closing, 0, 1)
        up = np.clip((time - self.closing - self.shut) / self.opening, 0, 1) ** 0.85
        closure = down * down * (3 - 2 * down) * (1 - up * up * (3 - 2 * up))
        return np.asarray(closure, dtype=np.float32)


def _draw_blink(rng: np.random.Generator) -> _Blink:
    spans = (_CLOSING, _SHUT, _OPENING, (-_APART, _APART))
    closing, shut, opening, late = (float(rng.uniform(*span)) for span in spans)
    return _Blink(closing, shut, opening, late)


def _close(lids: FloatArray, fps: float, start: float, blink: _Blink) -> None:
    """Lay one blink over the lids, if it fits."""
    if start < 0 or (start + blink.seconds + _APART) * fps > len(lids) - 1:
        return
    rows = np.arange(int(start * fps), int((start + blink.seconds + _APART) * fps) + 2)
    for lid, late in enumerate((0.0, blink.late)):
        lids[rows, lid] = np.maximum(lids[rows, lid], blink.closure(rows / fps - start - late))
