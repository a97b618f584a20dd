"""A rough English pronunciation for words no dictionary knows."""

from __future__ import annotations

# longest spelling first; enough to move a mouth, not to teach English
_RULES = {
    "tion": "SH AH N",
    "sion": "ZH AH N",
    "ough": "AO",
    "augh": "AO",
    "eigh": "EY",
    "tch": "CH",
    "sch": "SH",
    "igh": "AY",
    "ing": "IH NG",
    "air": "EH R",
    "eau": "OW",
    "ch": "CH",
    "sh": "SH",
    "th": "TH",
    "ph": "F",
    "wh": "W",
    "ck": "K",
    "ng": "NG",
    "qu": "K W",
    "kn": "N",
    "wr": "R",
    "gh": "G",
    "dg": "JH",
    "ce": "S",
    "ci": "S IH",
    "cy": "S IY",
    "ge": "JH",
    "ai": "EY",
    "ay": "EY",
    "au": "AO",
    "aw": "AO",
    "ar": "AA R",
    "ea": "IY",
    "ee": "IY",
    "er": "ER",
    "eu": "UW",
    "ew": "UW",
    "ey": "IY",
    "ie": "IY",
    "ir": "ER",
    "oa": "OW",
    "oi": "OY",
    "oo": "UW",
    "or": "AO R",
    "ou": "AW",
    "ow": "OW",
    "oy": "OY",
    "ue": "UW",
    "ur": "ER",
    "a": "AE",
    "b": "B",
    "c": "K",
    "d": "D",
    "e": "EH",
    "f": "F",
    "g": "G",
    "h": "HH",
    "i": "IH",
    "j": "JH",
    "k": "K",
    "l": "L",
    "m": "M",
    "n": "N",
    "o": "AA",
    "p": "P",
    "q": "K",
    "r": "R",
    "s": "S",
    "t": "T",
    "u": "AH",
    "v": "V",
    "w": "W",
    "x": "K S",
    "y": "IY",
    "z": "Z",
}
_LAST_VOWEL = {"a": "AH", "o": "OW", "i": "IY", "u": "UW", "y": "IY"}


def pronounce(word: str) -> list[str]:
    """Return ARPABET symbols for a lower-case word of the letters a to z.

    Doubled letters sound once, a final "e" after a consonant is silent, other final vowels are
    long.
    """
    sounds: list[str] = []
    at = 0
    while at < len(word):
        last = at == len(word) - 1
        if last and sounds and word[at] == "e":
            break
        if at and word[at] == word[at - 1] and word[at] not in "eo":
            at += 1
            continue
        length = next(n for n in (4, 3, 2, 1, 0) if n == 0 or word[at : at + n] in _RULES)
        if last and sounds and word[at] in _LAST_VOWEL:
            sounds.append(_LAST_VOWEL[word[at]])
        elif length:
            sounds += _RULES[word[at : at + length]].split()
        at += max(length, 1)
    return sounds
