"""Rows of a motion at the moments of a video's frames, whatever their spacing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.motion.resampling import CONTACTS
from sadtalker_ext.types import FloatArray, Motion

_REACHED = 0.999
"""Contacts above this value are whole."""


def controls_at(motion: Motion, times: npt.NDArray[np.float64]) -> FloatArray:
    """Return the controls at increasing moments; every contact is whole in one frame at least.

    Args:
        motion: T rows.
        times: (n,) middles of the frames' time on screen, in seconds of the motion.

    Returns:
        (n, K) float32; before the first and behind the last row the face is at rest.
    """
    at = times * motion.fps - 0.5
    last = len(motion) - 1
    where = np.clip(at, 0, last)
    low = np.floor(where).astype(int)
    part = (where - low)[:, None]
    rows = motion.controls
    found = rows[low] * (1 - part) + rows[np.minimum(low + 1, last)] * part
    found = np.asarray(found, np.float32)
    for name in CONTACTS:
        if name in motion.names:
            column = motion.names.index(name)
            _keep(found[:, column], rows[:, column], at)
    if "jaw" in motion.names and "press" in motion.names:
        jaw, press = motion.names.index("jaw"), motion.names.index("press")
        found[:, jaw] *= 1 - found[:, press] * (found[:, press] >= _REACHED)
    found[(at < -0.5) | (at > last + 0.5)] = 0
    return found


def _keep(wanted: FloatArray, given: FloatArray, at: npt.NDArray[np.float64]) -> None:
    """Make every whole contact of `given` (T,) whole in `wanted` (n,), in place."""
    closed = np.concatenate([[False], given >= _REACHED, [False]])
    for first, end in np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2):
        low = int(np.searchsorted(at, first - 0.5))
        high = int(np.searchsorted(at, end - 0.5))
        if high <= low and len(at):
            middle = (first + end - 1) / 2
            low = int(np.abs(at[max(low - 1, 0) : low + 1] - middle).argmin()) + max(low - 1, 0)
            # a contact outside of the video is none of its frames
            if abs(at[low] - middle) > 2 + (end - first):
                continue
            high = low + 1
        wanted[low:high] = 1
