"""When the written words of a known text are said, also those that were not found in the sound."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from sadtalker_ext.spoken_words import SILENCE, Phoneme, Word

_LEAST_FOUND = 0.5
"""Share of the words between the first and the last found ones that must be found."""
_FEW = 3
"""So many words in a row may be said so quickly that nothing is left of them."""
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
    where too little is heard for them, but for a few within a sentence, which take no time.

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
        inner = before >= 0 and number < len(words)
        found += _between(words[before + 1 : number], (at, start), phones, inner=inner)
        if number < len(words):
            found.append(Word(text=words[number], start=max(start, at), end=max(stop, at)))
        before, at = number, max(stop, at)
    return tuple(found)


def _between(
    words: Sequence[str], gap: tuple[float, float], phones: Sequence[Phoneme], *, inner: bool
) -> list[Word]:
    """Return words that were not found, in what is heard between two moments."""
    if not words:
        return []
    heard = [
        (max(one.start, gap[0]), min(one.end, gap[1]))
        for one in phones
        if one.symbol != SILENCE and one.end > gap[0] and one.start < gap[1]
    ]
    letters = [len(word) for word in words]
    seconds = sum(stop - start for start, stop in heard)
    if seconds < _SECONDS_PER_LETTER * sum(letters):
        keep = inner and len(words) <= _FEW
        return [Word(text=word, start=gap[0], end=gap[0]) for word in words] if keep else []
    shares = [0, *itertools.accumulate(letters)]
    edges = [share / shares[-1] * seconds for share in shares]
    return [
        Word(text=word, start=_moment(heard, low, last=False), end=_moment(heard, high, last=True))
        for word, low, high in zip(words, edges[:-1], edges[1:], strict=True)
    ]


def _moment(heard: Sequence[tuple[float, float]], seconds: float, *, last: bool) -> float:
    """Return when so much was heard; at a pause its beginning if `last`, else its end."""
    for start, stop in heard:
        length = stop - start
        if seconds < length - 1e-9 or (last and seconds <= length + 1e-9):
            return start + max(seconds, 0.0)
        seconds -= length
    return heard[-1][1]
