"""What every source of voices offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from sadtalker_ext.spoken_words import SILENCE
from sadtalker_ext.types import FloatArray, Phoneme, Word

_EDGE_SECONDS = 0.06
"""Silence that stays around an utterance; pauses between utterances are added to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice of this machine.

    Attributes:
        name: What the option `voice` takes.
        language: BCP 47-like tag, for example "en-us".
        label: What people read.
    """

    name: str
    language: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How a text is spoken.

    Attributes:
        voice: Name of the voice.
        rate: 1.0 is the voice's own speed.
        pitch: -50 (low) .. 50 (high).
    """

    voice: str
    rate: float = 1.0
    pitch: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Utterance:
    """A piece of speech: usually one sentence. Times count from its beginning.

    Attributes:
        sound: (N,) float32 in [-1, 1].
        rate_hz: Sampling rate; the same for all utterances of a text.
        phones: Sounds without gaps from 0 to the end; None when the voice does not tell them.
        words: The words as they are written; empty when the voice does not tell their times.
        pause: Seconds of silence before the next utterance.
        written: How many characters of the text it speaks, for progress.
    """

    sound: FloatArray
    rate_hz: int
    phones: tuple[Phoneme, ...] | None = None
    words: tuple[Word, ...] = ()
    pause: float = 0.0
    written: int = 0

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(self.sound) / self.rate_hz


class Provider(Protocol):
    """A source of voices."""

    name: str

    def voices(self) -> tuple[Voice, ...]:
        """Return the voices that can be used now, best first."""

    def synthesise(self, text: str, delivery: Delivery) -> Iterator[Utterance]:
        """Speak a text, piece by piece.

        Raises:
            SadTalkerError: The voice failed; the sentence says why.
        """

    def unread(self, text: str) -> Iterator[str]:
        """Yield the words that the voices leave out, or parts of them, as they are written.

        Nothing where a source does not know what it leaves out.
        """


def trimmed(whole: Utterance) -> Utterance:
    """Return an utterance without the silence at its ends, but for 60 ms."""
    if not whole.phones:
        return whole
    said = [one for one in whole.phones if one.symbol != SILENCE]
    if not said:
        return whole
    start = max(0.0, said[0].start - _EDGE_SECONDS)
    first = round(start * whole.rate_hz)
    last = min(len(whole.sound), round((said[-1].end + _EDGE_SECONDS) * whole.rate_hz))
    offset, seconds = first / whole.rate_hz, (last - first) / whole.rate_hz
    return replace(
        whole,
        sound=np.array(whole.sound[first:last]),
        phones=tuple(
            replace(one, start=max(0.0, one.start - offset), end=min(seconds, one.end - offset))
            for one in whole.phones
            if one.end > offset and one.start - offset < seconds
        ),
        words=tuple(
            replace(one, start=max(0.0, one.start - offset), end=min(seconds, one.end - offset))
            for one in whole.words
        ),
    )
