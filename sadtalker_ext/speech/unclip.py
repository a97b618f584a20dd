"""Giving a sound that was clipped its levels back, so that a voice in it is followed.

Clipping takes most from the loud parts: a shout and a murmur come out equally strong. What it
leaves is how often the sound passes between the rails, and that tells how far it would have gone:
of the samples of a Gaussian sound with the deviation s, a share of erf(c / (s sqrt 2)) lies within
c of zero. Only for listening: the sound of the video stays as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.loudness import in_hops
from sadtalker_ext.types import FloatArray

_STEP_DB = 0.5
_LOWEST_DB = -45.0
_BINS = 130
"""Levels of single samples are counted in steps, from the lowest up to 20 dB above full scale. In
what is fainter the steps of 16 bit would look like rails."""
_RAIL_STEPS = 3
"""Steps that a rail is wide; a rate converter makes it no wider."""
_LEAST_RISE, _MOST_ABOVE = 2.0, 0.1
"""How many times as many samples lie on a rail as in as wide a span below it, and the largest share
of them above it. Eleven recordings of people: 1.0 to 1.1 and 2.2 or more; 22 short announcements:
1.0 to 1.3 and 0.5 or more; the eleven clipped by 15 dB or more, also before their rate was changed:
2.6 or more and 0.04 or less."""
_WITHIN = 0.8
"""Share of the rail below which a sample was surely not clipped."""
_MOSTLY = 0.95
"""A hop with more of its samples within that is as it was."""
_FEWEST = 0.01
_SPREAD = np.hanning(7)[1:-1] / np.hanning(7).sum()
"""Over so many hops of 10 ms levels are estimated."""
_REACHES = np.linspace(0.0, 3.0, 301)
_SHARES = np.array([math.erf(one / math.sqrt(2)) for one in _REACHES])
"""Share of a Gaussian's samples within so many standard deviations."""
_QUIETEST = 1e-12
_BACK = 0.2
"""Share of the lost decibels that are given back. The curve of the jaw of six recordings clipped by
40 dB against that of the clean ones: r 0.81 with 0, 0.83 with 0.2, 0.81 with 0.3, 0.75 with 0.5
and 0.7: consonants are lifted too, by what clipping adds to them. (0.60 as loud as they come.)"""


@dataclass(slots=True, eq=False)
class Crowd:
    """Counts how strong the samples of a sound are, to see whether they crowd at a rail."""

    _counts: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))

    def passing(self, blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """Yield (N,) blocks as they are, counted."""
        for block in blocks:
            strong = np.abs(block)
            strong = strong[strong > 10 ** (_LOWEST_DB / 20)]
            steps = (20 * np.log10(strong) - _LOWEST_DB) / _STEP_DB
            steps = np.minimum(steps.astype(np.int64), _BINS - 1)
            self._counts += np.bincount(steps, minlength=_BINS)
            yield block

    @property
    def rail(self) -> float | None:
        """The amplitude at which the sound was clipped; None where it was not."""
        spans = np.convolve(self._counts, np.ones(_RAIL_STEPS, np.int64))[:_BINS]
        top = int(spans.argmax())
        below = int(spans[max(top - _RAIL_STEPS, 0)])
        above = int(self._counts[top + 1 + _RAIL_STEPS :].sum())
        if spans[top] < _LEAST_RISE * max(below, 1) or above > _MOST_ABOVE * spans[top]:
            return None
        return float(10 ** ((_LOWEST_DB + _STEP_DB * (top - 0.5)) / 20))


def gains_of(blocks: Iterable[FloatArray], rail: float) -> FloatArray:
    """Return (F,) float32 factors at `FRAME_HZ` that give back what clipping took, 1 at least.

    Args:
        blocks: (N,) blocks at `SAMPLE_HZ` of the whole sound.
        rail: The amplitude at which it was clipped.
    """
    most = _WITHIN * rail
    found = [
        np.stack([(np.abs(hops) < most).mean(axis=1), np.square(hops).mean(axis=1)])
        for hops in in_hops(blocks)
    ]
    inside, power = (
        np.convolve(np.pad(row, len(_SPREAD) // 2, mode="edge"), _SPREAD, mode="valid")
        for row in np.concatenate(found, axis=1)
    )
    deviations = np.interp(np.maximum(inside, _FEWEST), _SHARES, _REACHES)
    lost = np.maximum(1.0, most / deviations / np.sqrt(np.maximum(power, _QUIETEST)))
    return np.where(inside > _MOSTLY, 1.0, lost**_BACK).astype(np.float32)
