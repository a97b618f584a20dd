"""Pronunciations of English words: a dictionary of 180,000, endings, and a network for the rest."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.voices.onnx.graph import Graph

Entry = str | dict[str, str | None]

_VOICELESS: Final = frozenset("ptkfθ")
_HISSING: Final = frozenset("szʃʒʧʤ")
_VOWELS: Final = frozenset("aeiouy")
SOUNDED: Final = frozenset("AIOQWYaeiouæɑɐɒɔəɚɛɜɨɪʊʌᵊᵻ")
"""Symbols of vowels."""
_SAY_AS_WORD = 5
"""Unknown words of capitals that are longer, and have vowels, are said as words."""
LONGEST_PART = 22
"""Letters that the network for unknown words takes at once."""


class Lexicon:
    """The dictionary. Its second, rarer half is read when the first does not know a word.

    Args:
        common: ``lexicon_us_gold.json.gz``.
        rare: ``lexicon_us_silver.json.gz``.
        unknown: Pronounces any word of letters; see `UnknownWords`.
    """

    def __init__(self, common: Path, rare: Path, unknown: Callable[[str], str]) -> None:
        self._common = read_dictionary(common)
        self._rare_path = rare
        self._unknown = unknown

    @cached_property
    def _rare(self) -> dict[str, Entry]:
        return read_dictionary(self._rare_path)

    def find(self, word: str) -> Entry | None:
        """Return the entry of a word as it is written, in lower case, or as a name."""
        return _looked_up(self._common, word) or _looked_up(self._rare, word)

    def entry(self, word: str) -> Entry:
        """Return the pronunciation of any word, or pronunciations by part of speech.

        Args:
            word: Letters and apostrophes.
        """
        known = self.find(word) or self._inflected(word)
        if known:
            return known
        if word.isupper() and (len(word) < _SAY_AS_WORD or not set(word.lower()) & _VOWELS):
            return self.letters(word)
        if "'" in word.strip("'"):
            return "".join(plain_form(self.entry(part)) for part in word.split("'") if part)
        parts = re.findall(f".{{1,{LONGEST_PART}}}", word.lower().strip("'"))
        return "".join(self._unknown(part) for part in parts)

    def letters(self, word: str) -> str:
        """Return the names of the letters; the last one has the stress."""
        names = [plain_form(self._common.get(letter, "")) for letter in word.upper()]
        return "".join(name.replace("ˈ", "ˌ") for name in names[:-1]) + "".join(names[-1:])

    def _inflected(self, word: str) -> str | None:
        """Return the pronunciation of a known word with an ending."""
        low = word if word.isupper() else word.lower()
        if low.endswith(("'s", "'")) and len(low) > 2:
            owner = word[: low.rindex("'")]
            said = plain_form(self.entry(owner))
            return said if low.endswith("'") else with_s(said)
        for ending, stems, joined in _ENDINGS:
            if not low.endswith(ending) or len(low) < len(ending) + 2:
                continue
            base = low[: -len(ending)]
            for stem in stems(base):
                known = self.find(stem) if len(stem) > 1 else None
                if known:
                    return joined(plain_form(known))
        return None


class UnknownWords:
    """A small network that reads any word: letters in, phones out.

    Args:
        network: ``oov.onnx``.
        table: ``oov.json``: the letters it knows and the phones it writes.

    Raises:
        WeightsCorrupt: A file cannot be read.
    """

    def __init__(self, network: Path, table: Path) -> None:
        self._graph = Graph(network)
        try:
            listed = json.loads(table.read_text(encoding="utf-8"))
            self._places = {letter: place + 1 for place, letter in enumerate(listed["in"])}
            self._phones = ["", *listed["out"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WeightsCorrupt(f"{table} is not a readable table of letters: {error}.") from error

    def __call__(self, word: str) -> str:
        """Return the phones of a word; empty when it has no letter that the network knows."""
        places = [self._places[letter] for letter in word if letter in self._places]
        if not places:
            return ""
        chosen = self._graph(chars=np.array([places], dtype=np.int64))["ids"][0].tolist()
        # repeated places are one phone, and place 0 is a pause between equal ones
        kept = [
            now for last, now in zip([0, *chosen], chosen, strict=False) if now not in (0, last)
        ]
        said = "".join(self._phones[place] for place in kept)
        return re.sub(r"[()\- 1]", "", said)


def read_dictionary(path: Path) -> dict[str, Entry]:
    """Return a gzipped JSON dictionary.

    Raises:
        WeightsCorrupt: It cannot be read.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            read: Any = json.load(stream)
    except (OSError, ValueError, EOFError) as error:
        raise WeightsCorrupt(f"{path} is not a readable dictionary: {error}.") from error
    if not isinstance(read, dict):
        raise WeightsCorrupt(f"{path} holds no dictionary.")
    return read


def _looked_up(entries: dict[str, Entry], word: str) -> Entry | None:
    for form in dict.fromkeys((word, word.lower(), word.capitalize())):
        entry = entries.get(form)
        if entry and not (isinstance(entry, dict) and form.isupper()):
            return entry
    return None


def plain_form(entry: Entry | None) -> str:
    """Return the usual pronunciation of an entry."""
    return (entry.get("DEFAULT") or "") if isinstance(entry, dict) else entry or ""


def with_s(said: str) -> str:
    """Return a pronunciation with the ending of plurals and owners."""
    if said[-1:] in _HISSING:
        return f"{said}ᵻz"
    return f"{said}s" if said[-1:] in _VOICELESS else f"{said}z"


def _with_ed(said: str) -> str:
    if said[-1:] in ("t", "d", "T"):
        flapped = said[-1] == "t" and said[-2:-1] in SOUNDED
        return f"{said[:-1]}ɾᵻd" if flapped else f"{said}ᵻd"
    return f"{said}t" if said[-1:] in _VOICELESS | {"s", "ʃ", "ʧ"} else f"{said}d"


def _with_ing(said: str) -> str:
    if said[-1:] == "t" and said[-2:-1] in SOUNDED:
        return f"{said[:-1]}ɾɪŋ"
    return f"{said}ɪŋ"


def _verb_stems(base: str) -> list[str]:
    doubled = len(base) > 2 and base[-1] == base[-2]
    return [base, f"{base}e", *([base[:-1]] if doubled else [])]


_ENDINGS: Final[tuple[tuple[str, Callable[[str], list[str]], Callable[[str], str]], ...]] = (
    ("ies", lambda base: [f"{base}y"], with_s),
    ("es", lambda base: [f"{base}e", base], with_s),
    ("s", lambda base: [base] if not base.endswith("s") else [], with_s),
    ("ied", lambda base: [f"{base}y"], _with_ed),
    ("ed", _verb_stems, _with_ed),
    ("ing", _verb_stems, _with_ing),
    ("ly", lambda base: [base], lambda said: f"{said}li"),
    ("ness", lambda base: [base, f"{base[:-1]}y"], lambda said: f"{said}nəs"),
    ("less", lambda base: [base], lambda said: f"{said}ləs"),
)
