"""The built-in English voice: whether it is there, and what it says.

What it speaks with is loaded by the first text: a page that lists voices needs none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sadtalker_ext.speech.voices.provider import Delivery, Utterance, Voice
from sadtalker_ext.weights import voice_files
from sadtalker_ext.weights.store import WeightStore

NAME: Final = "hibari"
VOICE: Final = Voice(name=NAME, language="en-us", label="American English, natural (Hibari)")


class Hibari:
    """Speaks with the built-in voice.

    Args:
        store: Where its files are.
    """

    name = NAME

    def __init__(self, store: WeightStore) -> None:
        self._store = store

    def voices(self) -> tuple[Voice, ...]:
        """Return the voice when all its files are there."""
        return (VOICE,) if all(self._store.find(name) for name in voice_files.NAMES) else ()

    def synthesise(self, text: str, delivery: Delivery) -> Iterator[Utterance]:
        """Speak a text, sentence by sentence; what it cannot read is left out.

        Raises:
            WeightsCorrupt: A file of the voice is not the published one.
            WeightsMissing: It is not there.
        """
        from sadtalker_ext.speech.voices.hibari.speaker import spoken

        paths = tuple(self._store.require(name) for name in voice_files.NAMES)
        yield from spoken(text, delivery, paths)

    def unread(self, text: str) -> Iterator[str]:
        """Yield the words with letters or digits that the network has no symbols for."""
        from sadtalker_ext.speech.reading.sentences import sentences
        from sadtalker_ext.speech.voices.hibari.reader import unread

        for sentence in sentences(text):
            yield from unread(sentence.text)
