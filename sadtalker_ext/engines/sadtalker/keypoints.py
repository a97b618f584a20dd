"""Where the 15 key points of the face go, given the head motion (specification section 14.2).

Convention: points are (x, y, z) in [-1, 1] of the feature volume. Angles of the model are in
degrees and rotate in the order roll, yaw, pitch (the matrix product pitch * yaw * roll).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sadtalker_ext.engines.sadtalker.nets.mapping import BINS, POINTS, HeadMotion

BIN_DEGREES = 3.0
FIRST_DEGREE = -99.0
SHORT_PI = 3.14
"""The published model was trained with these three digits; the exact value moves the head."""


class HeadAngles(NamedTuple):
    """Degrees, (B,) float32 each."""

    yaw: Tensor
    pitch: Tensor
    roll: Tensor


def expected_degrees(scores: Tensor) -> Tensor:
    """Turn (B, 66) bin scores into (B,) degrees."""
    bins = torch.arange(BINS, dtype=scores.dtype, device=scores.device)
    return (torch.softmax(scores, dim=1) * bins).sum(dim=1) * BIN_DEGREES + FIRST_DEGREE


def head_angles(motion: HeadMotion) -> HeadAngles:
    """Return the angles that the mapping network predicts."""
    return HeadAngles(
        yaw=expected_degrees(motion.yaw),
        pitch=expected_degrees(motion.pitch),
        roll=expected_degrees(motion.roll),
    )


def rotation(angles: HeadAngles) -> Tensor:
    """Return (B, 3, 3) matrices pitch * yaw * roll."""
    yaw, pitch, roll = (degrees / 180 * SHORT_PI for degrees in angles)
    return _product(_product(_turn(pitch, 1, 2), _turn(yaw, 2, 0)), _turn(roll, 0, 1))


def _product(left: Tensor, right: Tensor) -> Tensor:
    return (left.unsqueeze(-1) * right.unsqueeze(-3)).sum(dim=-2)


def _turn(radians: Tensor, start: int, end: int) -> Tensor:
    """Return (B, 3, 3) rotations that take axis `start` towards axis `end`."""
    cosine, sine = radians.cos(), radians.sin()
    matrix = torch.eye(3, dtype=radians.dtype, device=radians.device).repeat(len(radians), 1, 1)
    matrix[:, start, start] = matrix[:, end, end] = cosine
    matrix[:, end, start] = sine
    matrix[:, start, end] = -sine
    return matrix


def place_points(canonical: Tensor, motion: HeadMotion, angles: HeadAngles) -> Tensor:
    """Return (B, 15, 3) key points.

    Of the predicted translation only its y part moves the points.

    Args:
        canonical: (15, 3) key points of the face at rest, or (B, 15, 3) of B faces.
        motion: B rows of the mapping network.
        angles: Usually `head_angles(motion)`; a free view replaces some of them.
    """
    # sums instead of matrix products: hosts switch products to TF32, too coarse for lips
    turned = (rotation(angles).unsqueeze(1) * canonical.unsqueeze(-2)).sum(dim=-1)
    moved = motion.translation * motion.translation.new_tensor([0.0, 1.0, 0.0])
    return turned + moved.unsqueeze(1) + motion.expression.reshape(-1, POINTS, 3)
