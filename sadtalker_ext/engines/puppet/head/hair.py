"""Hair trails behind the turns of a head: where it hangs, and where the head was for it.

The hair moves as the head did a moment ago. Its roots, near the face, stay on the head; the further
out it hangs, the more it trails.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.head.depth import HeadFrame
from sadtalker_ext.portrait.topology import OVAL
from sadtalker_ext.types import FloatArray

_SWINGS = 2.4
"""Swings per second of hair that is let go."""
_DAMPING = 0.55
"""Of the critical damping: hair comes to rest after one small swing back."""
_FURTHEST = 2.5
"""Degrees that hair can be away from the head; the way there is smooth."""
_ROOTS, _HANGS = 0.10, 0.50
"""Face widths from the face's outline where hair begins to trail and where it trails fully."""
_ON_TOP = 0.35
"""Share of what hangs beside the face that hair on top of the head, or a hat, trails."""


class Swing(NamedTuple):
    """How hair swings at one row.

    Attributes:
        head: (3,) degrees of the head.
        away: (3,) degrees of the hair from there, before they are limited.
        speed: (3,) degrees per second.
    """

    head: FloatArray
    away: npt.NDArray[np.float64]
    speed: npt.NDArray[np.float64]


class Poses(NamedTuple):
    """Yaw, pitch and roll in degrees of every row: (T, 3) of the head and of its hair."""

    head: FloatArray
    hair: FloatArray


def trailing_poses(
    poses: FloatArray, fps: float, before: Swing | None = None
) -> tuple[FloatArray, Swing]:
    """Return where hair is while the head takes these poses, and how it swings at the end.

    Each angle is a damped spring, x'' = w^2 (head - x) - 2 d w x', solved exactly for a head that
    holds still between rows. Slow turns lag by 2 d / w less half a row: 53 ms at 25 rows a second.

    Args:
        poses: (T, 3) degrees of the head, at least one row.
        fps: Rows per second.
        before: How hair swings at the row before the first; None: it hangs still at the first one.

    Returns:
        (T, 3) float32 degrees, at most `_FURTHEST` away from the head's; and the last swing.
    """
    omega = 2.0 * np.pi * _SWINGS
    decay, swing = _DAMPING * omega, omega * np.sqrt(1.0 - _DAMPING**2)
    step = 1.0 / fps
    fall, c, s = np.exp(-decay * step), np.cos(swing * step), np.sin(swing * step)
    last, away, speed = before or Swing(poses[0], np.zeros(3), np.zeros(3))
    trailing = np.array(poses, np.float64)
    for row in range(0 if before else 1, len(trailing)):
        away = away + np.subtract(last, poses[row])
        push = (speed + decay * away) / swing
        away, speed = (
            fall * (away * c + push * s),
            fall * (push * swing * c - away * swing * s) - decay * fall * (away * c + push * s),
        )
        trailing[row] = poses[row] + _FURTHEST * np.tanh(away / _FURTHEST)
        last = poses[row]
    return trailing.astype(np.float32), Swing(last, away, speed)


def hair_weight(frame: HeadFrame, points: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how much the place of (h, w) grid points x, y trails as hair does, 0..1.

    Nothing says what is hair and what is an ear, a bald head or a hat: whatever lies near the face,
    and the throat, trails hardly.
    """
    corner, step = np.array([x[0, 0], y[0, 0]]), float(x[0, 1] - x[0, 0])
    outline = cv2.convexHull(np.round((points[list(OVAL), :2] - corner) / step).astype(np.int32))
    face = np.ones(x.shape, np.uint8)
    cv2.fillConvexPoly(face, outline, 0)
    away = np.asarray(cv2.distanceTransform(face, cv2.DIST_L2, 5), np.float32) * step / frame.width
    across, below = frame.local(x, y)
    throat = smoothstep(0.55, 0.35, np.abs(across)) * smoothstep(-0.15, 0.05, below)
    hangs = _ON_TOP + (1.0 - _ON_TOP) * smoothstep(-1.0, -0.3, below)
    return np.asarray(smoothstep(_ROOTS, _HANGS, away) * hangs * (1.0 - throat), np.float32)
