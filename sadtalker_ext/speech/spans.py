"""When something is said within a sound, and how another sound gives way to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.speech.loudness import FRAME_HZ, HOP, SAMPLE_HZ, levels, measure
from sadtalker_ext.types import FloatArray, Speech

Span = tuple[float, float]
"""First and last second."""

LEAST_PAUSE: Final = 1.0
"""Seconds of silence within speech from which it counts as two pieces: a breath is shorter."""
RAMP_SECONDS: Final = 0.3
"""What gives way falls for so long before something is said, and rises for so long after it."""
_PRESENT: Final = 0.5


def spoken_spans(speech: Speech, at: float = 0.0) -> list[Span]:
    """Return when something is heard in a sound, in order; shorter pauses are bridged.

    Args:
        speech: The sound; read once, block by block.
        at: When it begins.
    """
    present = measure(_levels(speech)).present > _PRESENT
    edges = np.diff(np.concatenate([[0], present.astype(np.int8), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    found = [(at + a / FRAME_HZ, at + b / FRAME_HZ) for a, b in zip(begins, ends, strict=True)]
    return merged(found)


def merged(spans: Iterable[Span], pause: float = LEAST_PAUSE) -> list[Span]:
    """Return spans in order; those with a shorter pause between them are one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin - found[-1][1] < pause:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _levels(speech: Speech) -> FloatArray:
    """Return the levels of a sound, (F,) in dB."""
    found: list[FloatArray] = []
    rest: FloatArray = np.zeros(0, np.float32)
    for block in speech.read(SAMPLE_HZ):
        joined = np.concatenate([rest, block])
        whole = len(joined) // HOP * HOP
        found.append(levels(joined[:whole]))
        rest = joined[whole:]
    if len(rest):
        found.append(levels(rest))
    return np.concatenate(found) if found else np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class GivingWay:
    """How loud a sound is while something is said, and else.

    Attributes:
        spans: When something is said, merged and in order.
        under: Gain while it is.
        outside: Gain while it is not.
    """

    spans: tuple[Span, ...]
    under: float
    outside: float

    def gains(self, times: npt.NDArray[np.float64]) -> FloatArray:
        """Return the gain at moments (n,) in seconds: smooth ramps outside of the spans."""
        away = np.full(len(times), np.inf)
        for begin, end in self.spans:
            low, high = np.searchsorted(times, [begin - RAMP_SECONDS, end + RAMP_SECONDS])
            part = times[low:high]
            here = np.maximum(np.maximum(begin - part, part - end), 0)
            away[low:high] = np.minimum(away[low:high], here)
        share = smoothstep(0.0, RAMP_SECONDS, np.minimum(away, RAMP_SECONDS).astype(np.float32))
        gains: FloatArray = self.under + np.float32(self.outside - self.under) * share
        return gains.astype(np.float32)


def spans_of(pieces: Sequence[tuple[float, Speech]]) -> list[Span]:
    """Return when anything is said in several sounds, each with its beginning in seconds."""
    return merged(span for at, speech in pieces for span in spoken_spans(speech, at))
