"""Cutting a text of any length into sentences, and sentences into tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sadtalker_ext.speech.reading.tables import ABBREVIATIONS, NEVER_LAST

LONGEST_SENTENCE = 260
"""Characters; longer ones are cut at a comma, or at a space. About 20 seconds of speech."""

_OPENING: Final = "\"“„«‘'([{¿¡*_~`"
_CLOSING: Final = "\"”»’')]}*_~`.,;:!?…—"
_END: Final = re.compile(r"[.!?…。！？]+[\"”»’')\]]*(?=\s|$)|[。！？]")
_SPACE: Final = re.compile(r"[^\S\n]+")
_SAME: Final = {
    "’": "'",
    "‘": "'",
    "ʼ": "'",
    "＇": "'",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "–": "–",
    "...": "…",
    " - ": " — ",
    " -- ": " — ",
    "--": "—",
    "–-": "—",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """One word as it is written, with its punctuation.

    Attributes:
        text: As written, for captions.
        core: Without the punctuation around it.
        before: Punctuation in front.
        after: Punctuation behind.
    """

    text: str
    core: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence, or a part of a long one.

    Attributes:
        text: Its words, with single spaces.
        ends_paragraph: Whether an empty line, or the text's end, follows.
        whole: Whether it ends where a sentence ends.
    """

    text: str
    ends_paragraph: bool = False
    whole: bool = True


def plain(text: str) -> str:
    """Return the text with one sign for each apostrophe, hyphen and ellipsis, without controls."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        sign
        for sign in text
        if sign in "\n\t" or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    for old, new in _SAME.items():
        text = text.replace(old, new)
    return text


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text, one by one."""
    paragraphs = [one for one in re.split(r"\n\s*\n", plain(text)) if one.strip()]
    for paragraph in paragraphs:
        pieces = [
            piece
            for line in _joined(paragraph)
            for sentence in _cut(line)
            for piece in _shortened(sentence)
        ]
        for number, (piece, whole) in enumerate(pieces):
            last = number == len(pieces) - 1
            yield Sentence(text=piece, ends_paragraph=last, whole=whole)


def tokens(sentence: str) -> list[Token]:
    """Return the tokens of a sentence; signs alone are tokens, too."""
    found = []
    for text in sentence.split():
        core = text.lstrip(_OPENING)
        before = text[: len(text) - len(core)]
        inner = core.rstrip(_CLOSING)
        after = core[len(inner) :]
        found.append(Token(text=text, core=inner, before=before, after=after))
    return found


def _joined(paragraph: str) -> list[str]:
    """Return the lines; those that only wrap a sentence are joined."""
    lines: list[str] = []
    for raw in paragraph.split("\n"):
        line = _SPACE.sub(" ", raw).strip()
        if not line:
            continue
        wraps = lines and line[0].islower() and not lines[-1].endswith((".", "!", "?", ":"))
        if wraps or (lines and len(lines[-1]) > 50 and lines[-1][-1] not in ".!?…:"):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return lines


def _cut(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if end.end() < len(line) and not _ends(line, end.start(), line[end.end() :].lstrip()):
            continue
        piece = line[start : end.end()].strip()
        start = end.end()
        if piece:
            yield piece
    if line[start:].strip():
        yield line[start:].strip()


def _ends(line: str, at: int, rest: str) -> bool:
    """Tell whether the punctuation at a place ends a sentence."""
    if rest[:1].islower():
        return False
    if line[at] != "." or line[at : at + 2] == "..":
        return True
    word = line[:at].split()[-1] if line[:at].split() else ""
    bare = word.strip(_OPENING).lower()
    if bare in NEVER_LAST or (bare in ABBREVIATIONS and rest[:1].isdigit()):
        return False
    return not (len(bare) == 1 and bare.isalpha() and bare != "i")


def _shortened(sentence: str) -> Iterator[tuple[str, bool]]:
    """Yield a sentence, or its parts when it is long, and whether a part is its end."""
    while len(sentence) > LONGEST_SENTENCE:
        head = sentence[:LONGEST_SENTENCE]
        cut = max((head.rfind(f"{sign} ") + 1 for sign in ".!?…,;:—"), default=0)
        if cut < LONGEST_SENTENCE // 3:
            cut = head.rfind(" ")
        if cut <= 0:
            cut = LONGEST_SENTENCE
        yield sentence[:cut].strip(), False
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence, True
