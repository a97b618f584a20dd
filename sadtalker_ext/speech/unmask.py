"""Taking steady sounds out of what is listened to, so that a voice below them is heard.

Only for listening: the sound of the video stays as it is.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.speech.loudness import SAMPLE_HZ
from sadtalker_ext.types import FloatArray

_WINDOW, _STEP = 512, 128  # 32 ms, in which a voice's tones stand apart
_LOW_HZ, _HIGH_HZ = 200.0, 3800.0
"""Where most of a voice's power lies; drums and hiss are loudest elsewhere."""
_SPAN = 1.0
"""Seconds on each side in which a band is looked at: syllables are shorter, notes are longer."""
_EVERY = 25  # windows between two looks: 0.2 seconds
_SHARE = 25
"""Percentile of a band's power that is taken for the steady sound: a voice is away that long."""
_EXCESS = 3.0
"""How many times the steady power is taken away, because noise swings above its percentile."""
_LEFT = 0.05
"""Amplitude left of what is taken away: nothing is made quieter than its pauses were."""


def unmasked(samples: FloatArray) -> FloatArray:
    """Return (N,) samples at `SAMPLE_HZ` with what is steady over two seconds taken out.

    Each band of the spectrum keeps what rises above its own floor (spectral subtraction; Boll,
    "Suppression of acoustic noise in speech using spectral subtraction", 1979).
    """
    count = len(samples)
    windows = -(-count // _STEP) + _WINDOW // _STEP
    padded = np.zeros((windows - 1) * _STEP + _WINDOW, dtype=np.float32)
    padded[_WINDOW // 2 : _WINDOW // 2 + count] = samples
    taper = np.sqrt(np.hanning(_WINDOW + 1)[:-1]).astype(np.float32)
    cut = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP]
    spectra = np.fft.rfft(cut * taper, axis=1)
    spectra *= _gains(np.square(np.abs(spectra)))
    pieces = np.fft.irfft(spectra, _WINDOW, axis=1) * taper
    joined = np.zeros(len(padded))
    overlap = _WINDOW // _STEP
    for shift in range(overlap):
        part = pieces[shift::overlap].reshape(-1)
        joined[shift * _STEP : shift * _STEP + len(part)] += part
    whole = joined[_WINDOW // 2 : _WINDOW // 2 + count] * (2 / overlap)
    result: FloatArray = whole.astype(np.float32)
    return result


def _gains(power: FloatArray) -> FloatArray:
    """Return (T, B) amplitude factors from the (T, B) power of windows and bands."""
    near = _smooth(_smooth(power, 0, 2), 1, 1)
    reach = round(_SPAN * SAMPLE_HZ / _STEP)
    centres = np.arange(0, len(near) + _EVERY, _EVERY)
    looks = np.stack([
        np.percentile(near[max(0, at - reach) : at + reach], _SHARE, axis=0)
        for at in np.minimum(centres, len(near) - 1)
    ])  # fmt: skip
    place = np.arange(len(near)) / _EVERY
    left = place.astype(int)
    part = (place - left)[:, None]
    floor = looks[left] * (1 - part) + looks[np.minimum(left + 1, len(looks) - 1)] * part
    kept = np.sqrt(np.maximum(1 - _EXCESS * floor / np.maximum(near, 1e-12), _LEFT**2))
    hertz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_HZ)
    gains: FloatArray = np.where((hertz >= _LOW_HZ) & (hertz <= _HIGH_HZ), kept, _LEFT)
    return gains


def _smooth(power: FloatArray, axis: int, reach: int) -> FloatArray:
    """Return the power averaged over some neighbours along one axis."""
    width = [(reach, reach) if one == axis else (0, 0) for one in range(power.ndim)]
    padded = np.pad(power, width, mode="edge")
    seen = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
    average: FloatArray = seen.mean(axis=-1)
    return average
