"""How one person's face looks at rest, learned from the frames of the video.

The lower face of a person who speaks is never at rest for long, and the mesh sees a turned face a
little differently. So every mesh point is explained, by linear regression over the frames, from
the opening and width of the mouth and the turn of the head; the face at rest is what this says for
a closed mouth of usual width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.places import CHIN_POINTS, LOWER_LIP, UPPER_LIP
from sadtalker_ext.portrait.filmed.pose import WIDTH, Pose, find_pose, upright
from sadtalker_ext.types import FloatArray

_UNIT_DEG = 20.0
_STIFF = 0.6
"""Weight of no dependence at all, in frames: few frames that show little say little."""
_WIDEST_DEG = 35.0
"""Turns beyond count as this one: the regression knows no more."""

_CLOSED, _LEAST_TRUST = 0.02, 0.08
"""Opening in face widths over which the trust in a frame falls, and what is left of it."""

UPPER = np.array(topology.LIPS_INNER_UPPER)
LOWER = np.array(topology.LIPS_INNER_LOWER)
MEET = 0.45
"""Where between their edges lips that the video never shows closed would meet, from above."""


@dataclass(frozen=True, slots=True, eq=False)
class Habits:
    """One person's face.

    Attributes:
        own: (478, 3) the face at rest in its own coordinates, seen from the front.
        by_turn: (2, 478, 3) change of it with yaw and pitch, per 20 degrees.
        usual: (2,) yaw and pitch in degrees around which that was learned.
    """

    own: FloatArray
    by_turn: FloatArray
    usual: tuple[float, float]

    def at_rest(self, pose: Pose) -> FloatArray:
        """Return (478, 3) points of the face at rest in its own coordinates, as the mesh sees it.

        Args:
            pose: The turn of the head.
        """
        return _shut(self.resting(pose))

    def resting(self, pose: Pose, points: Sequence[int] | slice = slice(None)) -> FloatArray:
        """Return (n, 3) points of the face at rest, as `at_rest`, but for lips that do not touch.

        Args:
            pose: The turn of the head.
            points: Which; all of them by default.
        """
        turn = self._turn(pose)
        yaw, pitch = self.by_turn[0, points], self.by_turn[1, points]
        rest: FloatArray = self.own[points] + turn[0] * yaw + turn[1] * pitch
        return rest.astype(np.float32)

    def _turn(self, pose: Pose) -> tuple[float, float]:
        yaw, pitch = pose.angles
        return (
            float(np.clip(yaw - self.usual[0], -_WIDEST_DEG, _WIDEST_DEG)) / _UNIT_DEG,
            float(np.clip(pitch - self.usual[1], -_WIDEST_DEG, _WIDEST_DEG)) / _UNIT_DEG,
        )

    def pose(self, points: FloatArray) -> Pose:
        """Return the pose of this face in a frame, from its (478, 3) mesh points."""
        return find_pose(self.own, points)


def learn_habits(meshes: Sequence[FloatArray]) -> Habits:
    """Learn a face from (478, 3) mesh points of some frames, at least one; order does not count."""
    fronts = [upright(mesh) for mesh in meshes]
    turned = [abs(_asymmetry(mesh)) for mesh in meshes]
    reference = fronts[int(np.argmin(turned))]
    poses = [find_pose(reference, mesh) for mesh in meshes]
    own = np.stack([pose.undo(mesh) for pose, mesh in zip(poses, meshes, strict=True)])
    # once more around the mean of all, which trembles less than any one frame
    mean = upright(own.mean(0))
    poses = [find_pose(mean, mesh) for mesh in meshes]
    own = np.stack([pose.undo(mesh) for pose, mesh in zip(poses, meshes, strict=True)])
    opening, width = openings(own), widths(own)
    angles = np.array([pose.angles for pose in poses])
    usual = np.median(angles, 0)
    turns = np.clip(angles - usual, -_WIDEST_DEG, _WIDEST_DEG) / _UNIT_DEG
    shut = opening <= np.quantile(opening, 0.3) + 1e-6
    usual_width = float(np.median(width[shut]))
    columns = [
        np.ones(len(own)),
        opening / 0.2,
        (opening / 0.2) ** 2,
        (width - usual_width) / 0.1,
        turns[:, 0],
        turns[:, 1],
    ]
    # frames with closed lips say most about closed lips
    trust = np.exp(-opening / _CLOSED) + _LEAST_TRUST
    found = _ridge(np.stack(columns, 1), own.reshape(len(own), -1), trust / trust.mean())
    shape = found.reshape(len(columns), -1, 3)
    return Habits(
        own=shape[0].astype(np.float32),
        by_turn=shape[4:6].astype(np.float32),
        usual=(float(usual[0]), float(usual[1])),
    )


def openings(own: FloatArray) -> npt.NDArray[np.float64]:
    """Return how far (n, 478, 3) mouths are open, in face widths."""
    gap = own[:, LOWER[3:8], 1] - own[:, UPPER[3:8], 1]
    return np.asarray(np.maximum(gap.mean(1), 0) / WIDTH, np.float64)


def widths(own: FloatArray) -> npt.NDArray[np.float64]:
    """Return how wide (n, 478, 3) mouths are, in face widths."""
    ends = own[:, topology.MOUTH_CORNER_RIGHT] - own[:, topology.MOUTH_CORNER_LEFT]
    return np.asarray(np.linalg.norm(ends, axis=1) / WIDTH, np.float64)


def _asymmetry(mesh: FloatArray) -> float:
    """How far a head is turned: 0 where both cheeks are as wide."""
    left = mesh[topology.NOSE_TIP, 0] - mesh[topology.CHEEK_LEFT, 0]
    right = mesh[topology.CHEEK_RIGHT, 0] - mesh[topology.NOSE_TIP, 0]
    return float((right - left) / max(abs(right + left), 1e-6))


def _ridge(
    columns: npt.NDArray[np.float64], values: FloatArray, trust: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Weighted linear regression in which all but the first column are held towards 0."""
    hold = np.diag([0.0, *[_STIFF] * (columns.shape[1] - 1)])
    weighted = columns.T * trust
    left = weighted @ columns + hold
    return np.asarray(np.linalg.solve(left, weighted @ values.astype(np.float64)), np.float64)


def _shut(own: FloatArray) -> FloatArray:
    """Return a face whose lips touch; each lip goes as a whole, and the chin a part of the way."""
    shut = own.copy()
    gap = shut[LOWER] - shut[UPPER]
    place = own[UPPER, 0]
    for lip, way in ((UPPER_LIP, MEET * gap), (LOWER_LIP, -(1 - MEET) * gap)):
        for axis in range(3):
            shut[lip, axis] += np.interp(own[lip, 0], place, way[:, axis])
    shut[list(CHIN_POINTS), 1] -= 0.5 * (1 - MEET) * float(gap[3:8, 1].mean())
    # both edges are one line now, whatever was rounded
    shut[LOWER] = shut[UPPER] = (shut[LOWER] + shut[UPPER]) / 2
    return shut
