"""Listening to speech of any length: in chunks cut at pauses, to measurements and phonemes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import formants, pitch, recognise
from sadtalker_ext.speech.closure_times import high_levels, sealed
from sadtalker_ext.speech.ear import Ear, ear_for, is_still
from sadtalker_ext.speech.loudness import (
    FRAME_HZ,
    HOP,
    SAMPLE_HZ,
    Loudness,
    levels,
    measure,
)
from sadtalker_ext.speech.phonemes import SILENCE, in_order, shifted
from sadtalker_ext.speech.script import Script, words_of
from sadtalker_ext.types import FloatArray, Phoneme, Speech

logger = logging.getLogger(__name__)

_SHORTEST_CHUNK = 12 * SAMPLE_HZ
_LONGEST_CHUNK = 20 * SAMPLE_HZ
_STILL = (
    "Next to no voice is heard above the other sounds of the recording, so the mouth hardly moves: "
    "use a recording with less noise or music."
)
_MASKED = (
    "Noise or music is about as loud as the voice, so the lips follow the voice only roughly: use "
    "the voice alone if you have it."
)
_CHUNK_SECONDS = 16  # about what comes out, for the progress display


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard in the whole speech; F frames at 100 Hz.

    Attributes:
        seconds: Length of the sound.
        loudness: Loudness and presence of speech, (F,) each.
        semitones: (F,) float32 pitch relative to the speaker's usual pitch.
        phonemes: Sounds without gaps from 0 to `seconds`; P, B and M last as long as the lips are
            shut.
        warnings: Sentences about what made listening hard.
    """

    seconds: float
    loudness: Loudness
    semitones: FloatArray
    phonemes: tuple[Phoneme, ...]
    warnings: tuple[str, ...] = ()


def listen(speech: Speech, progress: Progress) -> Hearing:
    """Measure the speech and find its phonemes, in memory that does not hold the sound.

    Exact phonemes of the speech are used as they are; text is aligned; otherwise the sounds are
    recognised, and where no recogniser helps they are guessed from the spectrum.
    """
    progress.enter(Stage.LISTENING, max(1, round(speech.seconds / _CHUNK_SECONDS)))
    all_levels, all_high, all_pitch, sounds = [], [], [], []
    script = _script(speech)
    ear = ear_for(_stoppable(speech.read(SAMPLE_HZ), progress))
    at = 0.0
    for piece in chunks(ear.blocks(speech.read(SAMPLE_HZ))):
        chunk = ear.chunk(piece)
        chunk_levels = levels(chunk)
        all_levels.append(chunk_levels)
        all_high.append(high_levels(chunk))
        all_pitch.append(pitch.track(chunk))
        if speech.phonemes is None:
            last = at + len(chunk) / SAMPLE_HZ > speech.seconds - 0.5
            sounds += shifted(_recognise(chunk, measure(chunk_levels), script, last=last), at)
        at += len(chunk) / SAMPLE_HZ
        progress.advance()
    heard = in_order(speech.phonemes if speech.phonemes is not None else sounds, at)
    heard_levels = _joined(all_levels)
    loudness = measure(heard_levels)
    return Hearing(
        seconds=at,
        loudness=loudness,
        semitones=pitch.semitones(_joined(all_pitch)),
        phonemes=sealed(heard, _joined(all_high)),
        warnings=_warnings(ear, heard_levels, loudness),
    )


def _warnings(ear: Ear, levels_db: FloatArray, loudness: Loudness) -> tuple[str, ...]:
    """Return what people should know when the lips hardly find a voice to follow."""
    if not len(levels_db):
        return ()
    if is_still(levels_db, loudness.present):
        return (_STILL,)
    return (_MASKED,) if ear.masked else ()


def _stoppable(blocks: Iterator[FloatArray], progress: Progress) -> Iterator[FloatArray]:
    for block in blocks:
        progress.check()
        yield block


def _joined(pieces: list[FloatArray]) -> FloatArray:
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def chunks(blocks: Iterator[FloatArray]) -> Iterator[FloatArray]:
    """Yield (N,) pieces of 12 to 20 seconds, cut at the quietest moment; whole hops of 10 ms.

    Only the last piece may be shorter, or end within a hop.
    """
    waiting: list[FloatArray] = []
    held = 0
    for block in blocks:
        waiting.append(np.asarray(block, dtype=np.float32))
        held += len(block)
        while held >= _LONGEST_CHUNK:
            joined = np.concatenate(waiting)
            cut = _quietest(joined)
            yield joined[:cut]
            waiting, held = [joined[cut:].copy()], held - cut
    if held:
        yield np.concatenate(waiting)


def _quietest(samples: FloatArray) -> int:
    """Return where to cut, in samples: the middle of the quietest quarter of a second."""
    span = levels(samples[_SHORTEST_CHUNK:_LONGEST_CHUNK])
    width = FRAME_HZ // 4
    quiet = np.convolve(span, np.full(width, 1 / width), mode="valid")
    return _SHORTEST_CHUNK + (int(np.argmin(quiet)) + width // 2) * HOP


def _script(speech: Speech) -> Script | None:
    """Return the text of the speech, if there is one in words the recogniser can align."""
    if speech.phonemes is not None or not speech.text:
        return None
    return Script(speech.text) if recognise.knows(words_of(speech.text)) else None


def _recognise(
    chunk: FloatArray, loudness: Loudness, script: Script | None, *, last: bool
) -> list[Phoneme]:
    """Return the sounds of one chunk; loud parts the recogniser has no name for are guessed."""
    guessed = formants.sounds_of(chunk, loudness)
    if not (loudness.present > 0.5).any():
        return []
    heard = recognise.sounds_of(chunk, script, last=last) if recognise.available() else []
    if not heard:
        return guessed
    return _fill_gaps(heard, guessed, loudness)


def _fill_gaps(heard: list[Phoneme], guessed: list[Phoneme], loudness: Loudness) -> list[Phoneme]:
    """Replace what was heard as silence or noise, but is clearly loud, by guesses."""
    filled: list[Phoneme] = []
    for one in heard:
        inside = loudness.value[round(one.start * FRAME_HZ) : round(one.end * FRAME_HZ)]
        if one.symbol != SILENCE or len(inside) < 15 or np.mean(inside > 0.35) < 0.5:
            filled.append(one)
            continue
        filled += [
            Phoneme(
                symbol=guess.symbol, start=max(guess.start, one.start), end=min(guess.end, one.end)
            )
            for guess in guessed
            if guess.end > one.start and guess.start < one.end
        ]
    return filled
