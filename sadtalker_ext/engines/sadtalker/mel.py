"""Mel spectrogram of the speech, as the audio networks were trained on it.

Numbers and order of operations: SPEC 7. One second of speech gives 80 columns; T is the number of
video frames at 25 per second, C the number of mel columns, N the number of samples.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

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
_BLOCK = 400
"""Columns transformed at once: keeps an hour of speech from becoming gigabytes of spectra."""


def samples_16k(speech: Speech) -> Iterator[FloatArray]:
    """Yield the used part of a speech as (N,) mono float32 at 16 kHz, padding included.

    The resampler is the one behind librosa's soxr_hq, which the recorded numbers use; the
    decoder's own resampler would move the mel values by up to 0.7 (SPEC 7).
    """
    yield from resample_16k(speech.read(None), speech.rate_hz)
    # a second at a time: silence of any length takes no room
    for missing in range(round(speech.pad_seconds * RATE_HZ), 0, -RATE_HZ):
        yield np.zeros(min(missing, RATE_HZ), np.float32)


def resample_16k(blocks: Iterable[FloatArray], rate_hz: int) -> Iterator[FloatArray]:
    """Resample blocks (N,) float32 to 16 kHz; sound that has this rate is untouched.

    The blocks together give librosa's numbers bit by bit, and its length: rounded up.
    """
    if rate_hz == RATE_HZ:
        yield from blocks
        return
    import soxr

    stream = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32", quality="soxr_hq")
    given = made = 0
    for block in blocks:
        given += len(block)
        part = stream.resample_chunk(block)
        made += len(part)
        yield part
    end = stream.resample_chunk(np.zeros(0, np.float32), last=True)
    left = -(-given * RATE_HZ // rate_hz) - made
    yield end[:left]
    yield np.zeros(max(left - len(end), 0), np.float32)


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
    return mel_of_blocks([samples])[0]


def mel_of_blocks(blocks: Iterable[FloatArray]) -> tuple[FloatArray, int]:
    """Return the mel spectrogram (C, 80) of sound that comes in blocks, and its samples.

    Only the samples that columns still need are kept; an hour gives a spectrogram of 92 MB.

    Args:
        blocks: (N,) float32 at 16 kHz each.
    """
    kept = np.zeros(0, np.float32)
    gone = done = 0
    found: list[FloatArray] = []
    for block in blocks:
        kept = np.concatenate([kept, block])
        # columns whose window ends before the last whole video frame cannot change any more
        ready = (_whole_frames(gone + len(kept)) - _FFT_SIZE // 2) // _HOP + 1
        if ready - done < _BLOCK:
            continue
        found.append(_columns(kept, gone, done, ready))
        done = ready
        # the sample before the next window is needed for its pre-emphasis
        drop = max(done * _HOP - _FFT_SIZE // 2 - 1 - gone, 0)
        kept, gone = kept[drop:].copy(), gone + drop
    used = _whole_frames(gone + len(kept))
    found.append(_columns(kept[: used - gone], gone, done, 1 + used // _HOP))
    return np.concatenate(found), gone + len(kept)


def _whole_frames(samples: int) -> int:
    return int(SAMPLES_PER_FRAME) * frame_count(samples)


def _columns(samples: FloatArray, gone: int, first: int, end: int) -> FloatArray:
    """Return mel columns `first` to `end` (exclusive); windows are centred on their column.

    Args:
        samples: (N,) float32, the sound without its first `gone` samples.
        gone: How many are missing at the beginning; no column needs them.
        first: A column.
        end: The column after the last one.
    """
    margin = _FFT_SIZE // 2
    low, high = first * _HOP - margin - gone, (end - 1) * _HOP + margin - gone
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
