"""From espeak-ng's phoneme mnemonics to ARPABET."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.types import Phoneme

SYMBOLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("@", "@2", "@5", "a#", "V", "@-"), ("AH",)),
    **dict.fromkeys(("I", "I2", "I#"), ("IH",)),
    **dict.fromkeys(("i", "i:"), ("IY",)),
    **dict.fromkeys(("0", "0#", "A:", "A#", "A"), ("AA",)),
    **dict.fromkeys(("3", "3:"), ("ER",)),
    **dict.fromkeys(("E", "E2"), ("EH",)),
    **dict.fromkeys(("a", "aa", "&"), ("AE",)),
    **dict.fromkeys(("U",), ("UH",)),
    **dict.fromkeys(("u:", "u"), ("UW",)),
    **dict.fromkeys(("O:", "O", "O2"), ("AO",)),
    **dict.fromkeys(("aI@", "aI3"), ("AY", "ER")),
    **dict.fromkeys(("aU@",), ("AW", "ER")),
    **dict.fromkeys(("O@", "o@"), ("AO", "R")),
    **dict.fromkeys(("i@", "i@3"), ("IH", "R")),
    "eI": ("EY",),
    **dict.fromkeys(("aI", "aI2"), ("AY",)),
    "aU": ("AW",),
    "OI": ("OY",),
    "oU": ("OW",),
    "A@": ("AA", "R"),
    "e@": ("EH", "R"),
    "U@": ("UH", "R"),
    "@L": ("AH", "L"),
    "D": ("DH",),
    "T": ("TH",),
    "dZ": ("JH",),
    "tS": ("CH",),
    "S": ("SH",),
    "Z": ("ZH",),
    "N": ("NG",),
    "h": ("HH",),
    "?": ("HH",),
    **dict.fromkeys(("j", ";"), ("Y",)),
    "t#": ("D",),
    "t2": ("T",),
    "n-": ("N",),
    "r-": ("R",),
    **{letter: (letter.upper(),) for letter in "bdfgklmnprstvwz"},
}
"""English mnemonics without stress marks; a diphthong or r-coloured vowel may be two sounds."""


def to_phonemes(events: Sequence[tuple[float, str]], seconds: float) -> tuple[Phoneme, ...] | None:
    """Translate timed mnemonics of an English voice.

    Args:
        events: Beginning in seconds and mnemonic of each sound.
        seconds: Length of the speech.

    Returns:
        The sounds, or None when a mnemonic is not English: guesses would be worse than listening.
    """
    found: list[Phoneme] = []
    ends = [start for start, _ in events[1:]] + [seconds]
    for (start, name), end in zip(events, ends, strict=True):
        bare = name.lstrip("',%=|")
        symbols = ("SIL",) if not bare or bare[0] in "_:" else SYMBOLS.get(bare)
        if symbols is None:
            return None
        edges = np.linspace(start, end, len(symbols) + 1)
        found += [
            Phoneme(symbol=symbol, start=float(left), end=float(right))
            for symbol, left, right in zip(symbols, edges[:-1], edges[1:], strict=True)
            if right > left
        ]
    return tuple(found)
