"""Hearing phones while somebody speaks: sound goes in block by block, phones come out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sadtalker_ext.speech.hear.decode import Sound, sounds_of
from sadtalker_ext.speech.hear.phones import named
from sadtalker_ext.speech.hear.recogniser import Heard, Recogniser
from sadtalker_ext.speech.hear.timing import RATE_HZ
from sadtalker_ext.speech.ipa import PLAIN
from sadtalker_ext.speech.phonemes import shifted
from sadtalker_ext.types import FloatArray, Phoneme

BLOCK_MS = 100
"""Sound is listened to when so much of it has come together."""
LOOK_AHEAD_MS = 160
"""A sound is told when so much of what follows is heard."""

_HZ = 16000
_HOP = _HZ // RATE_HZ
_BLOCK = BLOCK_MS * _HZ // 1000
_AHEAD = LOOK_AHEAD_MS * RATE_HZ // 1000
_WINDOW = 2 * _HZ
"""Samples the network hears each time."""
_SETTLED = 50
"""Rows told already that the next ones must go on from."""
_DIGITS = 4
"""Of a time in seconds; rows are 10 ms, and sums of them are not exact."""
_FORCED = 30.0
_FADING = 0.02
"""By how much, in logarithm of power, the memory of loud parts fades with each block."""


class LiveEar:
    """Listens to one stream.

    A phone is known at most `BLOCK_MS` + `LOOK_AHEAD_MS` after it was spoken, and the time that the
    computation takes.

    Args:
        recogniser: The networks.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._sound = np.zeros(0, np.float32)
        self._begin = 0  # sample of the stream at which `_sound` begins
        self._waiting = 0
        self._told = 0  # rows told
        self._names = np.zeros(0, dtype=np.intp)  # the last of them
        self._loud = -np.inf

    def push(self, samples: FloatArray) -> list[Phoneme]:
        """Take (n,) more samples at 16 kHz; return the phones that are known now.

        Phones follow each other without gaps, in seconds of the stream. A sound that goes on is
        told in parts.
        """
        self._sound = np.concatenate([self._sound, samples.astype(np.float32, copy=False)])
        self._waiting += len(samples)
        return self._listen(_AHEAD) if self._waiting >= _BLOCK else []

    def finish(self) -> list[Phoneme]:
        """Return the last phones; no more sound comes."""
        return self._listen(0)

    def _listen(self, ahead: int) -> list[Phoneme]:
        self._waiting = 0
        self._forget()
        end = (self._begin + len(self._sound)) // _HOP - ahead
        if end <= self._told:
            return []
        heard = self._recogniser(self._sound, loud=self._loud)
        self._loud = heard.loud - _FADING
        return self._new_phones(heard, end)

    def _forget(self) -> None:
        """Let go of sound that is not needed any more; whole rows of 20 ms."""
        surplus = (len(self._sound) - _WINDOW) // (2 * _HOP) * 2 * _HOP
        surplus = min(surplus, (self._told - _SETTLED) * _HOP - self._begin)
        surplus = surplus // (2 * _HOP) * 2 * _HOP
        if surplus > 0:
            self._sound = self._sound[surplus:]
            self._begin += surplus

    def _new_phones(self, heard: Heard, end: int) -> list[Phoneme]:
        offset = self._begin // _HOP
        first = max(self._told - len(self._names), offset)
        scores = heard.sounds[first - offset :].copy()
        settled = self._names[len(self._names) - (self._told - first) :]
        scores[: len(settled)] = -_FORCED
        scores[np.arange(len(settled)), settled] = 0.0
        sounds = sounds_of(scores)
        part = Heard(heard.sounds[first - offset :], heard.symbols[(first - offset) // 2 :])
        told, names = self._told - first, []
        phones: list[Phoneme] = []
        for one in sounds:
            start, stop = max(one.first, told), min(one.end, end - first)
            if stop > start:
                names += [PLAIN.index(one.plain)] * (stop - start)
                cut = Sound(one.plain, start, stop, one.confidence)
                phones.append(named(cut, part, self._recogniser))
        self._told = first + told + len(names)
        self._names = np.concatenate([settled, np.array(names, dtype=np.intp)])[-_SETTLED:]
        return [
            replace(one, start=round(one.start, _DIGITS), end=round(one.end, _DIGITS))
            for one in shifted(phones, first / RATE_HZ)
        ]
