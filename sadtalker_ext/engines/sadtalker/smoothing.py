"""Smoothing of the head pose over time."""

from __future__ import annotations

from sadtalker_ext.types import FloatArray

_WINDOW = 13
_ORDER = 2
_FEWEST_FRAMES = 3
"""A window of one sample cannot hold a parabola: the reference fails on shorter clips."""


def smooth_pose(pose: FloatArray) -> FloatArray:
    """Return `pose` smoothed by a Savitzky-Golay filter over time (SPEC 11).

    Args:
        pose: (T, 6) float32. Fewer than 13 frames use the largest odd window that fits; fewer than
            3 frames are returned unchanged.
    """
    frames = len(pose)
    if frames < _FEWEST_FRAMES:
        return pose.copy()
    from scipy.signal import savgol_filter

    window = _WINDOW if frames >= _WINDOW else 2 * ((frames - 1) // 2) + 1
    smoothed: FloatArray = savgol_filter(pose, window, _ORDER, axis=0)
    return smoothed
