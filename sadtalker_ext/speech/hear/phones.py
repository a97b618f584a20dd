"""From the networks' answers for one piece of sound to its phones, with or without its text."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sadtalker_ext.speech.hear.align import Word, fit, placed
from sadtalker_ext.speech.hear.decode import Sound, seconds, sounds_of
from sadtalker_ext.speech.hear.recogniser import Heard, Recogniser
from sadtalker_ext.speech.ipa import SILENCE, parts_of
from sadtalker_ext.speech.word_times import Span
from sadtalker_ext.types import Phoneme

_NEAR = 3
"""Rows of 20 ms around a sound in which the recogniser's peak for it may lie."""
_LEAST_PEAK = 0.2
_SECONDS_PER_WORD = 0.12
_MORE_WORDS = 20


def listened(heard: Heard, recogniser: Recogniser) -> list[Phoneme]:
    """Return the phones of a piece, in order and without gaps, from its beginning."""
    return [named(one, heard, recogniser) for one in sounds_of(heard.sounds)]


class Fitted(NamedTuple):
    """A piece of sound with its text.

    Attributes:
        phones: In order and without gaps, from the beginning of the piece.
        used: How many words were used up.
        spans: Where words were found, by the numbers of their written words.
    """

    phones: list[Phoneme]
    used: int
    spans: list[Span]


def with_text(heard: Heard, recogniser: Recogniser, words: Sequence[Word]) -> Fitted:
    """Return the phones of a piece of which a text is known.

    Where the text is not what is heard, what is heard counts.

    Args:
        heard: The piece.
        recogniser: Whose answer it is.
        words: What is said from its beginning on.
    """
    found, used = placed(heard.sounds, _window(heard, words))
    free = listened(heard, recogniser)
    if not found:
        return Fitted(free, 0, [])
    known = [
        Phoneme(
            symbol=one.symbol,
            start=seconds(one.first),
            end=seconds(one.end),
            confidence=one.confidence,
        )
        for one in found
    ]
    spans = [
        Span(words[number].written, run[0].start, run[-1].end)
        for number, run in (
            (number, [phone for _, phone in pairs])
            for number, pairs in itertools.groupby(
                zip(found, known, strict=True), key=lambda pair: pair[0].word
            )
        )
    ]
    return Fitted(_filled(known, free), used, spans)


def best_reading(heard: Heard, readings: Sequence[Sequence[Word]]) -> Sequence[Word]:
    """Return the reading of a text that fits the sound best; the first in doubt.

    Args:
        heard: The first piece in which anything is said.
        readings: The words as they are pronounced in several accents.
    """
    if len(readings) == 1:
        return readings[0]
    fits = [fit(heard.sounds, _window(heard, one)) for one in readings]
    return readings[int(np.argmax(fits))]


def _window(heard: Heard, words: Sequence[Word]) -> Sequence[Word]:
    """Return the words that may be said in a piece."""
    return words[: round(len(heard.sounds) / 100 / _SECONDS_PER_WORD) + _MORE_WORDS]


def _filled(known: Sequence[Phoneme], free: Sequence[Phoneme]) -> list[Phoneme]:
    """Return the known phones, and between them what was listened to."""
    result: list[Phoneme] = []
    at = 0.0
    end = max([free[-1].end if free else 0.0, known[-1].end])
    for one in [*known, Phoneme(symbol=SILENCE, start=end, end=end)]:
        for other in free:
            start, stop = max(other.start, at), min(other.end, one.start)
            if stop - start > 1e-6:
                result.append(
                    Phoneme(symbol=other.symbol, start=start, end=stop, confidence=other.confidence)
                )
        if one.end > one.start:
            result.append(one)
        at = max(at, one.end)
    return result


def named(one: Sound, heard: Heard, recogniser: Recogniser) -> Phoneme:
    """Return a sound under the recogniser's own name for it, if it has one near."""
    symbol = one.plain
    if symbol != SILENCE:
        columns, names = _columns(recogniser, one.plain)
        first, end = max(one.first // 2 - 1, 0), one.end // 2 + _NEAR
        peaks = heard.symbols[first:end, columns]
        if peaks.size and float(np.exp(peaks.max())) > _LEAST_PEAK:
            symbol = names[int(peaks.max(axis=0).argmax())]
    return Phoneme(
        symbol=symbol, start=seconds(one.first), end=seconds(one.end), confidence=one.confidence
    )


@functools.cache
def _columns(recogniser: Recogniser, plain: str) -> tuple[list[int], tuple[str, ...]]:
    """Return the symbols that are just this plain sound, by column and name."""
    pairs = [
        (column, symbol)
        for column, symbol in enumerate(recogniser.symbols)
        if parts_of(symbol) == (plain,) and symbol[:1].isalpha()
    ]
    return [column for column, _ in pairs], tuple(symbol for _, symbol in pairs)
