"""How the words of a text are pronounced: by espeak-ng where it is installed, else by rules."""

from __future__ import annotations

import importlib.util
import itertools
import logging
import re
import subprocess
from collections.abc import Sequence

import numpy as np

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.speech.hear.align import Word
from sadtalker_ext.speech.ipa import ARPABET, SILENCE, parts_of
from sadtalker_ext.speech.language import language_of
from sadtalker_ext.speech.letters import pronounce
from sadtalker_ext.speech.script import words_of
from sadtalker_ext.speech.written import written_lines

logger = logging.getLogger(__name__)

_ENDS = ".!?;:…。！？；"
_ACCENTS = {"en": ("en-us", "en"), "es": ("es", "es-419"), "pt": ("pt-br", "pt")}
_SYMBOL = re.compile(
    r"t͡?[ʃɕsʂ]ʰ?|d͡?[ʒʑzʐ]|[aeoɔ][ɪʊ]|ɔɪ|[^\W\d_][\u02b0-\u02ff\u0300-\u036f]*", re.UNICODE
)


def readings_of(text: str) -> list[list[Word]]:
    """Return the words of a text with the sounds of each, in every accent that is known.

    A text in a language without a known pronunciation gives nothing: it is then listened to.
    """
    language = language_of(text)
    lines = written_lines(text, language)
    readings: list[list[Word]] = []
    if lines and importlib.util.find_spec("espeakng_loader") is not None:
        readings = [_by_espeak(lines, one) for one in _ACCENTS.get(language, (language,))]
    if not any(readings) and language == "en":
        readings = [_by_rules(lines)]
    return [one for one in readings if one]


def symbols_of(ipa: str) -> tuple[str, ...]:
    """Return the single symbols of a word in IPA, without stress, noises or tones."""
    bare = re.sub(r"\([^)]*\)|[ˈˌ\d]", "", ipa)
    return tuple(one for one in _SYMBOL.findall(bare) if parts_of(one) != (SILENCE,))


def _by_rules(lines: Sequence[Sequence[str]]) -> list[Word]:
    written = [word for line in lines for word in line]
    return [
        Word(word, tuple(ARPABET[one] for one in sounds), number)
        for number, token in enumerate(written)
        for word in words_of(token)
        if (sounds := pronounce(word))
    ]


def _by_espeak(lines: Sequence[Sequence[str]], language: str) -> list[Word]:
    said = _phones([" ".join(line).rstrip(_ENDS) for line in lines], language)
    if len(said) != len(lines):
        return []
    spoken = [ipa.split() for ipa in said]
    odd = [k for k, line in enumerate(lines) if len(line) != len(spoken[k])]
    alone = iter(_phones([word for k in odd for word in lines[k]], language) if odd else ())
    words: list[Word] = []
    first = 0
    for number, line in enumerate(lines):
        owners = list(range(len(line)))
        if number in odd:
            parts = list(itertools.islice(alone, len(line)))
            owners = _owners([one.split() for one in parts], spoken[number])
        for owner, ipa in zip(owners, spoken[number], strict=True):
            if symbols := symbols_of(ipa):
                words.append(Word(line[owner], symbols, first + owner))
        first += len(line)
    return words


def _owners(alone: Sequence[Sequence[str]], spoken: Sequence[str]) -> list[int]:
    """Return which written word each spoken one belongs to, where their numbers differ.

    espeak-ng may say two words as one, or a number as many.

    Args:
        alone: What it says for each written word alone.
        spoken: What it says for all of them.
    """
    if sum(map(len, alone)) == len(spoken):
        return [owner for owner, said in enumerate(alone) for _ in said]
    written = [sum(map(len, said)) for said in alone] or [1]
    edges = np.cumsum(written) / max(sum(written), 1)
    lengths = np.array([len(ipa) for ipa in spoken], dtype=float)
    middles = (np.cumsum(lengths) - lengths / 2) / max(float(lengths.sum()), 1.0)
    return [int(min(np.searchsorted(edges, one), len(written) - 1)) for one in middles]


def _phones(lines: Sequence[str], language: str) -> Sequence[str]:
    """Return the IPA of each line; nothing where espeak-ng fails."""
    from sadtalker_ext.speech.voices import espeak

    try:
        spoken: list[str] = espeak.ask({"do": "phones", "texts": lines, "voice": language})[
            "phones"
        ]
    except (SadTalkerError, subprocess.SubprocessError, OSError, ValueError, KeyError) as error:
        logger.warning("The text's sounds are not known, they are listened to: %s", error)
        return ()
    return spoken
