"""Motion borrowed from a reference video.

R is the number of frames of the reference video, T the number of frames to make. Coefficient rows
have the layout of `coefficients.py`.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION, POSE
from sadtalker_ext.types import FloatArray


def repeat_to(rows: FloatArray, frames: int) -> FloatArray:
    """Return (T, K) rows: a short reference starts over, a long one is cut."""
    repeated: FloatArray = rows[np.arange(frames) % len(rows)]
    return repeated


def held_to(rows: FloatArray, frames: int) -> FloatArray:
    """Return (T, 70) driving rows of a reference video that drives alone; its end is held."""
    held: FloatArray = rows[np.minimum(np.arange(frames), len(rows) - 1), :DRIVEN]
    return held


def add_reference_pose(driving: FloatArray, reference: FloatArray) -> FloatArray:
    """Add the reference video's head movement on top of the generated one (SPEC 11).

    Args:
        driving: (T, 70) float32, already smoothed.
        reference: (R, >=70) float32 coefficient rows of the reference video.
    """
    pose = repeat_to(reference, len(driving))[:, POSE]
    moved = driving.copy()
    moved[:, POSE] += pose - pose[0]
    return moved


def reference_blink(expression_reference: FloatArray, reference: FloatArray) -> FloatArray:
    """Let the reference video's eyes blink: its expression becomes the reference per frame.

    The blink ratio has to be zero with it (SPEC 8).

    Args:
        expression_reference: (T, 70) float32, the source's coefficients in every row.
        reference: (R, >=70) float32 coefficient rows of the reference video.
    """
    replaced = expression_reference.copy()
    replaced[:, EXPRESSION] = repeat_to(reference, len(replaced))[:, EXPRESSION]
    return replaced
