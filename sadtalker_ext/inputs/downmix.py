"""Many channels to two or one by ITU-R BS.775: the centre and the surrounds 3 dB down, no LFE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sadtalker_ext.types import FloatArray

_HALF = 0.5**0.5  # half of the power

_TO_LEFT_AND_RIGHT = {
    "FL": (1.0, 0.0),
    "FR": (0.0, 1.0),
    "FC": (_HALF, _HALF),
    "LFE": (0.0, 0.0),
    "LFE2": (0.0, 0.0),
    "BL": (_HALF, 0.0),
    "BR": (0.0, _HALF),
    "SL": (_HALF, 0.0),
    "SR": (0.0, _HALF),
    "BC": (0.5, 0.5),  # both surrounds play it, 3 dB down
    "FLC": (_HALF, 0.0),
    "FRC": (0.0, _HALF),
    "WL": (_HALF, 0.0),
    "WR": (0.0, _HALF),
    "TFL": (0.5, 0.0),
    "TFR": (0.0, 0.5),
    "TBL": (0.5, 0.0),
    "TBR": (0.0, 0.5),
}
"""Share of each channel, by FFmpeg's name of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Downmix:
    """How the channels of one file are mixed.

    Attributes:
        shares: (C, 2) float32 share of each channel in left and right; None for one or two
            channels, which are averaged.
        gain: What both mixes are multiplied by, so that they do not clip.
    """

    shares: FloatArray | None = None
    gain: float = 1.0

    def mono(self, block: FloatArray) -> FloatArray:
        """Return (N, 1) of (N, C)."""
        if block.shape[1] == 1 and self.shares is None:
            return block
        if self.shares is None:
            # numpy's own mean of two takes ten times as long
            average: FloatArray = (block[:, :1] + block[:, 1:]) / np.float32(2)
            return average
        both = self.shares.sum(axis=1, keepdims=True) * np.float32(_HALF * self.gain)
        mixed: FloatArray = block @ both
        return mixed

    def stereo(self, block: FloatArray) -> FloatArray:
        """Return (N, 2) of (N, C); (N, 1) of one or two channels."""
        if self.shares is None:
            return self.mono(block)
        mixed: FloatArray = block @ (self.shares * np.float32(self.gain))
        return mixed

    def peak(self, block: FloatArray) -> float:
        """Return the largest magnitude of both mixes; 0 where channels are averaged."""
        if self.shares is None:
            return 0.0
        return float(max(np.abs(self.mono(block)).max(), np.abs(self.stereo(block)).max()))

    def for_channels(self, count: int) -> Downmix:
        """Return this, or another where the file turns out to have another number of them."""
        known = 0 if self.shares is None else len(self.shares)
        return self if known == count else downmix_of([""] * count)

    def limited(self, peak: float) -> Downmix:
        """Return the same mix, turned down as far as its peak asks for."""
        return replace(self, gain=self.gain / max(peak, 1.0))


def downmix_of(names: Sequence[str]) -> Downmix:
    """Return how channels of these names are mixed: all alike where a place is unknown."""
    if len(names) <= 2:
        return Downmix()
    if any(name not in _TO_LEFT_AND_RIGHT for name in names):
        return Downmix(np.full((len(names), 2), _HALF, np.float32))
    return Downmix(np.array([_TO_LEFT_AND_RIGHT[name] for name in names], np.float32))
