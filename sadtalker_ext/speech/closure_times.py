"""When the lips are really shut for P, B and M: from the dip in the sound's level.

Sources of phonemes disagree about a plosive. A synthesiser may begin a P at its burst and leave
the silence before it to the vowel; a recogniser counts both, and the breath after the burst. What
the eye wants is the time in which the lips touch: the sound is weak then, because its mouth is
shut, and grows in the moment they part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sadtalker_ext.speech.ipa import SILENCE, plain_of, seals
from sadtalker_ext.speech.loudness import FRAME_HZ, levels
from sadtalker_ext.types import FloatArray, Phoneme

_SHORTEST, _LONGEST = 0.05, 0.12
"""Seconds for which the lips of a plosive touch before they burst open."""
_BEFORE, _AFTER = 0.07, 0.02
"""Seconds around a phoneme in which its dip is looked for."""
_EARLY = 0.03
"""Seconds by which a B or M may begin before its phoneme."""
_SURROUNDINGS = 0.12
"""Seconds on each side in which the neighbours' level is looked for."""
_LEAST_DIP_DB = 5.0
_DEEPEST_DB = 40.0  # silence counts as so much below its neighbours, however deep it is
_KEPT = 0.5
"""Share of a neighbouring sound that stays, wherever the dip seems to lie."""


def high_levels(samples: FloatArray) -> FloatArray:
    """Return (F,) levels in dB of (N,) samples with 6 dB more per octave.

    A hum through shut lips has only low tones, and dips deeper this way.
    """
    return levels(np.diff(samples, prepend=samples[:1]), quietest_db=-110.0)


def sealed(sounds: Sequence[Phoneme], levels_db: FloatArray) -> tuple[Phoneme, ...]:
    """Return the sounds, each P, B and M lasting as long as the lips are shut.

    Several of them in a row are one closure.

    Args:
        sounds: In order, without gaps.
        levels_db: (F,) `high_levels` of the speech, at `FRAME_HZ`.
    """
    # one faint or loud frame alone says nothing
    padded = np.pad(levels_db, 1, mode="edge") if len(levels_db) else levels_db
    smooth = np.median([padded[:-2], padded[1:-1], padded[2:]], axis=0) if len(padded) else padded
    result = list(sounds)
    for first, last in _runs(result):
        before = result[first - 1] if first else None
        after = result[last + 1] if last + 1 < len(result) else None
        shut, parted = _dip(result[last], before, after, smooth)
        whole = replace(result[last], start=result[first].start)
        shut, parted = _limited(whole, (min(shut, whole.start), parted), before, after)
        for index in range(first, last + 1):
            one = result[index]
            ends = np.interp((one.start, one.end), (whole.start, whole.end), (shut, parted))
            result[index] = replace(one, start=float(ends[0]), end=float(ends[1]))
        if before is not None:
            result[first - 1] = replace(before, end=shut)
        if after is not None:
            result[last + 1] = replace(after, start=parted)
    return tuple(result)


def _runs(sounds: Sequence[Phoneme]) -> list[tuple[int, int]]:
    """Return first and last index of each unbroken row of P, B and M."""
    rows = [index for index, one in enumerate(sounds) if seals(one)]
    firsts = [index for index in rows if index - 1 not in rows]
    lasts = [index for index in rows if index + 1 not in rows]
    return list(zip(firsts, lasts, strict=True))


def _dip(
    one: Phoneme, before: Phoneme | None, after: Phoneme | None, levels_db: FloatArray
) -> tuple[float, float]:
    """Return when the lips shut and part according to the level; by rule where it does not dip.

    The dip's edges lie half way, in decibels, between its bottom and the quieter neighbour.
    """
    length = one.end - one.start
    hum = plain_of(one.symbol) == "m"
    usual = (one.start, one.end - min(0.25 * length, 0.01 if hum else 0.03))
    low = round((one.start - (-0.01 if hum else _BEFORE)) * FRAME_HZ)
    high = round((one.end + _AFTER) * FRAME_HZ)
    low, high = max(low, 0), min(high, len(levels_db))
    if high - low < 2 or after is None or after.symbol == SILENCE:
        return usual
    bottom = low + int(np.argmin(levels_db[low:high]))
    reach = round(_SURROUNDINGS * FRAME_HZ)
    first, last = max(0, low - reach), min(len(levels_db), high + reach)
    side = float(levels_db[bottom:last].max())
    if before is not None and before.symbol != SILENCE:
        side = min(side, float(levels_db[first : bottom + 1].max()))
    deep = max(float(levels_db[bottom]), side - _DEEPEST_DB)
    if side - deep < _LEAST_DIP_DB:
        return usual
    loud = levels_db >= (side + deep) / 2
    earlier, later = np.flatnonzero(loud[first:bottom]), np.flatnonzero(loud[bottom:last])
    shut = (first + int(earlier[-1]) + 1 if len(earlier) else first) / FRAME_HZ
    if plain_of(one.symbol) != "p":
        # only the silence of a P is ever counted to the sound before; else it is that one's own
        shut = max(shut, one.start - _EARLY)
    return shut, (bottom + int(later[0])) / FRAME_HZ


def _limited(
    one: Phoneme,
    span: tuple[float, float],
    before: Phoneme | None,
    after: Phoneme | None,
) -> tuple[float, float]:
    """Return the span with a length that lips have, leaving half of each neighbour alone."""
    shut, parted = span
    longest = max(_LONGEST, one.end - one.start) if plain_of(one.symbol) == "m" else _LONGEST
    if after is not None:
        parted = min(parted, after.start + _KEPT * (after.end - after.start))
    shut = min(max(shut, parted - longest), parted - _SHORTEST)
    if before is not None:
        kept = 0.0 if before.symbol == SILENCE else _KEPT * (before.end - before.start)
        shut = max(shut, before.start + kept)
    shut = max(shut, 0.0)
    # between sounds of a few milliseconds there is no room for lips: then even less will do
    latest = one.end if after is None else after.start + _KEPT * (after.end - after.start)
    return shut, max(parted, min(shut + _SHORTEST / 2, latest))
