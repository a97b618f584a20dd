"""Test speech with exact phoneme times, synthesised offline by espeak-ng (tests only: GPL)."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.speech.voice import WORKER
from sadtalker_ext.types import FloatArray, Phoneme, Speech


@dataclass(frozen=True)
class Utterance:
    """Synthesised speech and the truth about it."""

    samples: FloatArray
    rate_hz: int
    phonemes: tuple[Phoneme, ...]
    text: str

    def speech(self, *, exact: bool = True, text: bool = False) -> Speech:
        """As the pipeline sees it, with or without the exact phonemes and the text."""
        return speech_of(
            self.samples,
            self.rate_hz,
            phonemes=self.phonemes if exact else None,
            text=self.text if text else "",
        )


@functools.cache
def say(text: str, voice: str = "en-us", words_per_minute: int = 165) -> Utterance:
    """Speak `text`; the phonemes are translated only for English voices."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        request = {
            "do": "speak",
            "text": text,
            "voice": voice,
            "words_per_minute": words_per_minute,
            "pitch": 50,
            "path": str(path),
        }
        # a process for each text: the library remembers earlier voices
        done = subprocess.run(
            [sys.executable, str(WORKER)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=True,
        )
        answer = json.loads(done.stdout)
        if "error" in answer:
            raise ValueError(answer["error"])
        with wave.open(str(path)) as sound:
            rate_hz = sound.getframerate()
            data = np.frombuffer(sound.readframes(sound.getnframes()), np.int16)
    samples = (data / 32768).astype(np.float32)
    found = to_phonemes(answer["events"], len(samples) / rate_hz) if voice[:2] == "en" else ()
    if found is None:
        raise ValueError(f"espeak used a sound that is not known to be English: {text}")
    return Utterance(samples, rate_hz, found, text)


def speech_of(
    samples: FloatArray,
    rate_hz: int,
    *,
    phonemes: tuple[Phoneme, ...] | None = None,
    text: str = "",
    repeats: int = 1,
) -> Speech:
    """A `Speech` that reads an array, `repeats` times over, in blocks of about half a second."""

    def read(wanted_hz: int | None) -> Iterator[FloatArray]:
        target = wanted_hz or rate_hz
        step = np.gcd(target, rate_hz)
        once = resample_poly(samples, target // step, rate_hz // step).astype(np.float32)
        for _ in range(repeats):
            yield from np.array_split(once, max(1, 2 * len(once) // target))

    return Speech(
        path=Path("speech.wav"),
        start=0.0,
        seconds=repeats * len(samples) / rate_hz,
        rate_hz=rate_hz,
        channels=1,
        read=read,
        text=text,
        phonemes=phonemes,
    )
