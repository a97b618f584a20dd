"""The arch on which teeth lie: a bowed sheet behind the lips, seen from anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.types import FloatArray

_BEHIND: Final = 4.0
"""How far the teeth lie behind the lips, in units of the face's own coordinates."""
_FURTHEST: Final = 1.4
"""Where the arch ends, in halves of the mouth from its middle."""
_LEAST_TURN: Final = 0.1
"""What is left of the square under the root where the arch is seen from behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Arch:
    """A sheet z = depth + bend * (x - middle)^2 in a face's own coordinates.

    Attributes:
        depth: Of its middle.
        bend: How it falls back to the sides.
        middle: Its x there.
        half: Half the width of the mouth, beyond 1.4 times of which it is flat.
    """

    depth: float
    bend: float
    middle: float
    half: float

    def place(self, pose: Pose, own: FloatArray) -> FloatArray:
        """Turn (..., 2) own x and y on the sheet into frame pixels."""
        x = own[..., 0] - np.float32(self.middle)
        flat = pose.flat(self.depth)
        back = self._back(x)
        away = np.float32(pose.scale) * pose.turn[:2, 2]
        placed: FloatArray = own @ flat[:, :2].T + flat[:, 2] + back[..., None] * away
        return placed.astype(np.float32)

    def undo(self, pose: Pose, where: FloatArray) -> FloatArray:
        """Turn (..., 2) frame pixels into own x and y on the sheet."""
        flat = pose.flat(self.depth)
        inverse = np.linalg.inv(flat[:, :2])
        away = inverse @ (pose.scale * pose.turn[:2, 2])
        level: FloatArray = ((where - flat[:, 2]) @ inverse.T).astype(np.float32)
        # x + away * bend * x^2 is what is seen of x
        seen = level[..., 0] - np.float32(self.middle)
        root = np.sqrt(np.maximum(1 + 4 * away[0] * self.bend * seen, _LEAST_TURN))
        back = self._back((2 * seen / (1 + root)).astype(np.float32))
        own: FloatArray = level - back[..., None] * away.astype(np.float32)
        return own.astype(np.float32)

    def _back(self, x: FloatArray) -> FloatArray:
        end = np.float32(_FURTHEST * self.half)
        back: FloatArray = np.float32(self.bend) * np.square(np.clip(x, -end, end))
        return back


def arch_behind(own: FloatArray) -> Arch:
    """Return the arch behind the lips of a face at rest, which bows as they do.

    Args:
        own: (478, 3) mesh points in its own coordinates.
    """
    left, right = own[topology.LIPS_INNER_UPPER[0]], own[topology.LIPS_INNER_UPPER[-1]]
    front = own[[topology.LIP_MIDDLE_UPPER, topology.LIP_MIDDLE_LOWER]].mean(0)
    half = max(float(right[0] - left[0]) / 2, 1.0)
    falls = max(float((left[2] + right[2]) / 2 - front[2]), 0.0)
    return Arch(float(front[2]) + _BEHIND, falls / half**2, float(left[0] + right[0]) / 2, half)
