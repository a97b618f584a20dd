"""What the mouth does for each sound: targets, and how strongly the sound insists on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sadtalker_ext.speech.phonemes import SILENCE
from sadtalker_ext.types import Phoneme

SHAPED = ("jaw", "wide", "round", "upper", "tongue")
"""Controls that blend from sound to sound; `press` and `tuck` are contacts (see `contacts`)."""


@dataclass(frozen=True, slots=True)
class Viseme:
    """One mouth shape over a stretch of time.

    Attributes:
        start: Seconds.
        end: Seconds.
        target: Values of `SHAPED`.
        weight: How strongly each of them is pulled to its target; 0 lets the neighbours decide.
        reach: Seconds over which the lips of this sound are felt before it begins.
        vowel: Whether the opening follows the loudness of the syllable.
    """

    start: float
    end: float
    target: tuple[float, ...]
    weight: tuple[float, ...]
    reach: float = 0.06
    vowel: bool = False


# jaw, wide, round, upper, tongue
_OPEN = (0.92, 0.08, 0.0, 0.20, 0.0)
_NEAR_I = (0.26, 0.55, 0.0, 0.22, 0.2)
_NEAR_U = (0.15, 0.0, 0.90, 0.0, 0.0)
_VOWELS = {
    "AA": _OPEN,
    "AE": (0.88, 0.42, 0.0, 0.32, 0.0),
    "AH": (0.62, 0.10, 0.0, 0.14, 0.0),
    "AO": (0.80, 0.0, 0.62, 0.08, 0.0),
    "EH": (0.64, 0.36, 0.0, 0.24, 0.0),
    "ER": (0.36, 0.0, 0.55, 0.08, 0.2),
    "IH": (0.40, 0.38, 0.0, 0.20, 0.1),
    "IY": (0.27, 0.85, 0.0, 0.24, 0.2),
    "UH": (0.36, 0.0, 0.65, 0.04, 0.0),
    "UW": (0.16, 0.0, 1.00, 0.0, 0.0),
}
_DIPHTHONGS = {
    # the first shape takes 60 % of the time
    "AW": (_OPEN, _NEAR_U),
    "AY": (_OPEN, _NEAR_I),
    "EY": (_VOWELS["EH"], _NEAR_I),
    "OW": ((0.60, 0.0, 0.85, 0.04, 0.0), (0.18, 0.0, 1.0, 0.0, 0.0)),
    "OY": (_VOWELS["AO"], _NEAR_I),
}
_FIRST_PART = 0.6
_SHORT_OPEN = 0.2  # seconds under which AH and AY open less
_SHORT_FACTOR = 0.8

_VOWEL_WEIGHT = (1.0, 0.9, 0.8, 0.8, 0.6)
_ROUNDED_WEIGHT = (1.0, 2.6, 2.6, 1.2, 0.6)
_OPEN_INSISTS = 1.3  # added to the weight of the jaw, times its target
_CONSONANTS = {
    # target, then weight; lips with weight 0 take the shape of the vowels around
    # the lips shut by contact (see `contacts`); a stronger pull would close the vowels beside them
    **dict.fromkeys(("P", "B", "M"), ((0.0, 0.05, 0.0, 0.0, 0.0), (1.2, 0.2, 0.15, 1.0, 0.2))),
    **dict.fromkeys(("F", "V"), ((0.10, 0.10, 0.0, 0.30, 0.0), (2.0, 0.4, 0.3, 1.5, 0.3))),
    **dict.fromkeys(("TH", "DH"), ((0.20, 0.10, 0.0, 0.10, 1.0), (0.9, 0.2, 0.1, 0.3, 1.6))),
    **dict.fromkeys(("T", "D", "N"), ((0.16, 0.14, 0.0, 0.10, 0.8), (0.6, 0.2, 0.1, 0.3, 1.2))),
    "L": ((0.24, 0.12, 0.0, 0.10, 1.0), (0.6, 0.2, 0.1, 0.3, 1.6)),
    **dict.fromkeys(("S", "Z"), ((0.08, 0.36, 0.0, 0.30, 0.3), (1.8, 0.5, 0.3, 0.9, 0.6))),
    **dict.fromkeys(
        ("SH", "ZH", "CH", "JH"), ((0.12, 0.0, 0.60, 0.38, 0.2), (1.8, 1.2, 1.2, 1.2, 0.6))
    ),
    **dict.fromkeys(("K", "G", "NG"), ((0.26, 0.10, 0.0, 0.08, 0.0), (0.4, 0.1, 0.05, 0.2, 0.4))),
    "HH": ((0.35, 0.10, 0.0, 0.10, 0.0), (0.15, 0.05, 0.02, 0.1, 0.2)),
    "R": ((0.18, 0.0, 0.62, 0.10, 0.2), (0.9, 1.8, 1.8, 0.5, 0.4)),
    "W": ((0.06, 0.0, 1.00, 0.0, 0.0), (1.6, 3.5, 3.5, 1.0, 0.4)),
    "Y": ((0.16, 0.60, 0.0, 0.16, 0.4), (0.9, 0.9, 0.6, 0.4, 0.6)),
}
_LIPS_REACH = 0.11  # rounding begins well before its sound
_REST = (0.0, 0.0, 0.0, 0.0, 0.0)
_RELAXED = (0.08, 0.05, 0.0, 0.04, 0.0)
_HELD_PAUSE, _RELAXED_PAUSE = 0.12, 0.35


def visemes_of(sounds: Sequence[Phoneme]) -> list[Viseme]:
    """Return the shapes for sounds that follow each other without gaps.

    Pauses shorter than 120 ms hold the shape, up to 350 ms relax it, longer ones close the mouth
    (the timings of Rhubarb Lip Sync). Diphthongs become two shapes of 60 and 40 %.
    """
    found: list[Viseme] = []
    last = len(sounds) - 1
    for index, one in enumerate(sounds):
        if one.symbol == SILENCE:
            found.append(_pause(one, inner=0 < index < last))
        elif one.symbol in _CONSONANTS:
            target, weight = _CONSONANTS[one.symbol]
            reach = _LIPS_REACH if target[2] > 0.5 else 0.06
            found.append(Viseme(one.start, one.end, target, weight, reach))
        else:
            found += _vowel(one)
    return found


def _pause(one: Phoneme, *, inner: bool) -> Viseme:
    length = one.end - one.start
    if inner and length < _HELD_PAUSE:
        return Viseme(one.start, one.end, _RELAXED, (0.02,) * len(SHAPED))
    if inner and length < _RELAXED_PAUSE:
        return Viseme(one.start, one.end, _RELAXED, (0.8,) * len(SHAPED))
    return Viseme(one.start, one.end, _REST, (1.2,) * len(SHAPED))


def _vowel(one: Phoneme) -> list[Viseme]:
    if one.symbol not in _DIPHTHONGS:
        shape = _VOWELS[one.symbol]
        return [_vowel_part(one.start, one.end, _shortened(one, shape))]
    first, second = _DIPHTHONGS[one.symbol]
    middle = one.start + _FIRST_PART * (one.end - one.start)
    return [
        _vowel_part(one.start, middle, _shortened(one, first)),
        _vowel_part(middle, one.end, second),
    ]


def _vowel_part(start: float, end: float, shape: tuple[float, ...]) -> Viseme:
    rounded = shape[2] > 0.5
    jaw, *others = _ROUNDED_WEIGHT if rounded else _VOWEL_WEIGHT
    weight = (jaw + _OPEN_INSISTS * shape[0], *others)
    return Viseme(start, end, shape, weight, _LIPS_REACH if rounded else 0.06, vowel=True)


def _shortened(one: Phoneme, shape: tuple[float, ...]) -> tuple[float, ...]:
    if one.symbol in ("AH", "AY") and one.end - one.start < _SHORT_OPEN:
        return (shape[0] * _SHORT_FACTOR, *shape[1:])
    return shape
