"""Mouth shapes of other programs: visemes by Azure's numbers, Oculus's names, Rhubarb's letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sadtalker_ext.spoken_words import SILENCE
from sadtalker_ext.types import Phoneme


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How the mouth looks during one phone.

    Attributes:
        azure: Number of the viseme, 0 to 21.
        oculus: Name of the viseme: one of sil PP FF TH DD kk CH SS nn RR aa E I O U.
        rhubarb: Letter of the mouth shape: A to H, or X for a mouth at rest.
    """

    azure: int
    oculus: str
    rhubarb: str


_REST: Final = Shape(azure=0, oculus="sil", rhubarb="X")
_GROUPS: Final = (
    ("AE AH", 1, "aa", "C"),
    ("AA", 2, "aa", "D"),
    ("AO", 3, "O", "E"),
    ("EH EY", 4, "E", "C"),
    ("UH", 4, "U", "E"),
    ("ER", 5, "RR", "E"),
    ("IY IH Y", 6, "I", "B"),
    ("UW W", 7, "U", "F"),
    ("OW", 8, "O", "F"),
    ("AW", 9, "aa", "D"),
    ("OY", 10, "O", "E"),
    ("AY", 11, "aa", "D"),
    ("R", 13, "RR", "E"),
    ("L", 14, "nn", "H"),
    ("S Z", 15, "SS", "B"),
    ("SH CH JH ZH", 16, "CH", "B"),
    ("DH", 17, "TH", "B"),
    ("F V", 18, "FF", "G"),
    ("T D", 19, "DD", "B"),
    ("N", 19, "nn", "B"),
    ("TH", 19, "TH", "B"),
    ("K G", 20, "kk", "B"),
    ("NG", 20, "nn", "B"),
    ("P B M", 21, "PP", "A"),
)
SHAPES: Final = {
    phone: Shape(azure=azure, oculus=oculus, rhubarb=rhubarb)
    for phones, azure, oculus, rhubarb in _GROUPS
    for phone in phones.split()
} | {SILENCE: _REST}
"""By ARPABET name. HH has the shape of the vowel behind it."""

_IPA: Final = {
    "P": "p",
    "B": "bɓ",
    "M": "m",
    "F": "fɸ",
    "V": "vʋβ",
    "TH": "θ",
    "DH": "ð",
    "T": "tʈ",
    "D": "dɖɾɽ",
    "N": "nɲɳ",
    "L": "lɫʎɭɬ",
    "S": "s",
    "Z": "z",
    "SH": "ʃʂɕç",
    "ZH": "ʒʐʑʝ",
    "K": "kqxχc",
    "G": "ɡgɣɟ",
    "NG": "ŋɴ",
    "HH": "hɦħʔ",
    "R": "ɹrʁʀɻ",
    "W": "wʍ",
    "Y": "jɥ",
    "IY": "i",
    "IH": "ɪɨɯ",
    "EH": "ɛe",
    "AE": "æ",
    "AH": "ʌəɐᵊɤ",
    "AA": "aɑɒ",
    "AO": "ɔ",
    "OW": "oɵ",
    "UH": "ʊ",
    "UW": "uyʉʏ",
    "ER": "ɝɜɚøœ",
}
_ARPABET: Final = {sign: name for name, signs in _IPA.items() for sign in signs} | {
    "t͡ʃ": "CH",
    "d͡ʒ": "JH",
    "aɪ": "AY",
    "aʊ": "AW",
    "eɪ": "EY",
    "oʊ": "OW",
    "əʊ": "OW",
    "ɔɪ": "OY",
}
"""Symbols of the International Phonetic Alphabet by the nearest name."""
_BREATH: Final = 12


def shapes(phones: Sequence[Phoneme]) -> list[tuple[Phoneme, Shape]]:
    """Return every phone with its shape; a phone without one looks at rest."""
    found: list[tuple[Phoneme, Shape]] = []
    for index, phone in enumerate(phones):
        name = _name(phone.symbol)
        if name == "HH":
            following = phones[index + 1].symbol if index + 1 < len(phones) else SILENCE
            like = SHAPES.get(_name(following), _REST)
            shape = Shape(azure=_BREATH, oculus=like.oculus, rhubarb=like.rhubarb)
        else:
            shape = SHAPES.get(name, _REST)
        found.append((phone, shape))
    return found


def _name(symbol: str) -> str:
    """Return the ARPABET name of a sound that is named so, or by the IPA."""
    if symbol in SHAPES or symbol == "HH":
        return symbol
    bare = symbol.strip("ˈˌːˑ")
    return _ARPABET.get(bare) or _ARPABET.get(bare[:1], SILENCE)
