"""Samples of decoded frames of sound as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

# PyAV 18 walks past the end of its table when it looks for the planes of 8 channels and crashes
_UNSAFE_PLANES = 8
KINDS = {"u8": "u1", "s16": "i2", "s32": "i4", "flt": "f4", "dbl": "f8"}
"""Types of samples by FFmpeg's names of formats, without the p of planar ones."""


def as_float(frame: AudioFrame) -> FloatArray:
    """Return the samples of a decoded frame as (N, C) float32 of full scale 1."""
    if frame.format.is_planar and frame.layout.nb_channels >= _UNSAFE_PLANES:
        frame = _packed(frame)
    values = stored_samples(frame)
    if values.dtype.kind == "u":
        return (values.astype(np.float32) - 128.0) / np.float32(128.0)
    if values.dtype.kind == "i":
        # a power of two: what is rounded first is the same
        full = np.float32(2 ** (8 * values.dtype.itemsize - 1))
        return values.astype(np.float32) / full
    floats: FloatArray = values.astype(np.float32, copy=False)
    # asked first: it is always so, and `nan_to_num` takes longer than all the rest of a frame
    return floats if np.isfinite(floats).all() else np.nan_to_num(floats)


def stored_samples(frame: AudioFrame) -> npt.NDArray[Any]:
    """Return the samples of a decoded frame as they are stored, (N, C)."""
    planes, kind = frame.planes, KINDS.get(frame.format.name.rstrip("p"))
    if kind is not None:  # in half the time of `to_ndarray`
        count = frame.samples
        channels = frame.layout.nb_channels // len(planes)  # of one plane
        stored: list[npt.NDArray[Any]] = [
            np.frombuffer(memoryview(plane), kind, count * channels) for plane in planes
        ]
        if len(stored) == 1:
            return stored[0].reshape(count, channels)
        return np.array(stored).T
    values: npt.NDArray[Any] = frame.to_ndarray()
    return values.T if frame.format.is_planar else values.reshape(frame.samples, -1)


def _packed(frame: AudioFrame) -> AudioFrame:
    """Interleave the channels; for one frame this changes nothing else."""
    from av import AudioResampler

    packer = AudioResampler(frame.format.packed.name, frame.layout, frame.sample_rate)
    return [*packer.resample(frame), *packer.resample(None)][0]
