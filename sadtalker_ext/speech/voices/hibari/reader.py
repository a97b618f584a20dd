"""From a sentence to the symbols that the voice's network speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sadtalker_ext.speech.reading.sentences import Token, tokens
from sadtalker_ext.speech.reading.spoken import punctuation, spoken
from sadtalker_ext.speech.voices.hibari.lexicon import SOUNDED, Lexicon, plain_form, with_s

PAUSES: Final = frozenset(";:,.!?—…")
"""Punctuation the network was trained with that is heard as a pause."""
_LETTER: Final = "[A-Za-zÀ-ÖØ-öø-ɏ]"
_LETTERS: Final = re.compile(rf"{_LETTER}+(?:'{_LETTER}+)*'?|'{_LETTER}+")
"""Words of Latin letters; the network speaks English."""

_TO_VERB_WORDS = (
    "to will would can could should shall may might must i you we they let don't didn't doesn't "
    "won't can't couldn't wouldn't shouldn't not please and he she it who"
)
_TO_VERB: Final = frozenset(_TO_VERB_WORDS.split())
"""What stands in front of a verb ("to record", "they live")."""
_TO_NOUN_WORDS = (
    "a an the this that these those my your his her its our their of in on for with from by no "
    "some any each every"
)
_TO_NOUN: Final = frozenset(_TO_NOUN_WORDS.split())
_DONE_WORDS = "have has had having been was were is are be being i've we've"
_DONE: Final = frozenset(_DONE_WORDS.split())
"""What stands in front of a participle ("have read")."""
_PAST_WORDS = "yesterday ago last earlier once"
_PAST: Final = frozenset(_PAST_WORDS.split())
_LIGHT_WORDS = (
    "i you he she it we they me him us them that this these those there not so but "
    "or nor if then than as at by for from of on in with into onto about am is are was were be "
    "been do does did has have had can could will would shall should may might must my your his "
    "her its our their and while because get got just"
)
_LIGHT: Final = frozenset(_LIGHT_WORDS.split())
"""Words without the main stress, except before a pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sentence in the network's symbols.

    Attributes:
        symbols: One sign each: phones, stress marks, spaces, punctuation.
        owners: For each symbol the index of the token it says, -1 for spaces.
        tokens: The tokens, for the words as they are written.
    """

    symbols: str
    owners: tuple[int, ...]
    tokens: tuple[Token, ...]


@dataclass(slots=True)
class _Said:
    word: str
    owner: int
    named: bool = False
    final: bool = False


def read(sentence: str, lexicon: Lexicon) -> Reading:
    """Return the symbols of a sentence.

    Args:
        sentence: One sentence of plain text.
        lexicon: Knows how words are said.
    """
    written = tokens(sentence)
    parts: list[tuple[str, int]] = []
    said = _words(written)
    place = 0
    for owner in range(len(written)):
        mark = written[owner].before
        if opening := "".join(sign for sign in mark if sign in '"“('):
            parts.append((opening.replace('"', "“"), owner))
        while place < len(said) and said[place].owner == owner:
            symbols = _pronounced(said, place, lexicon)
            if symbols:
                parts += [(symbols, owner), (" ", -1)]
            place += 1
        marks = _marks(punctuation(written, owner) if written[owner].core else written[owner].text)
        if marks and any(kind != " " for kind, _ in parts):
            while parts and parts[-1][0] == " ":
                parts.pop()
            parts += [(marks, owner), (" ", -1)]
    while parts and parts[-1][0] == " ":
        parts.pop()
    symbols = "".join(text for text, _ in parts)
    owners = tuple(owner for text, owner in parts for _ in text)
    if symbols and not set(symbols[-3:]) & PAUSES:
        # without an end the network speaks as if it went on
        symbols, owners = f"{symbols}.", (*owners, owners[-1])
    return Reading(symbols=symbols, owners=owners, tokens=tuple(written))


def unread(sentence: str) -> Iterator[str]:
    """Yield the words of a sentence that are left out, or whose letters are in part.

    Args:
        sentence: One sentence of plain text.
    """
    written = tokens(sentence)
    for owner in range(len(written)):
        left = _LETTERS.sub("", " ".join(spoken(written, owner)))
        if any(sign.isalnum() for sign in left):
            yield written[owner].core


def _words(written: Sequence[Token]) -> list[_Said]:
    """Return every word that is said, and whether a pause follows."""
    said: list[_Said] = []
    for index in range(len(written)):
        said += _grouped(spoken(written, index), index)
        pause = _marks(punctuation(written, index)) or index == len(written) - 1
        if said and pause:
            said[-1].final = True
    return said


def _grouped(words: Sequence[str], owner: int) -> list[_Said]:
    """Return the words; letters in a row, which are named, are one."""
    said: list[_Said] = []
    for written in words:
        for word in _LETTERS.findall(written):
            named = word.removesuffix("'s").isupper() and len(word.removesuffix("'s")) == 1
            if named and said and said[-1].named:
                said[-1].word += word
            else:
                said.append(_Said(word, owner, named=named))
    return said


def _marks(text: str) -> str:
    """Return the punctuation that the network knows, once each."""
    marks = "".join(sign for sign in text.replace("–", "—") if sign in PAUSES or sign in '"”)')
    marks = re.sub(r"([.!?…])[.!?…,;:—]+", r"\1", marks)
    return re.sub(r"(.)\1+", r"\1", marks).replace('"', "”").replace("—", " —")


def _pronounced(said: Sequence[_Said], place: int, lexicon: Lexicon) -> str:
    word, final = said[place].word, said[place].final
    if said[place].named and (len(word) > 1 or word not in "AI"):
        names = lexicon.letters(word.removesuffix("'s"))
        return with_s(names) if word.endswith("'s") else names
    low = word.lower()
    following = said[place + 1] if place + 1 < len(said) and not final else None
    if low in ("a", "an", "the", "to") and following is not None and (word != "A" or place == 0):
        vowel = _begins_with_vowel(following, lexicon)
        return {
            "a": "ɐ",
            "an": "ɐn",
            "the": "ði" if vowel else "ðə",
            "to": "tʊ" if vowel else "tə",
        }[low]
    entry = lexicon.entry(word)
    if isinstance(entry, dict):
        entry = _chosen(entry, said, place, following.word if following is not None else "")
    if low in _LIGHT and len(said) > 1:
        entry = entry if final else entry.replace("ˈ", "ˌ")
    # the network was trained with T for the flap of "water", and without glottal stops
    return entry.replace("ɾ", "T").replace("ʔ", "t").replace("r", "ɹ").replace("g", "ɡ")


def _begins_with_vowel(word: _Said, lexicon: Lexicon) -> bool:
    entry = lexicon.letters(word.word[:1]) if word.named else lexicon.entry(word.word)
    said = plain_form(entry).lstrip("ˈˌ")
    return said[:1] in SOUNDED


def _chosen(entry: dict[str, str | None], said: Sequence[_Said], place: int, following: str) -> str:
    """Choose a pronunciation by the words around: to REcord or the REcord."""
    default = entry.get("DEFAULT") or ""
    before = said[place - 1].word.lower() if place else ""
    around = {one.word.lower() for one in said}
    if not following and entry.get("None"):
        return entry["None"] or default
    past = entry.get("VBN") or entry.get("VBD")
    if past:
        happened = before in _DONE or (bool(around & _PAST) and before not in _TO_VERB - {"i"})
        if said[place].word.lower() == "used":
            happened = following.lower() == "to"
        if happened:
            return past
    if before in _TO_NOUN:
        return entry.get("NOUN") or default
    orders = not before and following.lower() in _TO_NOUN  # "Close the door."
    if before in _TO_VERB or orders:
        return entry.get("VERB") or default
    return default
