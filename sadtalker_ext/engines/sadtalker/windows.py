"""The piece of the mel spectrogram that belongs to each video frame.

T is the number of video frames, C the number of mel columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.mel import MEL_BANDS
from sadtalker_ext.types import FloatArray

COLUMNS = 16
BLOCK = 128
"""Windows read at once, so that memory does not grow with the speech."""
_COLUMNS_PER_SECOND = 80.0
_FRAMES_PER_SECOND = 25.0
_LEAD_FRAMES = 2


def window_starts(frames: int, first: int = 0) -> npt.NDArray[np.int64]:
    """Return the first mel column of the windows of `frames` frames, (n,), before clamping.

    The quotient is formed in doubles and cut towards zero, so the steps are 3, 3, 3, 3, 4 with a
    phase that integer arithmetic would not give (SPEC 7).
    """
    seconds = (np.arange(first, first + frames) - _LEAD_FRAMES) / _FRAMES_PER_SECOND
    return np.trunc(_COLUMNS_PER_SECOND * seconds).astype(np.int64)


class WindowSource(Protocol):
    """Windows of T frames, read in parts: an array (T, 80, 16), or `SpeechWindows`."""

    def __len__(self) -> int:
        """Return T."""

    def __getitem__(self, part: slice, /) -> FloatArray:
        """Return some windows, (n, 80, 16) float32."""


class SpeechWindows:
    """The windows of a speech, made when asked for: all of them take 16 times the spectrogram.

    Args:
        mel: (C, 80) float32. Columns before the beginning and after the end repeat the border.
            None gives the windows of no speech: zeros, which is not the level of silence (-4).
        frames: T.
    """

    def __init__(self, mel: FloatArray | None, frames: int) -> None:
        self._mel = mel
        self._frames = frames

    @property
    def silent(self) -> bool:
        """Whether there is no speech at all."""
        return self._mel is None

    def __len__(self) -> int:
        return self._frames

    def __getitem__(self, part: slice, /) -> FloatArray:
        first, end, _ = part.indices(self._frames)
        count = max(end - first, 0)
        if self._mel is None:
            return np.zeros((count, MEL_BANDS, COLUMNS), np.float32)
        columns = window_starts(count, first)[:, None] + np.arange(COLUMNS)
        windows: FloatArray = self._mel[np.clip(columns, 0, len(self._mel) - 1)].transpose(0, 2, 1)
        return np.ascontiguousarray(windows, dtype=np.float32)


def speech_windows(mel: FloatArray, frames: int) -> FloatArray:
    """Return one (80, 16) window per frame as (T, 80, 16) float32; see `SpeechWindows`."""
    return SpeechWindows(mel, frames)[:]


def idle_windows(frames: int) -> FloatArray:
    """Return the windows of no speech, (T, 80, 16) float32; see `SpeechWindows`."""
    return SpeechWindows(None, frames)[:]


def in_blocks(windows: WindowSource) -> Iterator[FloatArray]:
    """Yield all windows in order, some at a time."""
    for start in range(0, len(windows), BLOCK):
        yield windows[start : start + BLOCK]


def idle_frame_count(seconds: float) -> int:
    """Return the number of frames of an idle clip."""
    return int(_FRAMES_PER_SECOND * seconds)
