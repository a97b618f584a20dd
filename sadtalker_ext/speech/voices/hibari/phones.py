"""The symbols of the voice's network: their places, their phones, and when they are heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.voices.hibari.reader import Reading
from sadtalker_ext.spoken_words import SILENCE
from sadtalker_ext.types import FloatArray, Phoneme, Word

UNIT_SECONDS: Final = 0.025
"""Durations are counted in these."""
EARLY_SECONDS: Final = 0.05
"""The network sounds a symbol that much before its turn. Measured at 90 closures of P, B and M and
54 S and SH inside and at the edges of words: shifted by it, the middle of a phone is off by 20 ms
at most (median of each kind)."""

PHONES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "A": ("eɪ", ("EY",)),
    "I": ("aɪ", ("AY",)),
    "O": ("oʊ", ("OW",)),
    "Q": ("əʊ", ("OW",)),
    "W": ("aʊ", ("AW",)),
    "Y": ("ɔɪ", ("OY",)),
    **dict.fromkeys(("ə", "ɐ", "ᵊ"), ("ə", ("AH",))),
    "ʌ": ("ʌ", ("AH",)),
    **{vowel: (vowel, ("AA",)) for vowel in "aɑɒ"},
    "æ": ("æ", ("AE",)),
    **{vowel: (vowel, ("AO",)) for vowel in "ɔo"},
    **{vowel: (vowel, ("EH",)) for vowel in "ɛeœø"},
    **{vowel: (vowel, ("ER",)) for vowel in "ɜɚ"},
    **dict.fromkeys(("ɪ", "ᵻ", "ɨ"), ("ɪ", ("IH",))),
    "i": ("i", ("IY",)),
    "y": ("y", ("UW",)),
    "ʊ": ("ʊ", ("UH",)),
    "u": ("u", ("UW",)),
    **{sound: (sound, (sound.upper(),)) for sound in "bdfklmnpstvwz"},
    "ɡ": ("ɡ", ("G",)),
    "h": ("h", ("HH",)),
    "x": ("x", ("K",)),
    "j": ("j", ("Y",)),
    "ɹ": ("ɹ", ("R",)),
    "ʁ": ("ʁ", ("R",)),
    "ŋ": ("ŋ", ("NG",)),
    "ð": ("ð", ("DH",)),
    "θ": ("θ", ("TH",)),
    "ʃ": ("ʃ", ("SH",)),
    "ʒ": ("ʒ", ("ZH",)),
    "ʤ": ("d͡ʒ", ("JH",)),
    "ʧ": ("t͡ʃ", ("CH",)),
    "T": ("ɾ", ("D",)),
    "ʔ": ("ʔ", ("HH",)),
}
"""Symbol to its name in the International Phonetic Alphabet, and to those of ARPABET."""

_STRESS: Final = frozenset("ˈˌ ")
"""Their time belongs to the phone that follows: measured, see `EARLY_SECONDS`."""
_STOPS: Final = frozenset(("P", "B", "T", "D", "K", "G", "CH", "JH"))
_CLOSING_SECONDS = 0.05
"""A stop behind a pause closes before its sound begins."""
_QUIET_DB, _FLOOR_DB = 35.0, -62.0
_FRAME_SECONDS = 0.01
_SHORTEST_PAUSE = 0.05
_UNWRITTEN_PAUSE = 0.14
"""Silence between two words without punctuation that is longer than a closure."""
_Flags = npt.NDArray[np.bool_]
_OPENING: Final = frozenset('“"(')


@dataclass(slots=True)
class _Span:
    symbol: str
    start: float
    end: float
    owner: int
    pause_after: bool = False


def timed(
    reading: Reading, durations: Sequence[float], sound: FloatArray, rate_hz: int
) -> tuple[tuple[Phoneme, ...], tuple[Word, ...]]:
    """Return phones and words with their times in an utterance.

    Args:
        reading: What was spoken, S symbols.
        durations: (S + 2,) units of each symbol, with one more at both ends.
        sound: (N,) float32, the utterance.
        rate_hz: Its sampling rate.

    Returns:
        Phones without gaps from 0 to the end, pauses included; and the words as they are written.
    """
    seconds = len(sound) / rate_hz
    edges = np.concatenate([[0.0], np.cumsum(durations)]) * UNIT_SECONDS - EARLY_SECONDS
    spans = _spans(reading, np.clip(edges, 0.0, seconds))
    if not spans:
        return (Phoneme(symbol=SILENCE, start=0.0, end=seconds),), ()
    _find_pauses(spans, _levels(sound, rate_hz), seconds)
    return _phones(spans, seconds), _words(reading, spans)


def _spans(reading: Reading, edges: FloatArray) -> list[_Span]:
    spans: list[_Span] = []
    begun: float | None = None
    for place, symbol in enumerate(reading.symbols):
        start, end = float(edges[place + 1]), float(edges[place + 2])
        if symbol in _STRESS:
            begun = start if begun is None else begun
        elif symbol in PHONES:
            owner = reading.owners[place]
            spans.append(_Span(symbol, start if begun is None else begun, end, owner))
            begun = None
        elif symbol not in _OPENING:
            begun = None
            if spans:
                spans[-1].pause_after = True
    return spans


def _levels(sound: FloatArray, rate_hz: int) -> FloatArray:
    """Return (F,) levels in decibels, 100 a second."""
    hop = round(rate_hz * _FRAME_SECONDS)
    frames = np.pad(sound, (0, -len(sound) % hop)).reshape(-1, hop)
    levels: FloatArray = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
    return levels


def _find_pauses(spans: list[_Span], levels: FloatArray, seconds: float) -> None:
    """Let the phones around a pause end and begin where the sound does."""
    quiet = levels < max(float(levels.max(initial=_FLOOR_DB)) - _QUIET_DB, _FLOOR_DB)
    run = _longest_run(quiet, 0.0, spans[0].end)
    if run is not None and run[0] < _SHORTEST_PAUSE:
        spans[0].start = _onset(spans[0], run[1])
    for one, following in pairwise(spans):
        run = None
        if one.pause_after or one.owner != following.owner:
            run = _longest_run(quiet, one.start, following.end)
        shortest = _SHORTEST_PAUSE if one.pause_after else _UNWRITTEN_PAUSE
        if run is None or run[1] - run[0] < shortest:
            # gaps do not exist inside a phrase: the next phone begins where this one ends
            one.end = following.start
            continue
        one.end = max(run[0], one.start + UNIT_SECONDS)
        following.start = max(one.end, _onset(following, run[1]))
    run = _longest_run(quiet, spans[-1].start, seconds)
    spans[-1].end = seconds if run is None else max(run[0], spans[-1].start + UNIT_SECONDS)


def _onset(span: _Span, sounds: float) -> float:
    """Return where a phone behind a pause begins: stops are silent before they are heard."""
    names = PHONES[span.symbol][1]
    start = sounds - _CLOSING_SECONDS if names[0] in _STOPS else sounds
    return max(0.0, min(start, span.end - UNIT_SECONDS))


def _longest_run(quiet: _Flags, start: float, end: float) -> tuple[float, float] | None:
    """Return start and end of the longest silence between two moments, in seconds."""
    first, last = round(start / _FRAME_SECONDS), round(end / _FRAME_SECONDS)
    part = np.concatenate([[False], quiet[first:last], [False]])
    turns = np.flatnonzero(part[1:] != part[:-1])
    if not len(turns):
        return None
    begins, ends = turns[::2], turns[1::2]
    best = int(np.argmax(ends - begins))
    left = (first + int(begins[best])) * _FRAME_SECONDS
    right = (first + int(ends[best])) * _FRAME_SECONDS
    return (left, right) if right - left >= _SHORTEST_PAUSE else None


def _phones(spans: Sequence[_Span], seconds: float) -> tuple[Phoneme, ...]:
    found: list[Phoneme] = []
    at = 0.0
    for span in spans:
        if span.start - at > 1e-3:
            found.append(Phoneme(symbol=SILENCE, start=at, end=span.start))
        names = PHONES[span.symbol][1]
        cuts = np.linspace(max(span.start, at), max(span.end, at), len(names) + 1)
        found += [
            Phoneme(symbol=name, start=float(left), end=float(right))
            for name, left, right in zip(names, cuts[:-1], cuts[1:], strict=True)
            if right > left
        ]
        at = max(at, span.end)
    if seconds - at > 1e-3:
        found.append(Phoneme(symbol=SILENCE, start=at, end=seconds))
    return tuple(found)


def _words(reading: Reading, spans: Sequence[_Span]) -> tuple[Word, ...]:
    """Return the written words with times; what is not said belongs to the word before it."""
    times: dict[int, tuple[float, float]] = {}
    for span in spans:
        start, _ = times.get(span.owner, (span.start, span.end))
        times[span.owner] = (start, span.end)
    words: list[Word] = []
    waiting = ""
    for owner, token in enumerate(reading.tokens):
        if owner in times:
            text = f"{waiting}{token.text}"
            words.append(Word(text=text, start=times[owner][0], end=times[owner][1]))
            waiting = ""
        elif words:
            last = words.pop()
            words.append(Word(text=f"{last.text} {token.text}", start=last.start, end=last.end))
        else:
            waiting = f"{waiting}{token.text} "
    return tuple(words)
