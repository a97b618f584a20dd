"""Two small networks of our own that tell which sound is spoken in each hundredth of a second.

The recogniser knows which sounds there are but not when: its answers are peaks. These networks look
at its last layer and at the mel bands, and were trained on speech with exact times (see
``training/ear``), one on synthetic voices alone, one on voices made from recordings as well;
together they hear better than either. Their weights are part of the package.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from sadtalker_ext.speech.hear.conformer import Posteriors
from sadtalker_ext.types import FloatArray

RATE_HZ = 100
"""Rows of the answer per second; row m belongs to the moment m / 100 seconds."""

WEIGHTS = Path(__file__).with_name("timing.npz")
NOISY_WEIGHTS = Path(__file__).with_name("timing_noisy.npz")
"""Those of a third network, that went on learning from voices under music and noise."""
DILATIONS = (1, 2, 4, 8)
_LOUD = 90
"""Percentile of a sound's levels to which its bands are related."""
_FAINTEST, _UNIT = -12.0, 4.0


def loudest(mels: FloatArray) -> float:
    """Return the level of the loud parts of (M, 80) mel bands."""
    return float(np.percentile(mels.mean(axis=1), _LOUD))


def levelled(mels: FloatArray, loud: float | None = None) -> FloatArray:
    """Return (M, 80) bands relative to the loud parts of the sound, of the size of one.

    Args:
        mels: Logarithms of the power in the bands.
        loud: The level of loud parts, where the sound is only a part of a longer one.
    """
    level = np.float32(loudest(mels) if loud is None else loud)
    bands: FloatArray = np.maximum(mels - level, np.float32(_FAINTEST)) / _UNIT
    return bands.astype(np.float32)


class TimingNet:
    """One network.

    Args:
        arrays: Kernels, (width * inputs, outputs), and biases by name.
    """

    def __init__(self, arrays: Mapping[str, FloatArray]) -> None:
        self._w = {name: np.asarray(arrays[name], np.float32) for name in arrays}

    def __call__(self, heard: Posteriors, loud: float | None = None) -> FloatArray:
        """Return (M, 35) float32 logarithms of the probability of each of `ipa.PLAIN`.

        Args:
            heard: The recogniser's answer.
            loud: See `levelled`.
        """
        slow = _silu(self._convolved(heard.hidden, "rows", 1))
        later = np.concatenate([slow[1:], slow[-1:]])
        fast = np.stack([slow, (slow + later) / 2], axis=1).reshape(-1, slow.shape[1])
        bands = levelled(heard.mels, loud)
        x = np.concatenate([_silu(self._convolved(bands, "bands", 1)), fast[: len(bands)]], axis=1)
        for number, step in enumerate(DILATIONS):
            y = _silu(self._convolved(x, f"layers.{number}", step))
            x = x + y if number else y
        scores = self._convolved(x, "out", 1)
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return scores

    def _convolved(self, x: FloatArray, name: str, step: int) -> FloatArray:
        kernel = self._w[f"{name}.weight"]
        width = len(kernel) // x.shape[1]
        reach = width // 2 * step
        padded = np.pad(x, ((reach, reach), (0, 0)))
        taps = [padded[k * step : k * step + len(x)] for k in range(width)]
        result: FloatArray = np.concatenate(taps, axis=1) @ kernel + self._w[f"{name}.bias"]
        return result


class TimingNets:
    """Several networks that are asked together.

    Args:
        arrays: As for `TimingNet`, each name after the network's number and a dot.
    """

    def __init__(self, arrays: Mapping[str, FloatArray]) -> None:
        members: dict[str, dict[str, FloatArray]] = {}
        for name in arrays:
            number, bare = name.split(".", 1)
            members.setdefault(number, {})[bare] = arrays[name]
        self._members = [TimingNet(one) for one in members.values()]

    def __call__(self, heard: Posteriors, loud: float | None = None) -> FloatArray:
        """Return (M, 35) float32 logarithms of the probability of each of `ipa.PLAIN`.

        They are the geometric mean of what the networks say; see `TimingNet`.
        """
        scores: FloatArray = np.mean([one(heard, loud) for one in self._members], axis=0)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return scores


@functools.cache
def timing_nets() -> TimingNets:
    """Return the networks of the package."""
    with np.load(WEIGHTS) as arrays:
        return TimingNets({name: arrays[name] for name in arrays.files})


@functools.cache
def noisy_net() -> TimingNet:
    """Return the network of the package for voices that are hard to make out."""
    with np.load(NOISY_WEIGHTS) as arrays:
        return TimingNet({name: arrays[name] for name in arrays.files})


def _silu(x: FloatArray) -> FloatArray:
    result: FloatArray = x * (np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5))
    return result
