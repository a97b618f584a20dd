"""When directions happen: moments become seconds, and what cannot be is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sadtalker_ext.directions import Direction, Moment, Timeline
from sadtalker_ext.timeline import refused
from sadtalker_ext.types import Word

_SAME = 1e-3
"""Seconds within which two moments are one."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A direction with its times in seconds; `end` is infinite where nothing ends it."""

    direction: Direction
    start: float
    end: float = math.inf


def cues_of(timeline: Timeline, seconds: float, fps: float, words: Sequence[Word]) -> list[Cue]:
    """Return the cues of a timeline in the order of time.

    Of the directions that take each other's place (emotions, gazes, heads, one control, one
    gesture) one without an end lasts until the next begins.

    Args:
        timeline: What is to happen.
        seconds: Length of the performance.
        fps: Frames per second of the video, for moments in frames.
        words: Words of the speech with their times.

    Raises:
        InvalidOption: A moment lies outside the performance, its word is not said, or a direction
            begins while another one of its kind lasts. The entry is named.
    """
    found = [_cue(one, seconds, fps, words) for one in timeline.directions]
    found.sort(key=lambda cue: (cue.start, cue.direction.number))
    ends = [cue.end for cue in found]
    last: dict[str, int] = {}
    for number, cue in enumerate(found):
        for group in _groups(cue.direction):
            if group in last:
                _follow(found, ends, last[group], number, group)
            last[group] = number
    return [Cue(cue.direction, cue.start, end) for cue, end in zip(found, ends, strict=True)]


def _follow(found: list[Cue], ends: list[float], before: int, number: int, group: str) -> None:
    """Let one cue take the place of the one before it, or refuse it."""
    cue, other = found[number], found[before]
    if ends[before] > cue.start + _SAME and not math.isinf(ends[before]):
        raise refused(
            cue.direction.number,
            f"its {group} begins at {cue.start:g} s, while entry {other.direction.number} lasts "
            f"until {ends[before]:g} s",
        )
    if cue.start - other.start < _SAME:
        raise refused(
            cue.direction.number,
            f"its {group} begins at the same time as that of entry {other.direction.number}",
        )
    if math.isinf(ends[before]) and cue.direction.kind != "control":
        ends[before] = cue.start


def _groups(direction: Direction) -> Iterator[str]:
    if direction.kind == "control":
        yield from (name for name, _ in direction.weights)
    elif direction.kind == "gesture":
        yield direction.name
    else:
        yield direction.kind


def _cue(one: Direction, seconds: float, fps: float, words: Sequence[Word]) -> Cue:
    start = _second("at", one, one.at, seconds, fps, words)
    if one.until is None:
        return Cue(one, start)
    end = _second("until", one, one.until, seconds, fps, words)
    if end <= start + _SAME:
        raise refused(one.number, f"until ({end:g} s) should be after at ({start:g} s)")
    return Cue(one, start, end)


def _second(
    key: str, one: Direction, moment: Moment, seconds: float, fps: float, words: Sequence[Word]
) -> float:
    try:
        at = moment.seconds(seconds, fps, words)
    except LookupError as error:
        raise refused(one.number, f"{key}: {error.args[0]}") from None
    if at > seconds + 1 / fps:
        raise refused(
            one.number,
            f"{key} is {at:g} s{_written(moment)}, but the video ends at {seconds:.4g} s",
        )
    return at


def _written(moment: Moment) -> str:
    """Return how a moment was written, where that is not in seconds."""
    return "" if moment.unit == "seconds" else f" ({moment.text})"
