"""Where the mesh points of a speaking face go: the puppet's own movements, on the face at rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sadtalker_ext.engines.puppet.mouth.expression import ExpressionBasis
from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.habits import Habits
from sadtalker_ext.portrait.filmed.places import CHIN_POINTS, CORNERS, LOWER_LIP
from sadtalker_ext.portrait.filmed.pose import WIDTH, Pose
from sadtalker_ext.types import FloatArray

_PLAIN_SIDE = round(1.6 * WIDTH)


class SpeakingFace:
    """One person's mouth, moved by the puppet's controls.

    Args:
        habits: The face at rest.
    """

    def __init__(self, habits: Habits) -> None:
        self._habits = habits
        # the face at rest as a picture of one colour: its lips touch where the mesh says
        rest = _shut_front(habits)
        corner = np.array([_PLAIN_SIDE / 2, _PLAIN_SIDE / 2, 0], np.float32)
        plain = np.full((2 * _PLAIN_SIDE, 2 * _PLAIN_SIDE, 3), 128, np.uint8)
        frame = measure_mouth(plain, rest + corner)
        nodes = (rest + corner)[None, :, :2]
        self._basis = ExpressionBasis(frame, np.ascontiguousarray(nodes), tooth_edge(frame))
        fields = self._basis.fields[:, :, 0]
        sheets = np.zeros(topology.MESH_POINTS, np.intp)
        sheets[LOWER_LIP] = 1
        sheets[list(CHIN_POINTS)] = 1
        each = np.arange(topology.MESH_POINTS)
        moved = fields[:, sheets, each]
        corners = list(CORNERS)
        moved[:, corners] = fields[:, :, corners].mean(1)
        self._fields: FloatArray = np.ascontiguousarray(moved, np.float32)

    def ways(self, controls: Mapping[str, float]) -> FloatArray:
        """Return (478, 2) movements from rest in the face's own coordinates."""
        weights = self._basis.weights({**controls, "relax": 0.0})
        ways: FloatArray = np.tensordot(weights, self._fields, 1).astype(np.float32)
        return ways

    def place(self, pose: Pose, controls: Mapping[str, float]) -> FloatArray:
        """Return (478, 3) points of the speaking face in a frame; only lips and chin are meant."""
        own = self._habits.at_rest(pose)
        own[:, :2] += self.ways(controls)
        return pose.place(own)


def _shut_front(habits: Habits) -> FloatArray:
    front = Pose(1.0, np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    usual = Habits(habits.own, 0 * habits.by_turn, (0.0, 0.0))
    return usual.at_rest(front)
