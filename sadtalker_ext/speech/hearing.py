"""Listening to speech of any length: in chunks cut at pauses, to measurements and phonemes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.installing import sadtalker
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import formants, pitch
from sadtalker_ext.speech.accents import Accent, Pause, accents, pauses
from sadtalker_ext.speech.closure_times import high_levels, parted, sealed
from sadtalker_ext.speech.ear import Ear, ear_for, is_still
from sadtalker_ext.speech.hear.align import Word
from sadtalker_ext.speech.hear.phones import best_reading, listened, with_text
from sadtalker_ext.speech.hear.recogniser import (
    Heard,
    Recogniser,
    Require,
    in_context,
    recogniser_of,
)
from sadtalker_ext.speech.loudness import (
    FRAME_HZ,
    HOP,
    SAMPLE_HZ,
    Loudness,
    levels,
    measure,
)
from sadtalker_ext.speech.phonemes import in_order, shifted
from sadtalker_ext.speech.pronounce import readings_of
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
_DEAF = "The phone recogniser is not there yet, so the lips follow loudness and formants only"
_CHUNK_SECONDS = 16  # about what comes out, for the progress display


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard in the whole speech; F frames at 100 Hz.

    Attributes:
        seconds: Length of the sound.
        loudness: Loudness and presence of speech, (F,) each.
        semitones: (F,) float32 pitch relative to the speaker's usual pitch.
        phonemes: Sounds in IPA without gaps from 0 to `seconds`; P, B and M last as long as the
            lips are shut.
        warnings: Sentences about what made listening hard.
    """

    seconds: float
    loudness: Loudness
    semitones: FloatArray
    phonemes: tuple[Phoneme, ...]
    warnings: tuple[str, ...] = ()

    @property
    def stresses(self) -> list[Accent]:
        """The syllables that stand out."""
        return accents(self.loudness, self.semitones)

    @property
    def pauses(self) -> list[Pause]:
        """The silences between, before and after phrases."""
        return pauses(self.phonemes)

    @property
    def phrase_ends(self) -> list[float]:
        """The moments, in seconds, at which a phrase is over and a pause begins."""
        return [one.start for one in self.pauses if one.start > 0]


def listen(speech: Speech, progress: Progress, require: Require | None = None) -> Hearing:
    """Measure the speech and find its phones, in memory that does not hold the sound.

    Exact phones of the speech are used as they are; text is aligned where it is what is heard;
    otherwise the sounds are recognised. Without a recogniser they are guessed from the spectrum.

    Args:
        speech: The sound, and what is known of it.
        progress: Counts the chunks listened to.
        require: Gives the weight files of the recogniser; by default those of the usual folders.
    """
    progress.enter(Stage.LISTENING, max(1, round(speech.seconds / _CHUNK_SECONDS)))
    all_levels, all_high, all_pitch, sounds = [], [], [], []
    known = speech.phonemes is not None
    recogniser = None if known else recogniser_of(require)
    readings: Sequence[Sequence[Word]] = readings_of(speech.text) if recogniser is not None else []
    ear = ear_for(_stoppable(speech.read(SAMPLE_HZ), progress))
    at = 0.0
    for whole, before, after in in_context(chunks(ear.blocks(speech.read(SAMPLE_HZ)))):
        chunk = ear.chunk(whole[before : len(whole) - after])
        chunk_levels = levels(chunk)
        all_levels.append(chunk_levels)
        all_high.append(high_levels(chunk))
        all_pitch.append(pitch.track(chunk))
        if recogniser is not None and not known:
            answer = recogniser(whole, before, after)
            found, readings = _phones(answer, recogniser, readings)
            sounds += shifted(found, at)
        elif not known:
            sounds += shifted(formants.sounds_of(chunk, measure(chunk_levels)), at)
        at += len(chunk) / SAMPLE_HZ
        progress.advance()
    heard_levels = _joined(all_levels)
    loudness = measure(heard_levels)
    heard = in_order(sounds if speech.phonemes is None else speech.phonemes, at)
    deaf = recogniser is None and not known
    return Hearing(
        seconds=at,
        loudness=loudness,
        semitones=pitch.semitones(_joined(all_pitch)),
        phonemes=parted(heard) if recogniser else sealed(heard, _joined(all_high)),
        warnings=(*_warnings(ear, heard_levels, loudness), *((_deaf(),) if deaf else ())),
    )


def _phones(
    heard: Heard, recogniser: Recogniser, readings: Sequence[Sequence[Word]]
) -> tuple[list[Phoneme], Sequence[Sequence[Word]]]:
    """Return the phones of a piece, and what of the text is still to come."""
    if not readings:
        return listened(heard, recogniser), readings
    words = best_reading(heard, readings)
    found, used = with_text(heard, recogniser, words)
    # as long as no word is found, any accent may be right
    return found, [words[used:]] if used else readings


def _warnings(ear: Ear, levels_db: FloatArray, loudness: Loudness) -> tuple[str, ...]:
    """Return what people should know when the lips hardly find a voice to follow."""
    if not len(levels_db):
        return ()
    if is_still(levels_db, loudness.present):
        return (_STILL,)
    return (_MASKED,) if ear.masked else ()


def _deaf() -> str:
    return f"{_DEAF}: run `{sadtalker('weights fetch phones')}`."


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
