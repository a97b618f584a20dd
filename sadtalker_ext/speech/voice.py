"""Text to speech with the voices this machine has.

Voices come from espeak-ng (the `voice` extra). They
sound robotic, but espeak-ng tells the exact time of every sound, and it
speaks about a hundred languages.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption, PackageMissing, UnreadableAudio
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.types import Speech

WORKER = Path(__file__).with_name("espeak_worker.py")
WORDS_PER_MINUTE = 165
MIDDLE_PITCH = 50
MAX_CHARACTERS = 20_000
_SECONDS_TO_SPEAK = 300
_FIRST = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "pt", "cmn", "ja")


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


@functools.cache
def list_voices() -> tuple[Voice, ...]:
    """Return the voices of this machine, common languages first; empty when there are none."""
    if not _has_espeak():
        return ()
    listed = _ask({"do": "list"})["voices"]
    voices = {
        language: Voice(name=language, language=language, label=f"{name} (espeak-ng)")
        for name, language in listed
    }
    first = [voices.pop(language) for language in _FIRST if language in voices]
    return (*first, *sorted(voices.values(), key=lambda voice: voice.label))


def missing_voices() -> PackageMissing:
    """Return the error that says how to get a voice."""
    return PackageMissing(
        "Text needs a voice, and this machine has none that is known here.",
        hint=f"{how_to_add('voice')} That adds espeak-ng. Or give a sound file.",
    )


def speak(
    text: str, folder: Path, *, voice: str = "", rate: float = 1.0, pitch: float = 0.0
) -> Speech:
    """Speak a text into a WAV file and return it as speech, with the exact sounds if known.

    Args:
        text: What to say.
        folder: Where the WAV file goes; it must live as long as the speech is used.
        voice: A name of `list_voices`; empty takes the first.
        rate: 1.0 is the voice's own speed.
        pitch: -50 (low) .. 50 (high).

    Raises:
        PackageMissing: There is no voice on this machine.
        InvalidOption: The text is empty or too long, or there is no such voice.
        UnreadableAudio: The voice failed.
    """
    text = " ".join(text.split())
    if not text or len(text) > MAX_CHARACTERS:
        raise InvalidOption(
            f"Option text should be 1 to {MAX_CHARACTERS} characters, found {len(text)}."
        )
    voices = list_voices()
    if not voices:
        raise missing_voices()
    chosen = voice or voices[0].name
    if chosen.split("+")[0] not in {one.name for one in voices}:
        known = ", ".join(one.name for one in voices[:8])
        raise InvalidOption(
            f"Option voice should be one of this machine's voices, found {voice!r}.",
            hint=f"Some of them: {known}.",
        )
    path = folder / "speech.wav"
    answer = _ask(
        {
            "do": "speak",
            "text": text,
            "voice": chosen,
            "words_per_minute": round(WORDS_PER_MINUTE * rate),
            "pitch": round(MIDDLE_PITCH + pitch),
            "path": str(path),
        }
    )
    speech = open_speech(path)
    exact = to_phonemes(answer["events"], speech.seconds) if chosen.startswith("en") else None
    return dataclasses.replace(speech, text=text, phonemes=exact)


def _has_espeak() -> bool:
    return importlib.util.find_spec("espeakng_loader") is not None


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    """Run the worker once."""
    done = subprocess.run(
        [sys.executable, str(WORKER)],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_SECONDS_TO_SPEAK,
        check=False,
    )
    if done.returncode or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UnreadableAudio(f"The voice failed: {last}.")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise InvalidOption(answer["error"] + ".")
    return answer
