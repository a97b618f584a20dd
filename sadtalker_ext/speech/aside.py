"""Listening in a process of its own, while this one draws.

The networks' products would wait for the threads that draw, on every core, and the search for the
best sounds would hold them up. The child is given the sound as a file of plain numbers, answers by
another one, and ends when it has answered, or when its parent stops it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from sadtalker_ext.children import QUIETLY, can_start, end_with_parent, one_thread
from sadtalker_ext.errors import SadTalkerError, WeightsMissing
from sadtalker_ext.progress import Progress, ProgressEvent, Stage
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.speech.hear.recogniser import Require
from sadtalker_ext.speech.hearing import Hearing, listen
from sadtalker_ext.speech.loudness import SAMPLE_HZ, Loudness
from sadtalker_ext.types import FloatArray, Phoneme, Speech
from sadtalker_ext.weights.manifest import RECOGNISER, VOCABULARY
from sadtalker_ext.weights.store import WeightStore

log = logging.getLogger(__name__)

_START = """
import sys
sys.path.insert(0, sys.argv[1])
from sadtalker_ext.speech.aside import answer
answer(sys.argv[2])
"""
_LOOK_SECONDS = 0.05
_SOUND, _ASKED, _ARRAYS, _WORDS = "sound.f32", "asked.json", "heard.npz", "heard.json"
_DONE, _SAID = "seconds.txt", "said.txt"
_BEGINS_SECONDS = 60.0
"""A child that has not begun by then never will: it may be another program altogether."""
_STILL_SECONDS = 120.0
"""A child that counts nothing more for so long, and for the length of the sound, stands still:
ten seconds take it one or two, and what it does with all of them at the end is not counted."""
_LAST_WORDS = 1000


def listen_aside(speech: Speech, progress: Progress, require: Require | None = None) -> Hearing:
    """Return what `hearing.listen` would, heard by a child; where none works, by this process.

    Args:
        speech: Sound alone: neither its text nor its phones are looked at.
        progress: Counts the seconds listened to, and stops the work.
        require: As for `listen`.

    Raises:
        Cancelled: A stop was asked for.
    """
    if not can_start():
        return listen(speech, progress, require)
    progress.enter(Stage.LISTENING, max(2, round(speech.seconds)))
    with scratch_folder() as folder:
        try:
            with (folder / _SOUND).open("wb") as file:
                for block in speech.read(SAMPLE_HZ):
                    progress.check()
                    file.write(np.asarray(block, np.float32).tobytes())
            asked = {"seconds": speech.seconds, "weights": _weights(require)}
            (folder / _ASKED).write_text(json.dumps(asked), encoding="utf-8")
            _run(folder, progress, speech.seconds)
            return _heard(folder)
        except (OSError, ValueError, KeyError) as problem:
            log.warning("listening in this process, because no other one could: %s", problem)
    return listen(speech, progress, require)


def answer(name: str) -> None:
    """Listen to what lies in a folder, and write there what is heard; this is the child."""
    # numpy reads these late; on Windows a library is not loaded while a read from a pipe waits
    _ = np.fft, np.random
    end_with_parent()
    folder = Path(name)
    (folder / _DONE).write_text("0", encoding="ascii")
    asked = json.loads((folder / _ASKED).read_text(encoding="utf-8"))

    def require(wanted: str) -> Path:
        if wanted not in asked["weights"]:
            raise WeightsMissing(f"{wanted} was not found by the program that asks.")
        return Path(asked["weights"][wanted])

    sound = Speech(
        path=folder / _SOUND,
        start=0.0,
        seconds=asked["seconds"],
        rate_hz=SAMPLE_HZ,
        channels=1,
        read=partial(_blocks, folder / _SOUND),
    )

    def tell(event: ProgressEvent) -> None:
        (folder / _DONE).write_text(str(event.done), encoding="ascii")

    heard = listen(sound, Progress(tell), require)
    np.savez(
        folder / _ARRAYS,
        value=heard.loudness.value,
        present=heard.loudness.present,
        semitones=heard.semitones,
    )
    words = {
        "seconds": heard.seconds,
        "phonemes": [[one.symbol, one.start, one.end, one.confidence] for one in heard.phonemes],
        "warnings": heard.warnings,
    }
    (folder / _WORDS).write_text(json.dumps(words), encoding="utf-8")


def _weights(require: Require | None) -> dict[str, str]:
    """Return where the recogniser's files are; nothing where one is missing."""
    require = require or WeightStore.standard().require
    try:
        return {name: str(require(name)) for name in (RECOGNISER, VOCABULARY)}
    except SadTalkerError:
        return {}


def _run(folder: Path, progress: Progress, length: float) -> None:
    """Let a child answer, and end it where the work is stopped; the length is in seconds."""
    root = Path(__file__).resolve().parents[2]
    last = time.monotonic()
    with (folder / _SAID).open("wb") as said:
        child = subprocess.Popen(
            [sys.executable, "-c", _START, str(root), str(folder)],
            stdin=subprocess.PIPE,  # closed with this process, by which the child ends, too
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=one_thread(),
            **QUIETLY,
        )
    counted = 0
    code: int | None = None
    try:
        while code is None:
            # half a number may be there; the next look finds all of it
            with contextlib.suppress(OSError, ValueError):
                more = _advanced(progress, int((folder / _DONE).read_text()) - counted)
                counted, last = counted + more, time.monotonic() if more else last
            progress.check()
            _check_still(folder, time.monotonic() - last, length)
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(_LOOK_SECONDS)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdin is not None:
            child.stdin.close()
    if code:
        words = (folder / _SAID).read_text(encoding="utf-8", errors="replace").strip()
        raise OSError(f"it ended with code {code}: {words[-_LAST_WORDS:]}")


def _check_still(folder: Path, seconds: float, length: float) -> None:
    """Give up a child that has not begun, or not gone on, for so long.

    Raises:
        OSError: It has not.
    """
    if seconds > max(_STILL_SECONDS, length):
        raise OSError(f"it has heard nothing more in {seconds:.0f} seconds")
    if seconds > _BEGINS_SECONDS and not (folder / _DONE).exists():
        raise OSError(f"it has not begun in {_BEGINS_SECONDS:.0f} seconds")


def _advanced(progress: Progress, seconds: int) -> int:
    if seconds <= 0:
        return 0
    progress.advance(seconds)
    return seconds


def _heard(folder: Path) -> Hearing:
    words = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
    with np.load(folder / _ARRAYS) as arrays:
        value, present, semitones = (arrays[name] for name in ("value", "present", "semitones"))
    return Hearing(
        seconds=words["seconds"],
        loudness=Loudness(value, present),
        semitones=semitones,
        phonemes=tuple(
            Phoneme(symbol=symbol, start=start, end=end, confidence=confidence)
            for symbol, start, end, confidence in words["phonemes"]
        ),
        warnings=tuple(words["warnings"]),
    )


def _blocks(path: Path, _: int | None) -> Iterator[FloatArray]:
    with path.open("rb") as file:
        while block := file.read(4 * SAMPLE_HZ):
            yield np.frombuffer(block, np.float32)
