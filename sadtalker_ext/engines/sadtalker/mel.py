"""Mel spectrogram of the speech, as the audio networks were trained on it.

Numbers and order of operations: SPEC 7. One second of speech gives 80 columns; T is the number of
video frames at 25 per second, C the number of mel columns, N the number of samples.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, Speech

DoubleArray = npt.NDArray[np.float64]

RATE_HZ = 16_000
SAMPLES_PER_FRAME = 640.0
"""A video frame lasts 40 ms."""
MEL_BANDS = 80
_PRE_EMPHASIS = 0.97
_FFT_SIZE = 800
_HOP = 200
_LOWEST_HZ = 55
_HIGHEST_HZ = 7600
_FLOOR = 1e-5
_REFERENCE_DB = 20.0
_RANGE_DB = 100.0
_LIMIT = 4.0
_BLOCK = 4000
"""Columns transformed at once: keeps an hour of speech from becoming gigabytes of spectra."""


def samples_16k(speech: Speech) -> FloatArray:
    """Return the used part of a speech as (N,) mono float32 at 16 kHz, padding included.

    The resampler is librosa's soxr_hq, which the recorded numbers use; the decoder's own
    resampler would move the mel values by up to 0.7 (SPEC 7).
    """
    blocks = list(speech.read(None))
    samples = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    resampled = resample_16k(samples, speech.rate_hz)
    padding = np.zeros(round(speech.pad_seconds * RATE_HZ), np.float32)
    return np.concatenate([resampled, padding])


def resample_16k(samples: FloatArray, rate_hz: int) -> FloatArray:
    """Resample (N,) float32 from `rate_hz` to 16 kHz; sound that has this rate is untouched."""
    if rate_hz == RATE_HZ or not len(samples):
        return samples
    import librosa

    resampled: FloatArray = librosa.resample(
        samples, orig_sr=rate_hz, target_sr=RATE_HZ, res_type="soxr_hq"
    )
    return resampled


def mono(channels: FloatArray) -> FloatArray:
    """Average (N, channels) float32 to (N,) float32."""
    average: FloatArray = np.mean(channels.T, axis=0)
    return average


def frame_count(samples: int) -> int:
    """Return the number of whole video frames in `samples` samples at 16 kHz."""
    return int(samples / SAMPLES_PER_FRAME)


def pre_emphasis(samples: FloatArray, before: float = 0.0) -> DoubleArray:
    """Return y[i] = x[i] - 0.97 x[i-1] in double precision; `before` is x[-1]."""
    emphasised = samples.astype(np.float64)
    emphasised[1:] -= _PRE_EMPHASIS * samples[:-1].astype(np.float64)
    emphasised[:1] -= _PRE_EMPHASIS * before
    return emphasised


@functools.cache
def mel_basis() -> FloatArray:
    """Return the (80, 401) float32 Slaney triangles from 55 to 7600 Hz; do not write to them."""
    import librosa

    basis: FloatArray = librosa.filters.mel(
        sr=RATE_HZ, n_fft=_FFT_SIZE, n_mels=MEL_BANDS, fmin=_LOWEST_HZ, fmax=_HIGHEST_HZ
    )
    return basis


def mel_spectrogram(samples: FloatArray) -> FloatArray:
    """Return the normalised mel spectrogram (C, 80) float32 in [-4, 4] of whole video frames.

    Args:
        samples: (N,) float32 at 16 kHz; a part of a frame at the end is not used.
    """
    used = samples[: int(SAMPLES_PER_FRAME) * frame_count(len(samples))]
    columns = 1 + len(used) // _HOP
    starts = range(0, columns, _BLOCK)
    return np.concatenate([_columns(used, start, min(start + _BLOCK, columns)) for start in starts])


def _columns(samples: FloatArray, first: int, end: int) -> FloatArray:
    """Return mel columns `first` to `end` (exclusive); windows are centred on their column."""
    margin = _FFT_SIZE // 2
    low, high = first * _HOP - margin, (end - 1) * _HOP + margin
    inside_low, inside_high = max(low, 0), min(high, len(samples))
    before = float(samples[inside_low - 1]) if inside_low else 0.0
    emphasised = pre_emphasis(samples[inside_low:inside_high], before)
    # zeros outside the sound: librosa before 0.9 mirrored it instead
    padded = np.pad(emphasised, (inside_low - low, high - inside_high))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _FFT_SIZE)[::_HOP]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FFT_SIZE) / _FFT_SIZE)
    magnitude = np.abs(np.fft.rfft(pieces * window, axis=1)) @ mel_basis().T.astype(np.float64)
    level = 20 * np.log10(np.maximum(_FLOOR, magnitude)) - _REFERENCE_DB
    scaled = 2 * _LIMIT * ((level + _RANGE_DB) / _RANGE_DB) - _LIMIT
    columns: FloatArray = np.clip(scaled, -_LIMIT, _LIMIT).astype(np.float32)
    return columns
