"""Where a head is and how it is turned: one scale, rotation and shift of its bony points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

FIRM = (
    *topology.OVAL[:7],
    *topology.OVAL[-7:],
    *topology.NOSE_RIDGE,
    *topology.NOSE_BASE,
    *(
        chain[end]
        for chain in (topology.EYE_LEFT_UPPER, topology.EYE_RIGHT_UPPER)
        for end in (0, 8)
    ),
    *(50, 280, 101, 330),
)
"""Points that speech does not move: forehead, temples, nose, corners of the eyes, cheekbones."""
_FIRM: Final = list(FIRM)

WIDTH = 200.0
"""Width of a face in its own coordinates: the head looks at the viewer, upright, and x, y and z
have their usual directions; the middle between the outer corners of the eyes is at (0, 0, 0)."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """A turn of the head and its place in a frame.

    Attributes:
        scale: Pixels per unit of the face's own coordinates.
        turn: (3, 3) rotation from those to the frame.
        shift: (3,) pixels.
    """

    scale: float
    turn: FloatArray
    shift: FloatArray

    def place(self, points: FloatArray) -> FloatArray:
        """Turn (..., 3) points of the face's own coordinates into frame pixels and depth."""
        placed: FloatArray = points @ (self.scale * self.turn.T) + self.shift
        return placed.astype(np.float32)

    def undo(self, points: FloatArray) -> FloatArray:
        """Turn (..., 3) frame points into the face's own coordinates."""
        own: FloatArray = (points - self.shift) @ (self.turn / self.scale)
        return own.astype(np.float32)

    def flat(self, depth: float) -> FloatArray:
        """Return the (2, 3) map from own x and y, at one own depth, to frame pixels."""
        linear = self.scale * self.turn[:2]
        offset = linear[:, 2] * depth + self.shift[:2]
        return np.concatenate([linear[:, :2], offset[:, None]], axis=1).astype(np.float32)

    @property
    def angles(self) -> tuple[float, float]:
        """Yaw and pitch in degrees, about as `motion.tracking.head_angles` counts them."""
        yaw = np.degrees(np.arctan2(self.turn[2, 0], self.turn[2, 2]))
        pitch = np.degrees(np.arcsin(np.clip(self.turn[2, 1], -1, 1)))
        return float(yaw), float(pitch)


def find_pose(own: FloatArray, points: FloatArray) -> Pose:
    """Return the pose that brings a face's firm points nearest to those of a frame.

    The least-squares similarity of Umeyama ("Least-squares estimation of transformation
    parameters between two point patterns", 1991).

    Args:
        own: (478, 3) points in the face's own coordinates.
        points: (478, 3) mesh points of the frame.
    """
    one, other = (np.asarray(p[_FIRM], np.float64) for p in (own, points))
    middle, moved = one.mean(0), other.mean(0)
    a, b = one - middle, other - moved
    left, sizes, right = np.linalg.svd(b.T @ a / len(a))
    sign = np.array([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = left @ np.diag(sign) @ right
    scale = float((sizes * sign).sum() / np.square(a).sum(1).mean())
    shift = moved - scale * turn @ middle
    return Pose(scale, turn.astype(np.float32), shift.astype(np.float32))


def upright(points: FloatArray) -> FloatArray:
    """Return the mesh points of a frame in the face's own coordinates, by its own axes."""
    mesh: npt.NDArray[np.float64] = np.asarray(points, np.float64)
    across = mesh[263] - mesh[33]
    across /= max(float(np.linalg.norm(across)), 1e-6)
    down = mesh[topology.CHIN] - mesh[topology.FOREHEAD]
    down = down - across * (down @ across)
    down /= max(float(np.linalg.norm(down)), 1e-6)
    axes = np.stack([across, down, np.cross(across, down)])
    own = (mesh - (mesh[33] + mesh[263]) / 2) @ axes.T
    wide = float(np.linalg.norm(own[topology.CHEEK_RIGHT] - own[topology.CHEEK_LEFT]))
    result: FloatArray = (own * (WIDTH / max(wide, 1e-6))).astype(np.float32)
    return result
