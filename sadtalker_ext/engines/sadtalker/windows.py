"""The piece of the mel spectrogram that belongs to each video frame.

T is the number of video frames, C the number of mel columns.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.mel import MEL_BANDS
from sadtalker_ext.types import FloatArray

COLUMNS = 16
_COLUMNS_PER_SECOND = 80.0
_FRAMES_PER_SECOND = 25.0
_LEAD_FRAMES = 2


def window_starts(frames: int) -> npt.NDArray[np.int64]:
    """Return the first mel column of each frame's window, (T,), before clamping.

    The quotient is formed in doubles and cut towards zero, so the steps are 3, 3, 3, 3, 4 with a
    phase that integer arithmetic would not give (SPEC 7).
    """
    seconds = (np.arange(frames) - _LEAD_FRAMES) / _FRAMES_PER_SECOND
    return np.trunc(_COLUMNS_PER_SECOND * seconds).astype(np.int64)


def speech_windows(mel: FloatArray, frames: int) -> FloatArray:
    """Return one (80, 16) window per frame as (T, 80, 16) float32.

    Args:
        mel: (C, 80) float32. Columns before the beginning and after the end repeat the border.
        frames: T.
    """
    columns = window_starts(frames)[:, None] + np.arange(COLUMNS)
    windows: FloatArray = mel[np.clip(columns, 0, len(mel) - 1)].transpose(0, 2, 1)
    return np.ascontiguousarray(windows, dtype=np.float32)


def idle_windows(frames: int) -> FloatArray:
    """Return the windows of no speech: zeros, which is not the level of silence (-4)."""
    return np.zeros((frames, MEL_BANDS, COLUMNS), np.float32)


def idle_frame_count(seconds: float) -> int:
    """Return the number of frames of an idle clip."""
    return int(_FRAMES_PER_SECOND * seconds)
