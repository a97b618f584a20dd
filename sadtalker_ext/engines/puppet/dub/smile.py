"""The smile with which a person was filmed: what of the mouth in a frame is not speech.

Speech opens, rounds and closes lips several times a second; a smile draws the corners apart and
up, raises the upper lip, and stays for a while. Cheeks and the folds beside the mouth show it, and
stay as filmed, so the lips must stay so as well, whatever else is said. What is slow in their
places is the smile; corners that come nearer belong to what was said.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.habits import MEET, Habits, openings
from sadtalker_ext.portrait.filmed.pose import WIDTH
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import FloatArray

LEFT, RIGHT = topology.MOUTH_CORNER_LEFT, topology.MOUTH_CORNER_RIGHT
_CORNERS: Final = [LEFT, RIGHT]
_UPPER: Final = [topology.LIPS_OUTER_UPPER[5], topology.LIPS_INNER_UPPER[5]]
_LOWER: Final = topology.LIPS_INNER_LOWER[5]
PLACES: Final = len(_CORNERS) + len(_UPPER)
_SLOW_SECONDS: Final = 0.16
"""Standard deviation of the filter: vowels last half as long as its whole width."""
_EVERY_SECONDS: Final = 0.12
"""Between two frames that are looked at, about."""
_SMILES: Final = (0.04, 0.14)
"""How much further than at rest the corners are apart, as a share of that, where it may be a smile
and surely is. In six clips of calm speech 95 of 100 frames have less than 0.1, one that laughs has
0.2 to 0.3 for seconds."""
_WITH_JAW: Final = 0.2
"""Share of an opening by which it takes the corners down; with a closing one they come up again,
but the cheeks do not."""
_MOST: Final = np.array([(0.45, 0.3), (0.45, 0.3), (0.0, 0.3), (0.0, 0.3)], np.float32)
"""Ways sideways and upwards, in halves of the mouth, beyond which the mesh errs."""
_REMEMBERED: Final = 512


class FilmedSmile:
    """One person's smile in every frame of a video.

    Args:
        track: The face.
        habits: The same at rest.
    """

    def __init__(self, track: SteadyTrack, habits: Habits) -> None:
        self._track, self._habits = track, habits
        own = habits.own
        self._half = max(float(own[RIGHT, 0] - own[LEFT, 0]) / 2, 1.0)
        self._corners = lru_cache(_REMEMBERED)(self._measure)

    def at(self, frame: int) -> FloatArray:
        """Return (4, 2) ways of the smile, in the face's own coordinates.

        Of the left and the right corner, and of the outer and the inner edge of the upper lip's
        middle, which only go up.
        """
        numbers, away = self._track.near(frame, 3 * _SLOW_SECONDS)
        if not len(numbers):
            return np.zeros((PLACES, 2), np.float32)
        # the least, which a frame without the face does not change
        apart = float(np.diff(away).min()) if len(away) > 1 else _EVERY_SECONDS
        # the same frames for neighbours: one more is looked at for every few that are drawn
        looked = numbers % max(round(_EVERY_SECONDS / max(apart, 1e-3)), 1) == 0
        if looked.any():
            numbers, away = numbers[looked], away[looked]
        weight = np.exp(-0.5 * (away / _SLOW_SECONDS) ** 2)
        ways = np.stack([self._corners(number) for number in numbers.tolist()])
        slow = np.tensordot(weight / max(float(weight.sum()), 1e-9), ways, 1)
        wider = (slow[1, 0] - slow[0, 0]) / 2 / self._half
        most = _MOST * self._half
        slow[2:, 1] = np.minimum(slow[2:, 1], 0)
        smile: FloatArray = np.clip(slow, -most, most) * smoothstep(*_SMILES, np.float32(wider))
        return smile.astype(np.float32)

    def _measure(self, frame: int) -> FloatArray:
        """Return (4, 2) ways from rest, as `at`, but for what the opening does to the corners."""
        face = self._track.at(frame)
        if face is None:
            return np.zeros((PLACES, 2), np.float32)
        pose = self._habits.pose(face.points)
        own = pose.undo(face.points)
        looked = [*_CORNERS, *_UPPER]
        rest = self._habits.resting(pose, [*looked, _LOWER])[:, :2]
        ways: FloatArray = own[looked][:, :2] - rest[:PLACES]
        ways[2:, 1] -= MEET * (rest[PLACES, 1] - rest[PLACES - 1, 1])
        ways[:2, 1] -= _WITH_JAW * WIDTH * float(openings(own[None])[0])
        return ways
