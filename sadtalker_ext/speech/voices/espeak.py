"""The voices of espeak-ng: about a hundred languages, robotic, every sound with its time."""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sadtalker_ext.children import HIDDEN
from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.speech.voices.provider import Delivery, Utterance, Voice
from sadtalker_ext.types import Word

WORKER: Final = Path(__file__).parents[1] / "espeak_worker.py"
WORDS_PER_MINUTE: Final = 165
MIDDLE_PITCH: Final = 50
_SECONDS_TO_SPEAK = 300
_FIRST: Final = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "pt", "cmn", "ja")
_PIECE_CHARACTERS = 1500
"""Sentences are handed over together up to this length: each call starts a program."""
_TOKEN: Final = re.compile(r"\S+")


class Espeak:
    """Speaks with espeak-ng, where the `voice` extra is installed."""

    name = "espeak-ng"

    def voices(self) -> tuple[Voice, ...]:
        """Return its voices, common languages first."""
        return _voices() if installed() else ()

    def unread(self, text: str) -> Iterator[str]:  # noqa: ARG002  the protocol's
        """Yield nothing: the program does not tell what it leaves out."""
        return iter(())

    def synthesise(self, text: str, delivery: Delivery) -> Iterator[Utterance]:
        """Speak a text in pieces of some sentences.

        Raises:
            InvalidOption: espeak-ng has no such voice.
            UnreadableAudio: It failed.
        """
        for piece in _pieces(text):
            yield _speak(piece, delivery)


def installed() -> bool:
    """Tell whether espeak-ng is there."""
    return importlib.util.find_spec("espeakng_loader") is not None


@functools.cache
def _voices() -> tuple[Voice, ...]:
    listed = ask({"do": "list"})["voices"]
    voices = {
        language: Voice(name=language, language=language, label=f"{name} (espeak-ng)")
        for name, language in listed
    }
    first = [voices.pop(language) for language in _FIRST if language in voices]
    return (*first, *sorted(voices.values(), key=lambda voice: voice.label))


def ask(request: dict[str, Any]) -> dict[str, Any]:
    """Run the program that talks to espeak-ng once.

    Raises:
        InvalidOption: It refuses the request.
        UnreadableAudio: It failed.
    """
    done = subprocess.run(
        [sys.executable, str(WORKER)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS_TO_SPEAK,
        check=False,
        **HIDDEN,
    )
    if done.returncode or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UnreadableAudio(f"The voice failed: {last}.")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise InvalidOption(answer["error"] + ".")
    return answer


def _pieces(text: str) -> Iterator[str]:
    from sadtalker_ext.speech.reading.sentences import sentences

    waiting = ""
    for sentence in sentences(text):
        if waiting and len(waiting) + len(sentence.text) > _PIECE_CHARACTERS:
            yield waiting
            waiting = ""
        waiting = f"{waiting} {sentence.text}".strip()
    if waiting:
        yield waiting


def _speak(text: str, delivery: Delivery) -> Utterance:
    with tempfile.TemporaryDirectory(prefix="sadtalker-voice-") as folder:
        path = Path(folder) / "speech.wav"
        answer = ask(
            {
                "do": "speak",
                "text": text,
                "voice": delivery.voice,
                "words_per_minute": round(WORDS_PER_MINUTE * delivery.rate),
                "pitch": round(MIDDLE_PITCH + delivery.pitch),
                "path": str(path),
            }
        )
        with wave.open(str(path)) as file:
            rate_hz = file.getframerate()
            data = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)
    sound = (data / 32768).astype(np.float32)
    seconds = len(sound) / rate_hz
    known = delivery.voice.startswith("en") and answer["events"]
    return Utterance(
        sound=sound,
        rate_hz=rate_hz,
        phones=to_phonemes(answer["events"], seconds) if known else None,
        words=_words(text, answer["words"], answer["events"], seconds),
        written=len(text),
    )


def _words(
    text: str,
    spoken: Sequence[tuple[float, int, int]],
    phones: Sequence[tuple[float, str]],
    seconds: float,
) -> tuple[Word, ...]:
    """Return the words as they are written, with times.

    Args:
        text: What was spoken.
        spoken: Beginning in seconds, place in the text from 1, and length of each spoken word.
        phones: Beginning and mnemonic of each sound; silence ends a word.
        seconds: Length of the speech.
    """
    begins: list[tuple[str, float]] = []
    moments = sorted((place - 1, start) for start, place, _ in spoken)
    for token in _TOKEN.finditer(text):
        inside = [start for place, start in moments if token.start() <= place < token.end()]
        if inside:
            begins.append((token.group(), min(inside)))
        elif begins:
            begins[-1] = (f"{begins[-1][0]} {token.group()}", begins[-1][1])
    silences = [start for start, name in phones if not name.strip("',%=|") or name[:1] in "_:"]
    words = []
    for index, (written, start) in enumerate(begins):
        end = begins[index + 1][1] if index + 1 < len(begins) else seconds
        end = min((moment for moment in silences if start < moment < end), default=end)
        if end > start:
            words.append(Word(text=written, start=start, end=end))
    return tuple(words)
