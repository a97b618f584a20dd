"""Listening to speech of any length: in chunks cut at pauses, to measurements and phonemes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.installing import how_to_add, sadtalker
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import formants, pitch
from sadtalker_ext.speech.accents import Accent, Pause, accents, pauses
from sadtalker_ext.speech.closure_times import high_levels, parted, sealed
from sadtalker_ext.speech.ear import Ear, ear_for, is_still
from sadtalker_ext.speech.hear.align import Word as SpokenWord
from sadtalker_ext.speech.hear.phones import best_reading, listened, with_text
from sadtalker_ext.speech.hear.recogniser import (
    CLEAR,
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
from sadtalker_ext.speech.word_times import Span, word_times
from sadtalker_ext.speech.written import written_words
from sadtalker_ext.types import FloatArray, Phoneme, Speech, Word

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
_UNCLEAR = (
    "What is said is hard to make out (noise, music, other voices?), so the lips follow it only "
    "roughly: use a clearer recording, or the voice alone, if you have one."
)
_UNREAD = (
    "How the words of the transcript are pronounced is not known here, so the lips follow what is "
    "heard, and there are no captions from it."
)
_UNLIKE = (
    "The transcript does not fit what is heard, so the lips follow what is heard, and there are no "
    "captions from it."
)
_BEFORE_PHONES, _HEARD = 0.15, 0.85
"""Shares of a piece's work: level and pitch come first, what was heard is put in order last. Of
0.36 s for a piece of 16 s they take 0.05 s each."""
_DEAF = "The phone recogniser is not there yet, so the lips follow loudness and formants only"


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard in the whole speech; F frames at 100 Hz.

    Attributes:
        seconds: Length of the sound.
        loudness: Loudness and presence of speech, (F,) each.
        semitones: (F,) float32 pitch relative to the speaker's usual pitch.
        phonemes: Sounds in IPA without gaps from 0 to `seconds`; P, B and M last as long as the
            lips are shut.
        words: Words of a given text where they are said; none without one, or where it is not what
            is heard.
        warnings: Sentences about what made listening hard.
        tells_no_words: Whether one of them says why a text has no times, and so gives no captions.
    """

    seconds: float
    loudness: Loudness
    semitones: FloatArray
    phonemes: tuple[Phoneme, ...]
    words: tuple[Word, ...] = ()
    warnings: tuple[str, ...] = ()
    tells_no_words: bool = False

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
        progress: Counts the seconds listened to.
        require: Gives the weight files of the recogniser; by default those of the usual folders.
    """
    progress.enter(Stage.LISTENING, max(2, round(speech.seconds)))
    all_levels, all_high, all_pitch, sounds, sure = [], [], [], [], []
    known = speech.phonemes is not None
    recogniser = None if known else recogniser_of(require)
    text = _Text(speech.text if recogniser is not None else "")
    ear = ear_for(lambda: _stoppable(speech.read(SAMPLE_HZ), progress))
    at = 0.0
    for whole, before, after in in_context(chunks(ear.blocks(speech.read(SAMPLE_HZ)))):
        chunk = ear.chunk(whole[before : len(whole) - after])
        counted = _Counted(progress, at, len(chunk) / SAMPLE_HZ)
        chunk_levels = levels(chunk)
        all_levels.append(chunk_levels)
        all_high.append(high_levels(chunk))
        all_pitch.append(pitch.track(chunk))
        counted(_BEFORE_PHONES)
        if recogniser is not None and not known:
            answer = recogniser(whole, before, after, step=counted.between(_BEFORE_PHONES, _HEARD))
            sure.append(answer.sure)
            sounds += shifted(text.phones(answer, recogniser, at), at)
        elif not known:
            sounds += shifted(formants.sounds_of(chunk, measure(chunk_levels)), at)
        counted(1.0)
        at += len(chunk) / SAMPLE_HZ
    heard_levels = _joined(all_levels)
    loudness = measure(heard_levels)
    heard = in_order(sounds if speech.phonemes is None else speech.phonemes, at)
    words = text.words(heard)
    deaf = recogniser is None and not known
    of_text = () if deaf else text.warnings(words)
    return Hearing(
        seconds=at,
        loudness=loudness,
        semitones=pitch.semitones(_joined(all_pitch)),
        phonemes=parted(heard) if recogniser else sealed(heard, _joined(all_high)),
        words=words,
        warnings=(
            *_warnings(ear, heard_levels, loudness, [] if words else sure),
            *((_deaf(),) if deaf else of_text),
        ),
        tells_no_words=bool(of_text),
    )


class _Counted:
    """Counts the seconds of one piece while it is listened to.

    Args:
        progress: Is told of every whole second.
        at: Where the piece begins, in seconds.
        seconds: Its length.
    """

    def __init__(self, progress: Progress, at: float, seconds: float) -> None:
        self._progress = progress
        self._at = at
        self._seconds = seconds
        self._told = round(at)

    def __call__(self, share: float) -> None:
        """Count up to a share of the piece's work, 0..1."""
        now = round(self._at + share * self._seconds)
        self._progress.advance(now - self._told)
        self._told = now

    def between(self, low: float, high: float) -> Callable[[float], None]:
        """Return what counts a part of the work, which tells its own share."""
        return lambda share: self(low + (high - low) * share)


class _Text:
    """A text that is fitted to the sound piece by piece; without one the sound is listened to.

    Args:
        text: What is said, or nothing.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._readings: Sequence[Sequence[SpokenWord]] = readings_of(text)
        self._unread = bool(text.strip()) and not self._readings
        self._spans: list[Span] = []

    def phones(self, heard: Heard, recogniser: Recogniser, at: float) -> list[Phoneme]:
        """Return the phones of the next piece, which begins at `at` seconds."""
        if not self._readings:
            return listened(heard, recogniser)
        words = best_reading(heard, self._readings)
        found = with_text(heard, recogniser, words)
        # as long as no word is found, any accent may be right
        if found.used:
            self._readings = [words[found.used :]]
        self._spans += [Span(one.written, one.start + at, one.end + at) for one in found.spans]
        return found.phones

    def words(self, phones: Sequence[Phoneme]) -> tuple[Word, ...]:
        """Return the words that are said; all pieces were heard."""
        return word_times(written_words(self._text), self._spans, phones) if self._spans else ()

    def warnings(self, words: Sequence[Word]) -> tuple[str, ...]:
        """Return what people should know about the text."""
        if self._unread:
            return (f"{_UNREAD} {how_to_add('voice')}",)
        return (_UNLIKE,) if self._text.strip() and not words else ()


def _warnings(
    ear: Ear, levels_db: FloatArray, loudness: Loudness, sure: list[FloatArray]
) -> tuple[str, ...]:
    """Return what people should know when the lips hardly find a voice to follow.

    Args:
        ear: How the sound was listened to.
        levels_db: (F,) levels.
        loudness: What was made of them.
        sure: How sure the recogniser was, wherever it heard something; empty where it was not
            asked, or where known words were found.
    """
    if not len(levels_db):
        return ()
    if is_still(levels_db, loudness.present):
        return (_STILL,)
    if ear.masked:
        return (_MASKED,)
    heard = _joined(sure)
    return (_UNCLEAR,) if len(heard) and float(heard.mean()) < CLEAR else ()


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
