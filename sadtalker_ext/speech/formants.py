"""Rough phonemes from the shape of the spectrum, for when no recogniser can help."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from sadtalker_ext.speech.ipa import SILENCE
from sadtalker_ext.speech.loudness import FRAME_HZ, HOP, SAMPLE_HZ, Loudness
from sadtalker_ext.types import FloatArray, Phoneme

_WINDOW = 400
_TRANSFORM = 512
_SHORTEST = 4  # frames; shorter runs join their neighbours
_VOWELS = (
    # first and second centre of gravity in hertz of the two formant regions, measured on vowels
    ("i", 330.0, 2150.0),
    ("ɛ", 480.0, 1850.0),
    ("æ", 560.0, 1700.0),
    ("a", 600.0, 1300.0),
    ("ʌ", 500.0, 1450.0),
    ("o", 450.0, 1150.0),
    ("u", 340.0, 1300.0),
)


def sounds_of(samples: FloatArray, loudness: Loudness) -> list[Phoneme]:
    """Return vowels, hisses, hums and lip closures guessed from band energies.

    Vowels follow the centres of gravity of 200-900 Hz (which rises as the jaw opens) and of
    900-3000 Hz (which falls as the lips round). A short gap or hum without energy above 800 Hz
    between two voiced parts is taken for closed lips.

    Args:
        samples: (N,) mono at 16 kHz.
        loudness: Of the same samples.
    """
    names = _names(samples, loudness)
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    bounds = [0, *edges.tolist(), len(names)]
    return [
        Phoneme(symbol=str(names[left]), start=left / FRAME_HZ, end=right / FRAME_HZ)
        for left, right in itertools.pairwise(bounds)
        if right > left
    ]


def _names(samples: FloatArray, loudness: Loudness) -> npt.NDArray[np.str_]:
    """Return (F,) one symbol per frame."""
    power = _spectra(samples, len(loudness.value))
    hertz = np.fft.rfftfreq(_TRANSFORM, 1 / SAMPLE_HZ)
    total = power[:, hertz > 100].sum(axis=1) + 1e-12
    hiss = power[:, hertz > 3000].sum(axis=1) / total
    hum = power[:, (hertz > 100) & (hertz < 800)].sum(axis=1) / total
    open_ = _gravity(power, hertz, 200, 900)
    front = _gravity(power, hertz, 900, 3000)
    distance = np.stack(
        [((open_ - low) / 120) ** 2 + ((front - high) / 350) ** 2 for _, low, high in _VOWELS]
    )
    names = np.array([one[0] for one in _VOWELS])[distance.argmin(axis=0)].astype("U4")
    names[hiss > 0.5] = "s"
    names[(hum > 0.985) & (loudness.value < 0.7)] = "m"
    names[loudness.present < 0.5] = SILENCE
    return _closed_gaps(_without_short_runs(names), hum)


def _closed_gaps(names: npt.NDArray[np.str_], hum: FloatArray) -> npt.NDArray[np.str_]:
    """Turn short silences inside words into plosives, by the sound that bursts out of them."""
    silent = names == SILENCE
    edges = np.flatnonzero(np.diff(np.concatenate([[False], silent, [False]]).astype(np.int8)))
    for left, right in edges.reshape(-1, 2):
        inside_words = left > 0 and right < len(names)
        if inside_words and 3 <= right - left <= 12:
            burst = float(hum[right : right + 3].mean())
            names[left:right] = "p" if burst > 0.6 else "t"
    return names


def _without_short_runs(names: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    edges = np.flatnonzero(names[1:] != names[:-1]) + 1
    bounds = [0, *edges.tolist(), len(names)]
    for left, right in itertools.pairwise(bounds):
        if left > 0 and right - left < _SHORTEST:
            names[left:right] = names[left - 1]
    return names


def _spectra(samples: FloatArray, frames: int) -> FloatArray:
    padded = np.zeros(frames * HOP + _WINDOW, dtype=np.float32)
    padded[_WINDOW // 2 : _WINDOW // 2 + len(samples)] = samples[: frames * HOP]
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::HOP][:frames]
    tapered = windows * np.hanning(_WINDOW).astype(np.float32)
    power: FloatArray = (np.abs(np.fft.rfft(tapered, _TRANSFORM, axis=1)) ** 2).astype(np.float32)
    return power


def _gravity(power: FloatArray, hertz: FloatArray, low: float, high: float) -> FloatArray:
    inside = (hertz >= low) & (hertz < high)
    centre: FloatArray = (power[:, inside] @ hertz[inside]) / (power[:, inside].sum(axis=1) + 1e-12)
    return centre
