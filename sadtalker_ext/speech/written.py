"""A text as captions show it: lines, and the words of each with their punctuation."""

from __future__ import annotations

import itertools
import re
from typing import Final

from sadtalker_ext.speech.language import language_of

NO_SPACES: Final = ("cmn", "ja", "th")
"""Languages written without spaces between words."""
_SENTENCE: Final = re.compile(r"(?<=[.!?;:…])\s+|(?<=[。！？；])|\n+")
_CLAUSE: Final = re.compile(r"[^，、,]+[，、,]?")
_LONGEST: Final = 14
"""Signs of a piece of a text without spaces."""


def written_lines(text: str, language: str = "") -> list[list[str]]:
    """Return the words of each sentence; of texts without spaces, pieces of some signs.

    Args:
        text: Any text.
        language: Its language; found out where it is not given.
    """
    language = language or language_of(text)
    lines: list[list[str]] = []
    for sentence in _SENTENCE.split(text):
        pieces = sentence.split()
        if language in NO_SPACES:
            pieces = [short for one in pieces for short in _pieces(one)]
        words: list[str] = []
        for piece in pieces:
            if any(sign.isalnum() for sign in piece):
                words.append(piece)
            elif words:
                words[-1] += f" {piece}"
        if words:
            lines.append(words)
    return lines


def written_words(text: str) -> list[str]:
    """Return the words of a whole text, numbered as `align.Word.written` does."""
    return [word for line in written_lines(text) for word in line]


def _pieces(text: str) -> list[str]:
    found: list[str] = []
    for clause in _CLAUSE.findall(text):
        count = -(-len(clause) // _LONGEST)
        edges = [round(number * len(clause) / count) for number in range(count + 1)]
        found += [clause[low:high] for low, high in itertools.pairwise(edges)]
    return found
