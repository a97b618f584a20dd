"""The sounds of all languages by the symbols of the IPA, and what the mouth does for each.

A symbol may carry stress, length, tone, nasality and other marks, and may join sounds (t͡ʃ, aɪ).
`parts_of` reads any of them as one or more plain sounds; plain sounds are what the lips know.
ARPABET, which English dictionaries use, is a view of the same sounds.
"""

from __future__ import annotations

import functools
import unicodedata

from sadtalker_ext.types import Phoneme

SILENCE = "SIL"

_SAME = {
    # plain sound: the symbols that the lips cannot tell from it
    "p": "p",
    "b": "bɓʙβ",
    "m": "m",
    "f": "fɸ",
    "v": "vʋⱱɱ",
    "w": "wʍɥʷᵝ",
    "θ": "θð",
    "s": "szɬɮẑ",
    "ʃ": "ʃʒɕʑʂʐçʝ",
    "t": "tdʈɖɗɾɟcǀǃ",
    "n": "nɲɳ",
    "l": "lɫʎɭɺʟ",
    "ɹ": "ɹɻ˞",
    "r": "rɽʀʁ",
    "k": "kgɡɠqɢʛxɣχɰ",
    "ŋ": "ŋɴ",
    "h": "hɦħʕʔʢʡ",
    "j": "jʲ",
    "i": "iǐìɨ",
    "ɪ": "ɪɘ",
    "e": "eẽ",
    "ɛ": "ɛ",
    "æ": "æ",
    "a": "aɑäãàåɐɶ",
    "ʌ": "ʌ",
    "ə": "əᵊɤ",
    "ɜ": "ɜɝɚɞ",
    "ɔ": "ɔɒ",
    "o": "oõɵ",
    "u": "uũʉ",
    "ʊ": "ʊ",
    "y": "yʏ",
    "ø": "øœ",
    "ɯ": "ɯ",
}
PLAIN = (SILENCE, *_SAME)
"""The plain sounds, silence first. `i` to `ɯ` are vowels."""

CONSONANTS = frozenset(PLAIN[1 : PLAIN.index("i")])
VOWELS = frozenset(PLAIN[PLAIN.index("i") :])
BILABIAL = frozenset("pbm")
LABIODENTAL = frozenset("fv")
ROUNDED = frozenset("wɔouʊyø")
"""Sounds for which the lips are rounded in every language."""

_PLAIN_OF = {symbol: plain for plain, symbols in _SAME.items() for symbol in symbols}
_FRICATIVES = frozenset(("s", "ʃ", "f", "v", "θ"))

ARPABET = {
    **dict(zip(("P", "B", "M", "F", "V", "W"), "pbmfvw", strict=True)),
    **dict(zip(("T", "D", "N", "L", "S", "Z"), "tdnlsz", strict=True)),
    **dict(zip(("TH", "DH", "SH", "ZH", "NG", "HH"), "θðʃʒŋh", strict=True)),
    **dict(zip(("K", "G", "R", "Y"), "kɡɹj", strict=True)),
    "CH": "t͡ʃ",
    "JH": "d͡ʒ",
    "ER": "ɝ",
    **dict(zip(("AA", "AE", "AH", "AO", "EH", "IH"), "ɑæʌɔɛɪ", strict=True)),
    **dict(zip(("IY", "UH", "UW"), "iʊu", strict=True)),
    "AW": "aʊ",
    "AY": "aɪ",
    "EY": "eɪ",
    "OW": "oʊ",
    "OY": "ɔɪ",
}
"""ARPABET symbol without stress to IPA."""

_ARPABET_OF_PLAIN = {
    **{plain: name for name, plain in ARPABET.items() if plain in PLAIN},
    **dict(zip("tkaəɜeor", ("T", "K", "AA", "AH", "ER", "EH", "OW", "R"), strict=True)),
    **dict(zip("yøɯ", ("UW", "ER", "IH"), strict=True)),
    SILENCE: SILENCE,
}
_ARPABET_OF_SYMBOL = {symbol: name for name, symbol in ARPABET.items()}


@functools.cache
def parts_of(symbol: str) -> tuple[str, ...]:
    """Return the plain sounds of an IPA or ARPABET symbol, in order.

    An affricate is its hiss, an aspirated, palatal or nasal sound the plain one; a diphthong is
    two sounds. Marks without a sound of their own, tones and noises are silence.
    """
    if symbol == SILENCE:
        return (SILENCE,)
    name = ARPABET.get(symbol.upper().rstrip("012")) if symbol[:1].isupper() else None
    found: list[str] = []
    for letter in name or symbol:
        plain = _PLAIN_OF.get(letter) or _PLAIN_OF.get(unicodedata.normalize("NFD", letter)[:1])
        if plain is None or (found and letter in "ʲ˞ᵊᵝ") or (plain == "h" and letter in "ʰʱ"):
            continue
        if found and found[-1] == "t" and plain in _FRICATIVES:
            found.pop()
        if not found or found[-1] != plain:
            found.append(plain)
    return tuple(found) or (SILENCE,)


def plain_of(symbol: str) -> str:
    """Return the plain sound with which a symbol begins."""
    return parts_of(symbol)[0]


def arpabet(symbol: str) -> str:
    """Return the nearest ARPABET symbol without stress, or "SIL"."""
    bare = symbol.lstrip("ˈˌ").rstrip("ːˑ")
    if bare in _ARPABET_OF_SYMBOL:
        return _ARPABET_OF_SYMBOL[bare]
    if "͡" not in bare and _ARPABET_OF_SYMBOL.get(f"{bare[:1]}͡{bare[1:]}"):
        return _ARPABET_OF_SYMBOL[f"{bare[:1]}͡{bare[1:]}"]
    return _ARPABET_OF_PLAIN[plain_of(symbol)]


def in_ipa(symbol: str) -> str:
    """Return a symbol in IPA: ARPABET translated, noises such as "<s>" or "+NSN+" as silence."""
    if symbol[:1].isascii() and not symbol[:1].islower():
        return ARPABET.get(symbol.upper().rstrip("012"), SILENCE)
    return symbol if parts_of(symbol) != (SILENCE,) else SILENCE


def is_vowel(symbol: str) -> bool:
    """Tell whether a symbol begins with a vowel."""
    return plain_of(symbol) in VOWELS


def seals(one: Phoneme) -> bool:
    """Tell whether the lips shut for a sound."""
    return plain_of(one.symbol) in BILABIAL
