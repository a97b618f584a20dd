"""From the network's spectra to sound.

Every 12.5 ms the network gives five spectra of 601 bins (0 to 12 kHz) and a pitch. The sound's
short-time spectrum is the sum of three parts::

    exp(harmonic) * exp(i pi tanh(turn)) * spectrum(pulses at the pitch)
    + exp(noise) * complex white noise
    + exp(rest) * exp(i phase)

It is laid out with windows of 50 ms (periodic Hann) that overlap four times, and the pulses are all
harmonics of the pitch below 11 kHz with the same strength.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

SAMPLE_HZ: Final = 24_000
HOP: Final = 300
WINDOW: Final = 1200
_OVERLAP = WINDOW // HOP
_HANN: Final = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)
_LOWEST_HZ, _HIGHEST_HZ = 40.0, 11_000.0
_LOUDEST = 7.0  # natural logarithm; more is a network gone astray

_Spectrum = npt.NDArray[np.complex64]


def sound_of(spectra: Mapping[str, FloatArray], noise: np.random.Generator) -> FloatArray:
    """Return the sound of one utterance, (300 F,) float32 at 24 kHz.

    Args:
        spectra: The network's outputs by name: ``lh`` (harmonic), ``theta`` (turn), ``ln``
            (noise), ``lr`` (rest), ``phi`` (phase), each (1, 601, F) float32, and ``f0`` (1, F)
            in hertz.
        noise: Where the noise comes from.
    """
    lh, theta, ln, lr, phi = (spectra[name][0].T for name in ("lh", "theta", "ln", "lr", "phi"))
    whole = _spectrum(pulses(spectra["f0"][0]), len(lh))
    whole *= _polar(lh, np.pi * np.tanh(theta))
    hiss = noise.standard_normal((*ln.shape, 2), dtype=np.float32).view(np.complex64)[..., 0]
    whole += hiss * _strength(ln)
    whole += _polar(lr, phi)
    return _overlapped(whole)


def pulses(pitch_hz: FloatArray) -> FloatArray:
    """Return a train of pulses, (300 F,) float32; nothing where the pitch is below 40 Hz.

    The sum of n cosines of equal strength is ``sin((n + 1/2) a) / (2 sin(a / 2)) - 1/2``
    (Dirichlet's kernel); it is n where the angle a is a multiple of a full turn.

    Args:
        pitch_hz: (F,) pitch in the middle of each hop.
    """
    moments = (np.arange(len(pitch_hz) * HOP) + 0.5) / HOP - 0.5
    pitch = np.interp(moments, np.arange(len(pitch_hz)), pitch_hz)
    voiced = pitch > _LOWEST_HZ
    pitch = np.maximum(pitch, _LOWEST_HZ)
    half_angle = (np.pi * (np.cumsum(pitch / SAMPLE_HZ) % 1.0)).astype(np.float32)
    count = np.floor(_HIGHEST_HZ / pitch).astype(np.float32)
    below = 2 * np.sin(half_angle)
    peak = np.abs(below) < 2e-3
    train = np.sin((2 * count + 1) * half_angle) / np.where(peak, 1, below) - np.float32(0.5)
    train = np.where(peak, count, train)
    return np.where(voiced, train, 0).astype(np.float32)


def _strength(logarithm: FloatArray) -> FloatArray:
    return np.exp(np.minimum(logarithm, _LOUDEST))


def _polar(logarithm: FloatArray, angle: FloatArray) -> _Spectrum:
    turned = np.empty(angle.shape, dtype=np.complex64)
    np.cos(angle, out=turned.real)
    np.sin(angle, out=turned.imag)
    turned *= _strength(logarithm)
    return turned


def _spectrum(sound: FloatArray, frames: int) -> _Spectrum:
    """Return (F, 601) spectra; a cosine of strength 1 has a peak of 1."""
    padded = np.pad(sound, WINDOW // 2, mode="reflect")
    pieces = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    return np.fft.rfft(pieces * (_HANN * (4 / WINDOW)), axis=1).astype(np.complex64)


def _overlapped(spectra: _Spectrum) -> FloatArray:
    """Return the sound whose windowed pieces have these spectra, in the least-squares sense."""
    frames = len(spectra)
    pieces = np.fft.irfft(spectra, WINDOW, axis=1).astype(np.float32, copy=False) * _HANN
    pieces = pieces.reshape(frames, _OVERLAP, HOP)
    weights = np.square(_HANN).reshape(_OVERLAP, HOP)
    total = np.zeros((frames + _OVERLAP - 1, HOP), dtype=np.float32)
    weight = np.zeros_like(total)
    for shift in range(_OVERLAP):
        total[shift : shift + frames] += pieces[:, shift]
        weight[shift : shift + frames] += weights[shift]
    total /= np.maximum(weight, 1e-8)
    start = WINDOW // 2
    return total.reshape(-1)[start : start + frames * HOP]
