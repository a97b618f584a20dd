"""Which part of a picture belongs to which of the people on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import Face, FloatArray

_SEAM: Final = 0.12
"""Width of the transition between two people, as a share of the distance between them."""


def territories(faces: Sequence[Face], size: tuple[int, int]) -> list[FloatArray]:
    """Return (h, w) for each face how far a pixel is its own; together 1 everywhere.

    A pixel belongs to the nearest face, measured in sizes of that face; between two people, where
    neither moves anything, one goes over into the other.
    """
    width, height = size
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    distances = []
    for face in faces:
        centre = middle(face)
        # bodies are below their heads
        below = np.where(y > centre[1], 0.45, 1.0)
        away = np.hypot(x - centre[0], (y - centre[1]) * below)
        distances.append(away / max(float(np.ptp(face.points[:, 1])), 1.0))
    if len(faces) == 1:
        return [np.ones((height, width), np.float32)]
    stack = np.stack(distances)
    shares = []
    for number in range(len(faces)):
        others = np.delete(stack, number, 0)
        nearest = others.min(0)
        balance = (nearest - stack[number]) / np.maximum(nearest + stack[number], 1e-3)
        shares.append(smoothstep(-_SEAM, _SEAM, balance))
    total = np.maximum(np.sum(shares, axis=0), 1e-6)
    return [np.asarray(one / total, np.float32) for one in shares]


def middle(face: Face) -> npt.NDArray[np.float64]:
    """Return x and y of the middle of a face's mesh."""
    low, high = face.points[:, :2].min(0), face.points[:, :2].max(0)
    return np.asarray((low + high) / 2, np.float64)
