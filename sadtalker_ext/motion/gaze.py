"""Where the eyes look: jumps between the looks of the plan, steadied against the head's turn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.motion.acts import Look
from sadtalker_ext.types import FloatArray

_FARTHEST = 9.0
_STEADIED = 0.55
"""Share of the head's turn that the eyes undo to stay on the viewer."""
_WIDE = 4.0
"""Degrees; larger jumps invite a blink."""
_JUMP_SECONDS = 0.021
_JUMP_PER_DEGREE = 0.0022
"""Duration of a jump by its size: the main sequence (Bahill, Clark and Stark, 1975)."""
_PARTS = 4
"""Moments within a frame at which the eyes are looked at: a jump blurs over its frame."""


def wide_jumps(looks: Sequence[Look]) -> list[float]:
    """Return the times of the larger jumps."""
    found, before = [], (0.0, 0.0)
    for one in looks:
        if np.hypot(one.right - before[0], one.down - before[1]) > _WIDE:
            found.append(one.time)
        before = (one.right, one.down)
    return found


def gaze_track(looks: Sequence[Look], head: FloatArray, fps: float) -> FloatArray:
    """Return (T, 2) float32 degrees right and down.

    While the head turns the eyes turn back, which keeps them on the viewer.

    Args:
        looks: In order of time.
        head: (T, 3) yaw, pitch, roll in degrees.
        fps: Frames per second.
    """
    frames = len(head)
    times = (np.arange(frames * _PARTS) + 0.5) / (_PARTS * fps)
    at = np.zeros((len(times), 2))
    before = np.zeros(2)
    for one in looks:
        target = np.array([one.right, one.down])
        seconds = _JUMP_SECONDS + _JUMP_PER_DEGREE * float(np.hypot(*(target - before)))
        part = np.clip((times - one.time) / seconds, 0, 1)
        at += (part * part * (3 - 2 * part))[:, None] * (target - before)
        before = target
    seen = at.reshape(frames, _PARTS, 2).mean(axis=1)
    steady = seen - _STEADIED * head[:, :2]
    return np.asarray(np.clip(steady, -_FARTHEST, _FARTHEST), dtype=np.float32)
