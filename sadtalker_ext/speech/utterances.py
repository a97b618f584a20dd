"""Utterances of a voice, one after the other, as one sound with the times of what is said."""

from __future__ import annotations

import dataclasses
import wave
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np

from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.speech.phonemes import shifted
from sadtalker_ext.speech.voices.provider import Utterance
from sadtalker_ext.spoken_words import SILENCE
from sadtalker_ext.types import FloatArray, Phoneme, Word

_LEAD_SECONDS, _TAIL_SECONDS = 0.15, 0.3
"""Silence before and after a text whose voice leaves the pauses to us."""
_SILENT = 1e-3
"""Strength below which nothing was said."""


@dataclasses.dataclass(slots=True)
class Told:
    """What the utterances said so far told, with times of the whole speech."""

    seconds: float = 0.0
    spoken: bool = False
    phones: list[Phoneme] | None = dataclasses.field(default_factory=list)
    words: list[Word] = dataclasses.field(default_factory=list)

    def silence(self, seconds: float) -> None:
        """Go on after a rest."""
        if self.phones is not None and seconds > 0:
            end = self.seconds + seconds
            self.phones.append(Phoneme(symbol=SILENCE, start=self.seconds, end=end))
        self.seconds += seconds

    def add(self, utterance: Utterance) -> None:
        """Take what an utterance told; one without phones makes those of all unknown."""
        loudest = float(np.abs(utterance.sound).max(initial=0.0))
        self.spoken = self.spoken or loudest > _SILENT
        if utterance.phones is None:
            self.phones = None
        elif self.phones is not None:
            self.phones += shifted(utterance.phones, self.seconds)
        self.words += [
            Word(text=one.text, start=one.start + self.seconds, end=one.end + self.seconds)
            for one in utterance.words
        ]
        self.seconds += utterance.seconds


def written(utterances: Iterator[Utterance], path: Path, told: Told) -> Generator[int, None, None]:
    """Write utterances into a WAV file one by one; yield how many characters each one spoke."""
    first = next(utterances, None)
    if first is None:
        return
    rate_hz = first.rate_hz
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)

        def write(sound: FloatArray) -> None:
            pcm = np.clip(np.rint(sound * 32767), -32768, 32767).astype("<i2")
            file.writeframes(pcm.tobytes())

        def rest(seconds: float) -> None:
            samples = round(seconds * rate_hz)
            write(np.zeros(samples, dtype=np.float32))
            told.silence(samples / rate_hz)

        utterance: Utterance | None = first
        rest(_LEAD_SECONDS if first.pause else 0.0)
        while utterance is not None:
            if utterance.rate_hz != rate_hz:
                raise UnreadableAudio("The voice changed its sampling rate within a text.")
            write(utterance.sound)
            told.add(utterance)
            yield utterance.written
            pause, utterance = utterance.pause, next(utterances, None)
            rest(pause if utterance is not None else min(pause, _TAIL_SECONDS))
