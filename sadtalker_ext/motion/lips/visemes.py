"""What the mouth does for each sound: targets, and how strongly the sound insists on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sadtalker_ext.speech.ipa import SILENCE, VOWELS, parts_of
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
_OPEN_O = (0.80, 0.0, 0.62, 0.08, 0.0)
_NEAR_E = (0.64, 0.36, 0.0, 0.24, 0.0)
_VOWELS = {
    "a": _OPEN,
    "æ": (0.88, 0.42, 0.0, 0.32, 0.0),
    "ʌ": (0.62, 0.10, 0.0, 0.14, 0.0),
    "ə": (0.48, 0.10, 0.0, 0.12, 0.0),
    "ɔ": _OPEN_O,
    "o": (0.60, 0.0, 0.85, 0.04, 0.0),
    "ɛ": _NEAR_E,
    "e": (0.52, 0.46, 0.0, 0.24, 0.1),
    "ɜ": (0.36, 0.0, 0.55, 0.08, 0.2),
    "ɪ": (0.40, 0.38, 0.0, 0.20, 0.1),
    "i": (0.27, 0.85, 0.0, 0.24, 0.2),
    "ɯ": (0.27, 0.40, 0.0, 0.16, 0.0),
    "ʊ": (0.36, 0.0, 0.65, 0.04, 0.0),
    "u": (0.16, 0.0, 1.00, 0.0, 0.0),
    "y": (0.18, 0.0, 0.95, 0.0, 0.2),
    "ø": (0.40, 0.0, 0.78, 0.06, 0.1),
}
_GLIDES = {"ɪ": _NEAR_I, "i": _NEAR_I, "ʊ": _NEAR_U, "u": (0.18, 0.0, 1.0, 0.0, 0.0)}
"""Shapes of the second part of a diphthong."""
_FIRST_PART = 0.6
_SHORT_OPEN = 0.2  # seconds under which ʌ, ə and aɪ open less
_SHORT_FACTOR = 0.8

_VOWEL_WEIGHT = (1.0, 1.6, 1.8, 0.8, 0.6)
_SPREAD_WEIGHT = (1.0, 2.2, 2.7, 0.8, 0.6)
_ROUNDED_WEIGHT = (1.0, 2.8, 3.2, 1.2, 0.6)
_OPEN_INSISTS = 1.3  # added to the weight of the jaw, times its target
_CONSONANTS = {
    # target, then weight; lips with weight 0 take the shape of the vowels around
    # the lips shut by contact (see `contacts`); a stronger pull would close the vowels beside them
    **dict.fromkeys("pbm", ((0.0, 0.05, 0.0, 0.0, 0.0), (1.2, 0.2, 0.15, 1.0, 0.2))),
    **dict.fromkeys("fv", ((0.10, 0.10, 0.0, 0.30, 0.0), (2.0, 0.4, 0.3, 1.5, 0.3))),
    **dict.fromkeys("θ", ((0.20, 0.10, 0.0, 0.10, 1.0), (0.9, 0.2, 0.1, 0.3, 1.6))),
    **dict.fromkeys("tn", ((0.16, 0.14, 0.0, 0.10, 0.8), (0.6, 0.2, 0.1, 0.3, 1.2))),
    "l": ((0.24, 0.12, 0.0, 0.10, 1.0), (0.6, 0.2, 0.1, 0.3, 1.6)),
    **dict.fromkeys("s", ((0.08, 0.36, 0.0, 0.30, 0.3), (1.8, 0.5, 0.3, 0.9, 0.6))),
    **dict.fromkeys("ʃ", ((0.12, 0.0, 0.60, 0.38, 0.2), (1.8, 1.2, 1.2, 1.2, 0.6))),
    **dict.fromkeys("kŋ", ((0.26, 0.10, 0.0, 0.08, 0.0), (0.4, 0.1, 0.05, 0.2, 0.4))),
    "h": ((0.35, 0.10, 0.0, 0.10, 0.0), (0.15, 0.05, 0.02, 0.1, 0.2)),
    "ɹ": ((0.18, 0.0, 0.62, 0.10, 0.2), (0.9, 1.8, 1.8, 0.5, 0.4)),
    "r": ((0.24, 0.10, 0.0, 0.10, 0.4), (0.5, 0.1, 0.05, 0.2, 0.6)),
    "w": ((0.06, 0.0, 1.00, 0.0, 0.0), (1.6, 3.5, 3.5, 1.0, 0.4)),
    "j": ((0.16, 0.60, 0.0, 0.16, 0.4), (0.9, 0.9, 0.6, 0.4, 0.6)),
}
_LIPS_REACH = 0.11  # rounding begins well before its sound
_FLAT_REACH = 0.05  # flat and spread lips hardly before theirs
_SPREAD = 0.3  # wider lips insist on being flat
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
        parts = parts_of(one.symbol)
        if parts == (SILENCE,):
            found.append(_pause(one, inner=0 < index < last))
        elif len(parts) == 2 and set(parts) <= VOWELS:
            found += _diphthong(one, parts)
        else:
            step = (one.end - one.start) / len(parts)
            for number, plain in enumerate(parts):
                begin = one.start + number * step
                found.append(_plain(plain, begin, begin + step))
    return found


def _plain(plain: str, start: float, end: float) -> Viseme:
    if plain in _CONSONANTS:
        target, weight = _CONSONANTS[plain]
        reach = _LIPS_REACH if target[2] > 0.5 else 0.06
        return Viseme(start, end, target, weight, reach)
    shape: tuple[float, ...] = _VOWELS[plain]
    if plain in "ʌə" and end - start < _SHORT_OPEN:
        shape = _shortened(shape)
    return _vowel_part(start, end, shape)


def _diphthong(one: Phoneme, parts: tuple[str, ...]) -> list[Viseme]:
    first, second = parts
    shape: tuple[float, ...] = _VOWELS[first if first != "e" else "ɛ"]
    if first == "a" and second in "ɪi" and one.end - one.start < _SHORT_OPEN:
        shape = _shortened(shape)
    middle = one.start + _FIRST_PART * (one.end - one.start)
    return [
        _vowel_part(one.start, middle, shape),
        _vowel_part(middle, one.end, _GLIDES.get(second, _VOWELS[second])),
    ]


def _pause(one: Phoneme, *, inner: bool) -> Viseme:
    length = one.end - one.start
    if inner and length < _HELD_PAUSE:
        return Viseme(one.start, one.end, _RELAXED, (0.02,) * len(SHAPED))
    if inner and length < _RELAXED_PAUSE:
        return Viseme(one.start, one.end, _RELAXED, (0.8,) * len(SHAPED))
    return Viseme(one.start, one.end, _REST, (1.2,) * len(SHAPED))


def _vowel_part(start: float, end: float, shape: tuple[float, ...]) -> Viseme:
    rounded = shape[2] > 0.5
    plain = _SPREAD_WEIGHT if shape[1] > _SPREAD else _VOWEL_WEIGHT
    jaw, *others = _ROUNDED_WEIGHT if rounded else plain
    weight = (jaw + _OPEN_INSISTS * shape[0], *others)
    return Viseme(start, end, shape, weight, _LIPS_REACH if rounded else _FLAT_REACH, vowel=True)


def _shortened(shape: tuple[float, ...]) -> tuple[float, ...]:
    return (shape[0] * _SHORT_FACTOR, *shape[1:])
