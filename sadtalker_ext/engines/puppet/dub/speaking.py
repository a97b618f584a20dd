"""Where the mesh points of a speaking face go: the puppet's own movements, on the face at rest."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sadtalker_ext.engines.puppet.dub.smile import LEFT, RIGHT
from sadtalker_ext.engines.puppet.mouth.expression import ExpressionBasis
from sadtalker_ext.engines.puppet.mouth.frame import measure_mouth
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.habits import Habits
from sadtalker_ext.portrait.filmed.places import CHIN_POINTS, CORNERS, LOWER_LIP, UPPER_LIP
from sadtalker_ext.portrait.filmed.pose import WIDTH, Pose
from sadtalker_ext.types import FloatArray

_PLAIN_SIDE = round(1.6 * WIDTH)
_BROAD = 0.3
"""How much further than at rest the corners of a broad smile are apart, as a share of that."""
_IN_SMILES = {"wide": 0.3, "round": 0.5}
"""What a broad smile leaves of other movements of the corners."""
_BARED = (0.5, 0.5)
"""How far a broad smile raises the upper lip, and the opening of the jaw from which it does so."""
_RAISED = 0.2
"""Way of the upper lip in a smile, in halves of the mouth, that bares the teeth by itself."""
_MEETS = 0.4
"""Where lips that touch for a sound meet, as a share of the upper lip's way in the smile."""
_UPPER_ROWS = (
    topology.LIPS_OUTER_UPPER,
    topology.LIPS_OUTER_MIDDLE_UPPER,
    topology.LIPS_INNER_MIDDLE_UPPER,
    topology.LIPS_INNER_UPPER,
)


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
        self._half = max(float(rest[RIGHT, 0] - rest[LEFT, 0]) / 2, 1.0)
        self._share = _with_corners(rest, self._half)
        self._upper, self._lower = _with_middle(rest, self._half)

    def ways(self, controls: Mapping[str, float]) -> FloatArray:
        """Return (478, 2) movements from rest in the face's own coordinates."""
        weights = self._basis.weights({**controls, "relax": 0.0})
        ways: FloatArray = np.tensordot(weights, self._fields, 1).astype(np.float32)
        return ways

    def place(
        self, pose: Pose, controls: Mapping[str, float], smile: FloatArray | None = None
    ) -> FloatArray:
        """Return (478, 3) points of the speaking face in a frame; only lips and chin are meant.

        Args:
            pose: Of the head.
            controls: What the mouth says.
            smile: (4, 2) ways of the smile with which it is said, as `FilmedSmile` gives them.
        """
        own = self._habits.at_rest(pose)
        if smile is not None and smile.any():
            broad = min(max(float(smile[1, 0] - smile[0, 0]) / (2 * self._half * _BROAD), 0), 1)
            raised = min(max(-float(smile[3, 1]) / (self._half * _RAISED), 0), 1)
            controls = _smiling(controls, broad, 1 - raised)
            own[:, :2] += (self._share * smile[:2]).sum(1)
            own[:, 1] += self._raised(controls) @ (broad * smile[2:, 1])
        own[:, :2] += self.ways(controls)
        return pose.place(own)

    def _raised(self, controls: Mapping[str, float]) -> FloatArray:
        """Return (478, 2) how far lips go with both edges of the upper lip of a smile.

        Lips that touch for a sound meet between where each of them would be.
        """
        contact = float(np.clip(max(controls.get("press", 0.0), controls.get("tuck", 0.0)), 0, 1))
        shares: FloatArray = (1 - (1 - _MEETS) * contact) * self._upper
        shares[:, 1] += _MEETS * contact * self._lower
        return shares


def _smiling(controls: Mapping[str, float], broad: float, covered: float) -> dict[str, float]:
    """Return what a mouth does that smiles, 0..1: open lips bare upper teeth that are covered."""
    said = {
        name: value * (1 - broad * (1 - _IN_SMILES.get(name, 1.0)))
        for name, value in controls.items()
    }
    opened = min(controls.get("jaw", 0.0) / _BARED[1], 1.0) * (1 - controls.get("press", 0.0))
    said["upper"] = max(controls.get("upper", 0.0), _BARED[0] * broad * covered * opened)
    return said


def _with_corners(rest: FloatArray, half: float) -> FloatArray:
    """Return (478, 2, 2) how far lips go with each corner, sideways and upwards: as a bent bow."""
    middle = (rest[LEFT, 0] + rest[RIGHT, 0]) / 2
    lips = [*UPPER_LIP, *LOWER_LIP]
    aside = (rest[lips, 0] - middle) / np.float32(half)
    share = np.zeros((topology.MESH_POINTS, 2, 2), np.float32)
    for corner, way in ((0, -aside), (1, aside)):
        near = np.clip(way, 0, 1)
        share[lips, corner] = np.stack([near, near**2], 1)
    return share


def _with_middle(rest: FloatArray, half: float) -> tuple[FloatArray, FloatArray]:
    """Return how far lips go with the middle of the upper lip.

    (478, 2) of the upper lip with its outer and its inner edge, (478,) of the lower one.
    """
    middle = (rest[LEFT, 0] + rest[RIGHT, 0]) / 2
    share = np.clip(1 - ((rest[:, 0] - middle) / np.float32(half)) ** 2, 0, 1)
    upper = np.zeros((topology.MESH_POINTS, 2), np.float32)
    for row, chain in enumerate(_UPPER_ROWS):
        inner = row / (len(_UPPER_ROWS) - 1)
        upper[list(chain)] = share[list(chain), None] * np.array([1 - inner, inner])
    lower = np.zeros(topology.MESH_POINTS, np.float32)
    lower[LOWER_LIP] = share[LOWER_LIP]
    return upper, lower


def _shut_front(habits: Habits) -> FloatArray:
    front = Pose(1.0, np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    usual = Habits(habits.own, 0 * habits.by_turn, (0.0, 0.0))
    return usual.at_rest(front)
