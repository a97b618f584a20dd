"""Lists of sounds put in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sadtalker_ext.speech.ipa import SILENCE as SILENCE
from sadtalker_ext.speech.ipa import in_ipa
from sadtalker_ext.types import Phoneme


def in_order(found: Iterable[Phoneme], seconds: float) -> tuple[Phoneme, ...]:
    """Return the sounds sorted, in IPA, cut to [0, seconds], without overlaps or gaps.

    Gaps become silence and neighbouring silences are joined. An empty list becomes one silence.
    """
    ordered: list[Phoneme] = []
    at = 0.0
    for sound in sorted(found, key=lambda one: one.start):
        start, end = max(sound.start, at), min(sound.end, seconds)
        if end - start < 1e-4:
            continue
        if start - at > 1e-3:
            _append(ordered, Phoneme(symbol=SILENCE, start=at, end=start))
        else:
            start = at
        _append(ordered, replace(sound, symbol=in_ipa(sound.symbol), start=start, end=end))
        at = end
    if seconds - at > 1e-3:
        _append(ordered, Phoneme(symbol=SILENCE, start=at, end=seconds))
    return tuple(ordered)


def shifted(sounds: Sequence[Phoneme], seconds: float) -> list[Phoneme]:
    """Return the sounds moved later by some seconds."""
    return [replace(one, start=one.start + seconds, end=one.end + seconds) for one in sounds]


def _append(ordered: list[Phoneme], one: Phoneme) -> None:
    if one.symbol == SILENCE and ordered and ordered[-1].symbol == SILENCE:
        one = replace(one, start=ordered.pop().start)
    ordered.append(one)
