"""How loud the speech is: levels, an adaptive noise floor, and loudness between 0 and 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

FRAME_HZ = 100
"""Rate of all acoustic measurements (F is their number)."""

SAMPLE_HZ = 16000
HOP = SAMPLE_HZ // FRAME_HZ

_QUIETEST_DB = -80.0  # below the quantisation noise of 16 bit
_TOO_SHORT = 150  # frames in which one cannot tell a vowel from a hum: taken for voice
_LEAST_RANGE_DB = 9.0  # speech varies more than this, hum and steady noise less


@dataclass(frozen=True, slots=True, eq=False)
class Loudness:
    """Loudness over time, at `FRAME_HZ`.

    Attributes:
        value: (F,) float32, 0 at or below the background, about 1 at the loud syllables of the
            surroundings, at most 1.3.
        present: (F,) float32, 0 = nothing but background, 1 = clearly something above it.
    """

    value: FloatArray
    present: FloatArray


def levels(samples: FloatArray, quietest_db: float = _QUIETEST_DB) -> FloatArray:
    """Return (F,) levels in dB below full scale of (N,) samples at `SAMPLE_HZ`."""
    count = -(-len(samples) // HOP)
    padded = np.zeros(count * HOP, dtype=np.float32)
    padded[: len(samples)] = samples
    power = np.square(padded.reshape(count, HOP), dtype=np.float32).mean(axis=1)
    decibels: FloatArray = 10 * np.log10(power + 10 ** (quietest_db / 10))
    return decibels.astype(np.float32)


def in_hops(blocks: Iterable[FloatArray]) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the samples of (N,) blocks in rows of 10 ms, (n, 160); a shorter last one alone."""
    rest = np.zeros(0, dtype=np.float64)
    for block in blocks:
        joined = np.concatenate([rest, block])
        whole = len(joined) // HOP * HOP
        rest = joined[whole:]
        if whole:
            yield joined[:whole].reshape(-1, HOP)
    if len(rest):
        yield rest[None]


def measure(levels_db: FloatArray) -> Loudness:
    """Judge levels against their surroundings.

    The background is the 10th percentile and the loud level the 95th percentile of the 20 seconds
    around each moment, so slow changes of the recording level are followed; a passage is not
    amplified to more than 14 dB above its level relative to the whole recording. A recording
    whose levels hardly vary (hum, hiss) is all background.
    """
    if len(levels_db) == 0:
        return Loudness(levels_db, levels_db)
    padded = np.pad(10 ** (levels_db / 10), 2, mode="edge")
    power = np.convolve(padded, np.full(5, 0.2), mode="valid")
    smooth = 10 * np.log10(power + 10 ** (_QUIETEST_DB / 10))
    floor, loud = _surroundings(smooth)
    # short clips may be cut tightly around the words, with no background to be seen
    if _varies(smooth) or len(smooth) < _TOO_SHORT:
        floor = np.minimum(floor, loud - 14)
    span = np.maximum(loud - floor, 5.0)
    threshold = floor + np.maximum(4.0, 0.3 * span)
    enough = np.clip((span - _LEAST_RANGE_DB) / 3, 0, 1) * (loud > _QUIETEST_DB + 12)
    present = np.clip((smooth - threshold) / 4 + 0.5, 0, 1) * enough
    value = np.clip((smooth - threshold + 4) / np.maximum(loud - threshold + 4, 1), 0, 1.3) * enough
    return Loudness((value * (present > 0)).astype(np.float32), present.astype(np.float32))


def _varies(smooth_db: FloatArray) -> bool:
    """Whether the levels rise and fall as syllables do."""
    low, high = np.percentile(smooth_db, (10, 95))
    return bool(high - low > _LEAST_RANGE_DB and high > _QUIETEST_DB + 6)


def _surroundings(smooth_db: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return background and loud level (F,) of the 20 seconds around each moment."""
    half = 10 * FRAME_HZ
    centres = np.arange(0, len(smooth_db) + FRAME_HZ, FRAME_HZ)
    pairs = [
        np.percentile(smooth_db[max(0, centre - half) : centre + half], (10, 95))
        for centre in centres
    ]
    table = np.asarray(pairs)
    least_loud = max(float(np.percentile(smooth_db, 95)) - 14, _QUIETEST_DB + 10)
    moments = np.arange(len(smooth_db))
    floor = np.interp(moments, centres, np.maximum(table[:, 0], _QUIETEST_DB))
    loud = np.interp(moments, centres, np.maximum(table[:, 1], least_loud))
    return floor.astype(np.float32), loud.astype(np.float32)
