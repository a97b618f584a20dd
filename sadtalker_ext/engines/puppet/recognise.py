"""Phonemes out of sound with pocketsphinx: words and alignment, or single phones."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from sadtalker_ext.engines.puppet.loudness import FRAME_HZ
from sadtalker_ext.engines.puppet.phonemes import SILENCE, bare
from sadtalker_ext.types import FloatArray, Phoneme

logger = logging.getLogger(__name__)

_TURN = threading.Lock()
"""Decoders are kept for the life of the process and serve one caller at a time."""

_LEAST_AGREEMENT = 0.45
_LEAST_SURE = 0.25


def available() -> bool:
    """Whether pocketsphinx is installed."""
    return importlib.util.find_spec("pocketsphinx") is not None


def sounds_of(samples: FloatArray, text: str = "") -> list[Phoneme]:
    """Return the phonemes of one chunk of speech; empty when pocketsphinx cannot tell.

    With `text` the words are aligned to the sound. Without it English words are recognised and
    aligned; when they do not agree with what a language-independent phone recogniser hears (the
    speech is not English, or unclear), that recogniser's phones are taken instead.

    Args:
        samples: (N,) mono at 16 kHz.
        text: The words spoken, or empty.
    """
    pcm = _as_pcm(samples)
    if pcm is None:
        return []
    with _TURN:
        if text:
            aligned = _align(pcm, text)
            if aligned:
                return aligned
        phones = _decode_phones(pcm)
        words, sure = _decode_words(pcm)
        if words and sure >= _LEAST_SURE:
            aligned = _align(pcm, words)
            if aligned and agreement(aligned, phones) >= _LEAST_AGREEMENT:
                return aligned
    return phones


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
    """Return 16-bit samples at a comfortable level, None for silence or too short a piece."""
    peak = float(np.abs(samples).max(initial=0))
    if peak < 1e-4 or len(samples) < 1600:
        return None
    scaled: bytes = (samples * (26000 / peak)).astype(np.int16).tobytes()
    return scaled


@functools.cache
def _decoder(kind: str) -> Any:
    """Return the decoder for "words", "phones" or "align"; never lets it print."""
    import pocketsphinx

    if kind == "words":
        # a narrower beam than the default: twice as fast, and hardly any other words
        return pocketsphinx.Decoder(
            loglevel="FATAL", fwdflat=False, maxhmmpf=3000, beam=1e-40, wbeam=1e-25, pbeam=1e-40
        )
    if kind == "phones":
        model = pocketsphinx.get_model_path("en-us")
        return pocketsphinx.Decoder(
            loglevel="FATAL",
            lm=None,
            hmm=f"{model}/en-us",
            allphone=f"{model}/en-us-phone.lm.bin",
            lw=2.0,
            beam=1e-20,
            pbeam=1e-20,
        )
    return pocketsphinx.Decoder(loglevel="FATAL", lm=None)


def _run(decoder: Any, pcm: bytes) -> None:
    decoder.start_utt()
    try:
        decoder.process_raw(pcm, full_utt=True)
    finally:
        decoder.end_utt()


def _decode_phones(pcm: bytes) -> list[Phoneme]:
    decoder = _decoder("phones")
    _run(decoder, pcm)
    return [
        Phoneme(
            symbol=bare(one.word),
            start=one.start_frame / FRAME_HZ,
            end=(one.end_frame + 1) / FRAME_HZ,
        )
        for one in decoder.seg() or ()
    ]


def _decode_words(pcm: bytes) -> tuple[str, float]:
    """Return the English words heard, and the share of them that is fairly sure."""
    decoder = _decoder("words")
    _run(decoder, pcm)
    guess = decoder.hyp()
    if guess is None or not guess.hypstr:
        return "", 0.0
    words = [one for one in decoder.seg() if one.word[0] not in "<[+"]
    sure = float(np.mean([one.prob > 0.5 for one in words])) if words else 0.0
    return guess.hypstr, sure


def _align(pcm: bytes, words: str) -> list[Phoneme]:
    """Return the phonemes of known words; empty when the alignment fails."""
    decoder = _decoder("align")
    with contextlib.suppress(RuntimeError):
        decoder.set_align_text(words)
        _run(decoder, pcm)
        decoder.set_alignment()
        _run(decoder, pcm)
        return [
            Phoneme(
                symbol=bare(phone.name),
                start=phone.start / FRAME_HZ,
                end=(phone.start + phone.duration) / FRAME_HZ,
            )
            for word in decoder.get_alignment() or ()
            for phone in word
        ]
    logger.debug("alignment failed; phones are recognised one by one")
    return []
