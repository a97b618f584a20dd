"""P, B and M that one way of recognising missed and another one found.

Recognisers find that there is a consonant more surely than which one; they confuse P with T or TH
and B with D or N. A closed mouth that is missing strikes the eye more than one too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sadtalker_ext.speech.phonemes import BILABIAL, SILENCE, VOWELS
from sadtalker_ext.types import Phoneme

_TOLERANCE = 0.03
"""Seconds by which two ways of recognising may differ about the same closure."""
_BURST_BEFORE, _BURST_AFTER = 0.05, 0.03
"""Seconds around a burst that belong to its plosive."""
_HEART = 0.02
"""Seconds before a burst that are looked at for what it was taken for."""
_LONGEST_GAP = 0.15
"""Seconds of silence within words: longer ones are pauses."""
_LEAST = 0.02
"""Seconds that remain of a sound beside an added one, or it goes."""

LABIAL = frozenset(("F", "V", "W"))
"""Sounds the lips are seen to make, easily taken for B by a recogniser of single phones."""
_LIKE_BURSTS = frozenset(("T", "D", "K", "G", "TH", "F", "HH")) | BILABIAL


def with_missed(
    base: Sequence[Phoneme], other: Sequence[Phoneme], unless: frozenset[str]
) -> list[Phoneme]:
    """Return the sounds with the closures of another list that have none near them.

    Args:
        base: Sounds to add to.
        other: What another way of recognising heard.
        unless: Symbols of `base` that are surer than the closures of `other`.
    """
    found = list(base)
    for one in other:
        if one.symbol in BILABIAL and _at(found, one) not in unless:
            found = _inserted(found, one)
    return found


def with_bursts(
    base: Sequence[Phoneme], other: Sequence[Phoneme], bursts: Sequence[float]
) -> list[Phoneme]:
    """Return the sounds with a P at each burst of lips that has no closure near it.

    One of the lists must have a plosive there, or a sound taken for one: vowels can begin suddenly,
    too.

    Args:
        base: Sounds to add to.
        other: What another way of recognising heard.
        bursts: Moments from `lip_bursts`, seconds.
    """
    found = list(base)
    for moment in bursts:
        plosive = Phoneme(symbol="P", start=moment - _BURST_BEFORE, end=moment + _BURST_AFTER)
        heart = replace(plosive, start=moment - _HEART)
        heard = {_at(base, heart), _at(other, heart)}
        if heard & _LIKE_BURSTS or _is_gap(base, moment) or _is_gap(other, moment):
            found = _inserted(found, plosive)
    return found


def _is_gap(sounds: Sequence[Phoneme], moment: float) -> bool:
    """Tell whether a short silence between sounds lies before a moment."""
    return any(
        one.symbol == SILENCE
        and one.start < moment < one.end + _HEART
        and one.end - one.start <= _LONGEST_GAP
        for one in sounds[1:]
    )


def _at(sounds: Sequence[Phoneme], span: Phoneme) -> str:
    """Return the symbol that fills most of a span."""
    shared = {index: _overlap(one, span) for index, one in enumerate(sounds)}
    index = max(shared, key=lambda one: shared[one], default=-1)
    return sounds[index].symbol if index >= 0 and shared[index] > 0 else SILENCE


def _overlap(one: Phoneme, other: Phoneme) -> float:
    return min(one.end, other.end) - max(one.start, other.start)


def _inserted(sounds: list[Phoneme], new: Phoneme) -> list[Phoneme]:
    """Return the sounds with a closure: a consonant becomes it, a vowel or a pause makes room."""
    if any(one.symbol in BILABIAL and _overlap(one, new) > -_TOLERANCE for one in sounds):
        return sounds
    index = max(range(len(sounds)), key=lambda one: _overlap(sounds[one], new), default=-1)
    if index >= 0 and _overlap(sounds[index], new) > 0:
        most = sounds[index]
        if most.symbol != SILENCE and most.symbol not in VOWELS:
            return [*sounds[:index], replace(most, symbol=new.symbol), *sounds[index + 1 :]]
    kept = []
    for one in sounds:
        for start, end in (
            (one.start, min(one.end, new.start)),
            (max(one.start, new.end), one.end),
        ):
            if end - start >= min(_LEAST, one.end - one.start):
                kept.append(replace(one, start=start, end=end))
    return sorted([*kept, new], key=lambda one: one.start)
