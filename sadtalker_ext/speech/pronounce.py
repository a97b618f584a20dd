"""How the words of a text are pronounced: by espeak-ng where it is installed, else by rules."""

from __future__ import annotations

import importlib.util
import logging
import re
import subprocess
from collections.abc import Sequence

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.speech.hear.align import Word
from sadtalker_ext.speech.ipa import ARPABET, SILENCE, parts_of
from sadtalker_ext.speech.language import language_of
from sadtalker_ext.speech.letters import pronounce
from sadtalker_ext.speech.script import words_of
from sadtalker_ext.speech.voices import espeak

logger = logging.getLogger(__name__)

_LINE = re.compile(r"[^\n.!?;:。！？；]+")
_NO_SPACES = ("cmn", "ja", "th")
"""Languages written without spaces between words."""
_ACCENTS = {"en": ("en-us", "en"), "es": ("es", "es-419"), "pt": ("pt-br", "pt")}
_SYMBOL = re.compile(
    r"t͡?[ʃɕsʂ]ʰ?|d͡?[ʒʑzʐ]|[aeoɔ][ɪʊ]|ɔɪ|[^\W\d_][\u02b0-\u02ff\u0300-\u036f]*", re.UNICODE
)


def readings_of(text: str) -> list[list[Word]]:
    """Return the words of a text with the sounds of each, in every accent that is known.

    A text in a language without a known pronunciation gives nothing: it is then listened to.
    """
    if not text.strip():
        return []
    language = language_of(text)
    readings: list[list[Word]] = []
    if importlib.util.find_spec("espeakng_loader") is not None:
        readings = [_by_espeak(text, one) for one in _ACCENTS.get(language, (language,))]
    if not any(readings) and language.startswith("en"):
        readings = [
            [
                Word(word, tuple(ARPABET[one] for one in pronounce(word)))
                for word in words_of(text)
                if pronounce(word)
            ]
        ]
    return [one for one in readings if one]


def symbols_of(ipa: str) -> tuple[str, ...]:
    """Return the single symbols of a word in IPA, without stress, noises or tones."""
    bare = re.sub(r"\([^)]*\)|[ˈˌ\d]", "", ipa)
    return tuple(one for one in _SYMBOL.findall(bare) if parts_of(one) != (SILENCE,))


def _by_espeak(text: str, language: str) -> list[Word]:
    lines = [line.strip() for line in _LINE.findall(text) if line.strip()]
    answer = _phones(lines, language)
    words: list[Word] = []
    for line, ipa in zip(lines, answer, strict=False):
        written = list(line.replace(" ", "")) if language in _NO_SPACES else line.split()
        spoken = ipa.split()
        # espeak-ng may say two words as one, or a number as many
        names = written if len(written) == len(spoken) else [""] * len(spoken)
        for name, one in zip(names, spoken, strict=True):
            symbols = symbols_of(one)
            if symbols:
                words.append(Word(name, symbols))
    return words


def _phones(lines: Sequence[str], language: str) -> Sequence[str]:
    """Return the IPA of each line; nothing where espeak-ng fails."""
    try:
        spoken: list[str] = espeak.ask({"do": "phones", "texts": lines, "voice": language})[
            "phones"
        ]
    except (SadTalkerError, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
        logger.warning("The text's sounds are not known, they are listened to: %s", error)
        return ()
    return spoken
