"""What the built-in voice speaks with: sentence in, sound, phones and words out."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.reading.sentences import Sentence, sentences
from sadtalker_ext.speech.voices.hibari import vocoder
from sadtalker_ext.speech.voices.hibari.lexicon import Lexicon, UnknownWords
from sadtalker_ext.speech.voices.hibari.phones import timed
from sadtalker_ext.speech.voices.hibari.reader import Reading, read
from sadtalker_ext.speech.voices.onnx.graph import Graph
from sadtalker_ext.speech.voices.provider import Delivery, Utterance, trimmed
from sadtalker_ext.types import FloatArray

_DURATIONS: Final = "/Clip_output_0"
"""The value of the graph that counts 25 ms for each symbol; at least one."""
_PARAGRAPH, _SENTENCE, _CLAUSE = 0.9, 0.5, 0.18
"""Seconds of silence between pieces, at the voice's own speed."""
_LONGEST_SYMBOLS = 400
_OCTAVE = 100.0
"""The option's range of 50 up and down is half an octave."""


def spoken(text: str, delivery: Delivery, paths: tuple[Path, ...]) -> Iterator[Utterance]:
    """Speak a text, sentence by sentence; what cannot be read is left out.

    Args:
        text: What to say.
        delivery: How.
        paths: The voice's files.

    Raises:
        WeightsCorrupt: One of them is not the published one.
    """
    speaker = _speaker(paths)
    noise = np.random.default_rng(0)
    for sentence in sentences(text):
        for reading in _parts(read(sentence.text, speaker.lexicon)):
            yield speaker.speak(reading, sentence, delivery, noise)


class _Speaker:
    """The loaded voice."""

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self.lexicon = Lexicon(
            paths["lexicon_us_gold.json.gz"],
            paths["lexicon_us_silver.json.gz"],
            UnknownWords(paths["hibari_oov.onnx"], paths["hibari_oov.json"]),
        )
        self._graph = Graph(paths["hibari.onnx"], [_DURATIONS])
        vocabulary = paths["hibari_vocab.json"]
        try:
            self._places: dict[str, int] = json.loads(vocabulary.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WeightsCorrupt(f"{vocabulary} is no table of symbols: {error}.") from error

    def speak(
        self,
        reading: Reading,
        sentence: Sentence,
        delivery: Delivery,
        noise: np.random.Generator,
    ) -> Utterance:
        """Speak one reading of at most about 400 symbols."""
        kept = [place for place, sign in enumerate(reading.symbols) if sign in self._places]
        symbols = "".join(reading.symbols[place] for place in kept)
        known = Reading(
            symbols=symbols,
            owners=tuple(reading.owners[place] for place in kept),
            tokens=reading.tokens,
        )
        places = [0, *(self._places[sign] for sign in symbols), 0]
        spoken = self._graph(
            ids=np.array([places], dtype=np.int64),
            speed=np.array([delivery.rate], dtype=np.float32),
        )
        spoken["f0"] = spoken["f0"] * np.float32(2 ** (delivery.pitch / _OCTAVE))
        sound: FloatArray = vocoder.sound_of(spoken, noise)
        phones, words = timed(known, spoken[_DURATIONS].tolist(), sound, vocoder.SAMPLE_HZ)
        whole = Utterance(
            sound=sound,
            rate_hz=vocoder.SAMPLE_HZ,
            phones=phones,
            words=words,
            pause=_pause(sentence, ends=symbols[-2:]) / delivery.rate,
            written=len(sentence.text),
        )
        return trimmed(whole)


def _pause(sentence: Sentence, *, ends: str) -> float:
    if sentence.ends_paragraph:
        return _PARAGRAPH
    return _SENTENCE if sentence.whole and set(ends) & set(".!?…") else _CLAUSE


def _parts(reading: Reading) -> Iterator[Reading]:
    """Yield a reading in parts that the network can say at once; nothing for a silent one."""
    symbols, owners = reading.symbols, reading.owners
    while len(symbols) > _LONGEST_SYMBOLS:
        cut = symbols.rfind(" ", 0, _LONGEST_SYMBOLS) + 1 or _LONGEST_SYMBOLS
        yield Reading(symbols=symbols[:cut], owners=owners[:cut], tokens=reading.tokens)
        symbols, owners = symbols[cut:], owners[cut:]
    if any(sign.isalpha() for sign in symbols):
        yield Reading(symbols=symbols, owners=owners, tokens=reading.tokens)


def _speaker(paths: tuple[Path, ...]) -> _Speaker:
    return _loaded(paths, tuple(path.stat().st_mtime_ns for path in paths))


@functools.lru_cache(maxsize=1)
def _loaded(paths: tuple[Path, ...], _: tuple[int, ...]) -> _Speaker:
    return _Speaker({path.name: path for path in paths})
