"""Phonemes out of sound with pocketsphinx: words and alignment, or single phones."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.speech.bursts import lip_bursts
from sadtalker_ext.speech.labials import LABIAL, with_bursts, with_missed
from sadtalker_ext.speech.letters import pronounce
from sadtalker_ext.speech.loudness import FRAME_HZ
from sadtalker_ext.speech.phonemes import SILENCE, VOWELS, bare
from sadtalker_ext.speech.script import Script
from sadtalker_ext.speech.sphinx import RECOGNISER
from sadtalker_ext.types import FloatArray, Phoneme

_LEAST_ENGLISH = 0.96
"""Share of sure words plus agreement with the phones: 0.95 to 1.4 on clear English, from 0.7 on
in a robot's; 0.6 to 0.92 on nine clips in other languages, 1.07 on one in Spanish."""

_LEAST_SCRIPT_AGREEMENT = 0.25
_LEAST_KNOWN = 0.6
_OPEN = VOWELS | {SILENCE}
_HISS = 0.003
_EARLY = 0.015
"""Seconds by which the recogniser's frames begin before the sound they describe: half of its
25.6 ms window, rounded to what was measured against exact times."""


def available() -> bool:
    """Whether pocketsphinx is installed."""
    return importlib.util.find_spec("pocketsphinx") is not None


def knows(words: Sequence[str]) -> bool:
    """Whether most of the words are in the English dictionary of the recogniser."""
    if not words or not available():
        return False
    known: list[bool] = RECOGNISER.ask({"do": "known", "words": sorted(set(words))})
    return sum(known) >= _LEAST_KNOWN * len(known)


def sounds_of(
    samples: FloatArray, script: Script | None = None, *, last: bool = True
) -> list[Phoneme]:
    """Return the phonemes of one chunk of speech; empty when pocketsphinx cannot tell.

    With a script its words are aligned to the sound. Without one English words are recognised and
    aligned. Either must agree with what a language-independent phone recogniser hears; when they
    do not (the speech is not English, or unclear), that recogniser's phones are taken instead.
    Closed lips are the easiest to miss and the first to be seen: without a script they are
    gathered from words, phones and the bursts in the sound.

    Args:
        samples: (N,) mono at 16 kHz.
        script: Words still to come; those of this chunk are taken out of it.
        last: Whether no further chunk follows.
    """
    pcm = _as_pcm(samples)
    if pcm is None:
        return []
    phones = _decode_phones(pcm)
    if script and last:
        aligned = _align(pcm, script.take_all())
        if agreement(aligned, phones) >= _LEAST_SCRIPT_AGREEMENT:
            return aligned
    heard = _decode_words(pcm)
    if script:
        aligned = _align(pcm, script.take(heard.words))
        if agreement(aligned, phones) >= _LEAST_SCRIPT_AGREEMENT:
            return aligned
    bursts = lip_bursts(samples)
    if heard.sounds and heard.sure + agreement(heard.sounds, phones) >= _LEAST_ENGLISH:
        doubted = [one for one in phones if not heard.is_certain((one.start + one.end) / 2)]
        return with_bursts(with_missed(heard.sounds, doubted, unless=LABIAL), phones, bursts)
    # words of another language, or misheard: their closures count where there is a consonant
    return with_bursts(with_missed(phones, heard.sounds, unless=_OPEN), heard.sounds, bursts)


def agreement(first: Sequence[Phoneme], second: Sequence[Phoneme]) -> float:
    """Return the share of time, among what both take for speech, with equal phonemes."""
    end = max([one.end for one in (*first, *second)], default=0.0)
    rows = [np.full(round(end * FRAME_HZ) + 1, SILENCE, dtype="U4") for _ in range(2)]
    for row, sounds in zip(rows, (first, second), strict=True):
        for one in sounds:
            row[round(one.start * FRAME_HZ) : round(one.end * FRAME_HZ)] = one.symbol
    both = (rows[0] != SILENCE) & (rows[1] != SILENCE)
    return float((rows[0] == rows[1])[both].mean()) if both.any() else 0.0


def _as_pcm(samples: FloatArray) -> bytes | None:
    """Return 16-bit samples at a comfortable level, None for silence or too short a piece.

    A faint hiss is laid over them: the perfect silence in synthetic speech lies far outside of
    what the acoustic model knows, and lets alignments fail and words be missed.
    """
    peak = float(np.abs(samples).max(initial=0))
    if peak < 1e-4 or len(samples) < 1600:
        return None
    hiss = np.random.default_rng(0).normal(0, _HISS, len(samples)).astype(np.float32)
    scaled = np.clip(samples * (0.8 / peak) + hiss, -1, 1) * 32000
    pcm: bytes = scaled.astype(np.int16).tobytes()
    return pcm


def _decode_phones(pcm: bytes) -> list[Phoneme]:
    return [_phoneme(*one) for one in RECOGNISER.ask({"do": "phones"}, pcm)]


@dataclass(frozen=True, slots=True)
class _Heard:
    """English words as they were heard.

    Attributes:
        words: The words.
        sure: Share of them that is fairly sure.
        sounds: Their phonemes.
        certain: Beginning and end in seconds of words that are hardly to be doubted.
    """

    words: list[str]
    sure: float
    sounds: list[Phoneme]
    certain: list[tuple[float, float]]

    def is_certain(self, moment: float) -> bool:
        """Tell whether a word that is hardly to be doubted is heard at a moment."""
        return any(start <= moment < end for start, end in self.certain)


def _decode_words(pcm: bytes) -> _Heard:
    answer = RECOGNISER.ask({"do": "words"}, pcm)
    return _Heard(
        words=answer["words"],
        sure=answer["sure"],
        sounds=[_phoneme(*one) for one in answer["sounds"]],
        certain=[
            (first / FRAME_HZ + _EARLY, (last + 1) / FRAME_HZ + _EARLY)
            for first, last in answer["certain"]
        ],
    )


def _align(pcm: bytes, words: Sequence[str]) -> list[Phoneme]:
    """Return the phonemes of the words; empty when the alignment fails."""
    if not words:
        return []
    spellings = {word: " ".join(pronounce(word)) for word in words}
    request = {"do": "align", "words": list(words), "spellings": spellings}
    return [_phoneme(*one) for one in RECOGNISER.ask(request, pcm)]


def _phoneme(name: str, first: int, end: int) -> Phoneme:
    return Phoneme(symbol=bare(name), start=first / FRAME_HZ + _EARLY, end=end / FRAME_HZ + _EARLY)
