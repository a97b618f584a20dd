"""Which frame of the video is shown when, where speech and video are not equally long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from sadtalker_ext.inputs.footage import Footage, FootageFrame

_BACKWARDS = 24
"""Frames kept in memory while the video runs backwards."""
_EQUAL = 0.08
"""Seconds by which lengths may differ and still be the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The frames of the result.

    Attributes:
        source: (n,) number of the video's frame.
        pts: (n,) time stamps in the video's time base, beginning with 0.
        seconds: Length of the whole.
        told: What was done about different lengths; empty if nothing.
    """

    source: npt.NDArray[np.int64]
    pts: npt.NDArray[np.int64]
    seconds: Fraction
    told: str

    def middles(self, base: Fraction) -> npt.NDArray[np.float64]:
        """Return (n,) the middle of each frame's time on the screen, in seconds."""
        ends = np.append(self.pts[1:], round(self.seconds / base))
        return np.asarray((self.pts + ends) / 2 * float(base), np.float64)


def plan_frames(
    pts: npt.NDArray[np.int64],
    base: Fraction,
    rate: Fraction,
    speech_seconds: float,
    length: str,
    *,
    static: bool = False,
) -> Schedule:
    """Return which frames are shown.

    Args:
        pts: (n,) time stamps of the video's frames.
        base: Seconds per unit.
        rate: Usual frames per second.
        speech_seconds: When everything has been said.
        length: "hold", "loop" or "cut".
        static: Show the first frame only, for as long as the speech lasts.
    """
    step = max(1, round(1 / (rate * base)))
    if static:
        count = max(1, round(speech_seconds * rate))
        stamps = np.array([round(n / (rate * base)) for n in range(count)], np.int64)
        return Schedule(
            np.zeros(count, np.int64), stamps, Fraction(count) / rate, "The first frame is held."
        )
    own = np.asarray(pts, np.int64) - int(pts[0])
    source = np.arange(len(own), dtype=np.int64)
    ends = Fraction(int(own[-1]) + step) * base
    longer = speech_seconds - float(ends)
    if abs(longer) <= _EQUAL or (longer < 0 and length != "cut"):
        told = ""
        if longer < -_EQUAL:
            told = f"The speech ends {-longer:.1f} s before the video, which goes on without it."
        return Schedule(source, own, ends, told)
    if length == "cut":
        if longer > 0:
            told = f"The last {longer:.1f} s of the speech are cut off: the video is shorter."
            return Schedule(source, own, ends, told)
        kept = max(1, int(np.searchsorted(own, speech_seconds / float(base))))
        told = f"The last {-longer:.1f} s of the video are cut off: the speech is shorter."
        return Schedule(
            source[:kept],
            own[:kept],
            min(ends, Fraction(int(own[kept - 1]) + step) * base),
            told,
        )
    more = max(1, int(np.ceil(longer / float(step * base))))
    stamps = own[-1] + step * np.arange(1, more + 1, dtype=np.int64)
    whole = Fraction(int(stamps[-1]) + step) * base
    if length == "hold" or len(own) < 2:
        added = np.full(more, source[-1])
        told = f"The last frame is held for {longer:.1f} s: the speech is longer."
    else:
        last = len(own) - 1
        at = (last + np.arange(1, more + 1)) % (2 * last)
        added = np.where(at > last, 2 * last - at, at).astype(np.int64)
        told = f"The video runs back and forth for {longer:.1f} s more: the speech is longer."
    return Schedule(np.append(source, added), np.append(own, stamps), whole, told)


def scheduled(
    footage: Footage, stamps: npt.NDArray[np.int64], source: npt.NDArray[np.int64]
) -> Iterator[FootageFrame]:
    """Yield frames of a video by their numbers, in memory that holds only a few.

    Args:
        footage: The video.
        stamps: (n,) time stamps of all its frames.
        source: Numbers of the wanted frames: runs upwards, downwards, or of one frame.
    """
    at, origin = 0, int(stamps[0])
    while at < len(source):
        first = int(source[at])
        run = _run(source, at)
        if run[1] == 0:
            frame = next(footage.frames(first, pts=int(stamps[first]), origin=origin), None)
            if frame is None:
                return
            for _ in range(run[0]):
                yield replace(frame, planes=frame.planes.copy())
        elif run[1] > 0:
            # one reading for as long as numbers go up
            reading = footage.frames(
                first, pts=int(stamps[first]) if first else None, origin=origin
            )
            for count, frame in enumerate(reading, 1):
                yield frame
                if count == run[0]:
                    break
        else:
            yield from _backwards(footage, stamps, first, run[0], origin)
        at += run[0]


def _run(source: npt.NDArray[np.int64], at: int) -> tuple[int, int]:
    """Return how many frames go on by the same step, and the step: 1, 0 or -1."""
    if at + 1 >= len(source):
        return 1, 1
    steps = np.diff(source[at:])
    step = int(steps[0])
    if step not in (-1, 0, 1):
        return 1, 1
    other = np.flatnonzero(steps != step)
    return (int(other[0]) + 1 if len(other) else len(source) - at), step


def _backwards(
    footage: Footage, stamps: npt.NDArray[np.int64], first: int, count: int, origin: int
) -> Iterator[FootageFrame]:
    high = first + 1
    low_end = first - count + 1
    while high > low_end:
        low = max(low_end, high - _BACKWARDS)
        reading = footage.frames(low, pts=int(stamps[low]), origin=origin)
        held = [frame for frame, _ in zip(reading, range(high - low), strict=False)]
        yield from reversed(held)
        high = low
