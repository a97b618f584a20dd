"""The voices of the operating system: `say` on macOS, System.Speech on Windows."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from sadtalker_ext.children import HIDDEN
from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.speech.voices.provider import Delivery, Utterance, Voice

PREFIX: Final = "system:"
_SECONDS = 120
_WORDS_PER_MINUTE = 175
_MAC_VOICE: Final = re.compile(r"^(\S.*?)\s+([a-z]{2,3})[_-](\w+)\s+#", re.MULTILINE)
_WINDOWS_LIST: Final = (
    "Add-Type -AssemblyName System.Speech; "
    "$s = New-Object System.Speech.Synthesis.SpeechSynthesizer; "
    "ConvertTo-Json @($s.GetInstalledVoices() | ForEach-Object { "
    "@{ name = $_.VoiceInfo.Name; language = $_.VoiceInfo.Culture.Name } })"
)
_WINDOWS_SPEAK: Final = (
    "$o = [Console]::In.ReadToEnd() | ConvertFrom-Json; Add-Type -AssemblyName System.Speech; "
    "$s = New-Object System.Speech.Synthesis.SpeechSynthesizer; $s.SelectVoice($o.voice); "
    "$s.Rate = $o.rate; $s.SetOutputToWaveFile($o.path); $s.Speak($o.text); $s.Dispose()"
)
"""The request comes as JSON on standard input: no text is ever part of a command."""


class System:
    """Speaks with the operating system's voices, which tell no times."""

    name = "system"

    def voices(self) -> tuple[Voice, ...]:
        """Return the installed voices; none on Linux, where there is no common program."""
        return _voices(sys.platform)

    def unread(self, text: str) -> Iterator[str]:  # noqa: ARG002  the protocol's
        """Yield nothing: the program does not tell what it leaves out."""
        return iter(())

    def synthesise(self, text: str, delivery: Delivery) -> Iterator[Utterance]:
        """Speak a text, sentence by sentence.

        Raises:
            UnreadableAudio: The system's program failed.
        """
        from sadtalker_ext.speech.reading.sentences import sentences

        name = delivery.voice.removeprefix(PREFIX)
        with tempfile.TemporaryDirectory(prefix="sadtalker-voice-") as folder:
            path = Path(folder) / "speech.wav"
            for sentence in sentences(text):
                command, said = _command(sys.platform, name, sentence.text, path, delivery.rate)
                _run(command, said)
                sound, rate_hz = _read(path)
                pause = 0.8 if sentence.ends_paragraph else 0.3
                yield Utterance(
                    sound=sound, rate_hz=rate_hz, pause=pause, written=len(sentence.text)
                )


@functools.cache
def _voices(platform: str) -> tuple[Voice, ...]:
    try:
        if platform == "darwin":
            listed = [
                (name, f"{language}-{country}".lower())
                for name, language, country in _MAC_VOICE.findall(_run(["say", "-v", "?"]))
            ]
        elif platform == "win32":
            read = json.loads(_run([*_powershell(), _WINDOWS_LIST]) or "[]")
            listed = [(one["name"], one["language"].lower()) for one in read]
        else:
            listed = []
    except (UnreadableAudio, ValueError, KeyError, TypeError):
        return ()
    return tuple(
        Voice(name=f"{PREFIX}{name}", language=language, label=f"{name} (system)")
        for name, language in listed
    )


def _powershell() -> list[str]:
    return ["powershell", "-NoProfile", "-NonInteractive", "-Command"]


def _command(platform: str, name: str, text: str, path: Path, rate: float) -> tuple[list[str], str]:
    """Return the program with its arguments, and what it reads from standard input."""
    if platform == "darwin":
        words = str(round(_WORDS_PER_MINUTE * rate))
        form = ["--file-format=WAVE", "--data-format=LEI16@22050"]
        return ["say", "-v", name, "-r", words, "-o", str(path), *form, "-f", "-"], text
    speed = round(max(-10.0, min(10.0, 10 * np.log2(rate))))
    request = {"voice": name, "text": text, "path": str(path), "rate": speed}
    return [*_powershell(), _WINDOWS_SPEAK], json.dumps(request)


def _run(command: Sequence[str], said: str = "") -> str:
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(
            list(command),
            input=said,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
            **HIDDEN,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnreadableAudio(f"The system's voice could not be asked: {error}.") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UnreadableAudio(f"The system's voice failed: {last}.")
    return done.stdout


def _read(path: Path) -> tuple[np.ndarray[tuple[int], np.dtype[np.float32]], int]:
    try:
        with wave.open(str(path)) as file:
            data = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
            data = data.reshape(-1, file.getnchannels())[:, 0]
            return (data / 32768).astype(np.float32), file.getframerate()
    except (OSError, EOFError, wave.Error, ValueError) as error:
        raise UnreadableAudio(f"The system's voice wrote no readable sound: {error}.") from error
