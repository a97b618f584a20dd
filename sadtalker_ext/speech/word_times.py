"""When the written words of a known text are said, also those that were not found in the sound."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from sadtalker_ext.spoken_words import SILENCE, Phoneme, Word

_LEAST_FOUND = 0.5
"""Share of the words between the first and the last found ones that must be found."""
_FEW = 3
"""So many words in a row may be said with the one before, so that they are not found alone."""
_SECONDS_PER_LETTER = 0.03
"""Words that are said take more than this; people speak 10 to 20 letters a second."""


class Span(NamedTuple):
    """Where a written word is heard.

    Attributes:
        written: Number of the word in the text.
        start: Seconds.
        end: Seconds.
    """

    written: int
    start: float
    end: float


def word_times(
    words: Sequence[str], spans: Sequence[Span], phones: Sequence[Phoneme]
) -> tuple[Word, ...]:
    """Return the words of a text that are said, with their times, in order.

    Words that were not found share out what is heard between their neighbours. They are left out
    where too little is heard for them, but for a few, which share the time of the word before.

    Args:
        words: As they are written.
        spans: Those that were found in the sound, in order; several may belong to one word.
        phones: What is heard, in order.

    Returns:
        Nothing where the text is not what is said.
    """
    known: dict[int, tuple[float, float]] = {}
    for span in spans:
        start, _ = known.get(span.written, (span.start, 0.0))
        known[span.written] = (start, max(span.end, start))
    order = sorted(known)
    if not order or len(order) < _LEAST_FOUND * (order[-1] - order[0] + 1):
        return ()
    end = max([phones[-1].end if phones else 0.0, known[order[-1]][1]])
    found: list[Word] = []
    before, at = -1, 0.0
    for number in [*order, len(words)]:
        start, stop = known.get(number, (end, end))
        missing = words[before + 1 : number]
        between = _between(missing, (at, start), phones)
        if missing and not between and found and number < len(words) and len(missing) <= _FEW:
            # said together with the word before, as espeak-ng says "of the" in one
            last = found.pop()
            between = _shared([last.text, *missing], [(last.start, last.end)])
        found += between
        if number < len(words):
            found.append(Word(text=words[number], start=max(start, at), end=max(stop, at)))
        before, at = number, max(stop, at)
    return tuple(found)


def _between(
    words: Sequence[str], gap: tuple[float, float], phones: Sequence[Phoneme]
) -> list[Word]:
    """Return words that were not found, in what is heard between two moments; or none."""
    heard = [
        (max(one.start, gap[0]), min(one.end, gap[1]))
        for one in phones
        if one.symbol != SILENCE and one.end > gap[0] and one.start < gap[1]
    ]
    seconds = sum(stop - start for start, stop in heard)
    enough = heard and seconds >= _SECONDS_PER_LETTER * sum(len(word) for word in words)
    return _shared(words, heard) if enough else []


def _shared(words: Sequence[str], heard: Sequence[tuple[float, float]]) -> list[Word]:
    """Return words that share out stretches of sound by their letters."""
    seconds = sum(stop - start for start, stop in heard)
    shares = [0, *itertools.accumulate(len(word) for word in words)]
    edges = [share / max(shares[-1], 1) * seconds for share in shares]
    return [
        Word(text=word, start=_moment(heard, low, last=False), end=_moment(heard, high, last=True))
        for word, (low, high) in zip(words, itertools.pairwise(edges), strict=True)
    ]


def _moment(heard: Sequence[tuple[float, float]], seconds: float, *, last: bool) -> float:
    """Return when so much was heard; at a pause its beginning if `last`, else its end."""
    for start, stop in heard:
        length = stop - start
        if seconds < length - 1e-9 or (last and seconds <= length + 1e-9):
            return start + max(seconds, 0.0)
        seconds -= length
    return heard[-1][1]
