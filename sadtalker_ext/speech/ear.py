"""Getting a sound ready to be listened to: its offset, its level, and what drowns the voice.

An ordinary recording passes unchanged. Nothing here touches the sound of the video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.loudness import FRAME_HZ, HOP, in_hops, measure
from sadtalker_ext.speech.unclip import Crowd, gains_of
from sadtalker_ext.speech.unmask import unmasked
from sadtalker_ext.types import FloatArray

_Exact = npt.NDArray[np.float64]

STILL_SHARE = 0.05
"""A voice is found in more of what is loud than this. Six recordings: 1.0 clean; 0.97 to 1.0
with white noise, pink noise or music 6 dB below them; 0 or 0.98 to 1.0 at 3 and 0 dB."""
_LOUDEST, _LOUD_DB = 99.5, 12.0
"""Percentile of the levels, and how far below it a sound counts as loud."""

_DRIFT_SECONDS = 0.1  # the lowest voices swing six times in it
_DRIFT_OF_LOUD = 1e-3  # of the power of loud syllables
_DRIFT_OF_QUIET = 0.1  # of the power of pauses, which it would hide
_FAINT_DB, _USUAL_DB = -50.0, -26.0
"""Level of loud syllables below which a recording is amplified, and to which."""
_QUIETEST = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Ear:
    """How to listen to one sound.

    Attributes:
        drift: (F,) float32 offset of the sound from zero at `FRAME_HZ`, to be taken away; None
            where it does no harm.
        gain: Factor that makes a faint recording as loud as others are.
        gains: (F,) float32 factors at `FRAME_HZ` that give a clipped recording its levels back;
            None where it was not clipped.
        masked: Whether something steady is as loud as the voice, and is taken out.
    """

    drift: FloatArray | None = None
    gain: float = 1.0
    gains: FloatArray | None = None
    masked: bool = False

    def blocks(self, blocks: Iterator[FloatArray]) -> Iterator[FloatArray]:
        """Yield (N,) blocks at `SAMPLE_HZ` without the offset, and amplified."""
        at = 0
        for block in blocks:
            ready: npt.NDArray[np.floating] = block
            if self.drift is not None:
                ready = ready - _at_samples(self.drift, at, len(block))
            if self.gains is not None:
                ready = ready * _at_samples(self.gains, at, len(block))
            if self.gain != 1.0:
                ready = np.clip(ready * self.gain, -1.0, 1.0)
            at += len(block)
            yield ready.astype(np.float32, copy=False)

    def chunk(self, samples: FloatArray) -> FloatArray:
        """Return a chunk as it is to be listened to."""
        return unmasked(samples) if self.masked else samples


def ear_for(read: Callable[[], Iterator[FloatArray]]) -> Ear:
    """Measure a whole sound and return how to listen to it.

    Args:
        read: Gives it from its beginning, in (N,) blocks at `SAMPLE_HZ`; asked twice where it was
            clipped.
    """
    crowd = Crowd()
    means, power = _frames(crowd.passing(read()))
    if not len(means):
        return Ear()
    gains = None if crowd.rail is None else gains_of(read(), crowd.rail)
    drift = _offset(means, power)
    swinging = power if drift is None else power - 2 * drift * means + np.square(drift)
    if gains is not None:
        swinging = swinging * np.square(gains)
    swinging = np.maximum(swinging, _QUIETEST)
    loud_db = 10 * np.log10(np.percentile(swinging, 95))
    usual = loud_db >= _FAINT_DB and gains is None
    gain = 1.0 if usual else 10 ** ((_USUAL_DB - loud_db) / 20)
    heard = (10 * np.log10(swinging * gain**2 + 1e-8)).astype(np.float32)
    masked = is_still(heard, measure(heard).present)
    return Ear(drift=drift, gain=float(gain), gains=gains, masked=masked)


def _at_samples(curve: FloatArray, first: int, count: int) -> _Exact:
    """Return (count,) values of a curve at `FRAME_HZ` at samples from `first` on."""
    moments = (np.arange(first, first + count) + 0.5) / HOP - 0.5
    return np.interp(moments, np.arange(len(curve)), curve)


def is_still(levels_db: FloatArray, present: FloatArray) -> bool:
    """Tell whether next to no voice is found where a sound is loud.

    Where it is silent nobody expects a voice: one sentence in a long silence is a voice.

    Args:
        levels_db: (F,) levels of the sound.
        present: (F,) presence of a voice in it.
    """
    loud = levels_db > np.percentile(levels_db, _LOUDEST) - _LOUD_DB
    return bool(np.mean(present[loud] > 0.5) < STILL_SHARE)


def _offset(means: _Exact, power: _Exact) -> FloatArray | None:
    """Return (F,) what to take away, as plain as it can be: nothing, a constant, or a slow curve.

    Args:
        means: (F,) average of each hop.
        power: (F,) power of each hop.
    """
    constant = np.full(len(means), means.mean())
    curve = _smooth(_smooth(means))
    swinging = np.maximum(power - 2 * curve * means + np.square(curve), _QUIETEST)
    quiet, loud = np.percentile(swinging, (10, 95))
    harmless = max(_DRIFT_OF_LOUD * loud, _DRIFT_OF_QUIET * quiet)
    if np.median(np.square(curve)) < harmless:
        return None
    constant_is_enough = np.median(np.square(curve - constant)) < harmless
    return (constant if constant_is_enough else curve).astype(np.float32)


def _frames(blocks: Iterator[FloatArray]) -> tuple[_Exact, _Exact]:
    """Return (F,) float64 average and power of each hop."""
    pairs = [
        np.stack([hops.mean(axis=1), np.square(hops).mean(axis=1)]) for hops in in_hops(blocks)
    ]
    means, power = np.concatenate([np.zeros((2, 0)), *pairs], axis=1)
    return means, power


def _smooth(values: _Exact) -> _Exact:
    """Return the average of the values around each moment."""
    reach = round(_DRIFT_SECONDS * FRAME_HZ) // 2
    padded = np.pad(values, reach, mode="edge")
    return np.convolve(padded, np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid")
