"""What a mouth does in every frame of a video, from everything that it says."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.motion.at_times import controls_at
from sadtalker_ext.motion.controls import CONTROLS, PRESS, TUCK
from sadtalker_ext.motion.plan import plan_motion
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance, Said
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import FloatArray, Motion

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import Require

_SHARES = {
    "wide": (("mouthSmileLeft", "mouthSmileRight"), 0.6),
    "round": (("mouthPucker", "mouthFunnel"), 0.7),
    "upper": (("mouthUpperUpLeft", "mouthUpperUpRight"), 0.7),
}
"""What of a directed face the controls of a mouth can show: blendshapes, and their share."""
DIRECTED = (
    "In a video only the mouth is drawn anew: of an emotion it takes the width and the rounding of "
    "the lips; brows, lids, gaze and head stay as filmed."
)
TIMED = "A timeline has no effect on the people of a video, whose faces move as they were filmed."
_AROUND = 0.1
"""Seconds before and after a piece in which its movements can still be seen."""


class Lines:
    """Plans the controls of mouths; what several people say together is listened to once.

    Args:
        require: Gives the weight files of the phone recogniser.
    """

    def __init__(self, require: Require | None) -> None:
        self._require = require
        self._known: dict[int, tuple[Said, GenerateOptions, Motion]] = {}

    def plan(
        self,
        line: Sequence[Said],
        times: npt.NDArray[np.float64],
        options: GenerateOptions,
        seed: int,
        progress: Progress,
    ) -> tuple[FloatArray, tuple[str, ...]]:
        """Return (n, K) float32 controls and warnings; see `engines.base.Dubbing`."""
        told = {TIMED: None} if options.timeline.strip() else {}
        options = dataclasses.replace(options, timeline="")
        motions = [self._motion(said, options, seed, progress) for said in line]
        if any(motion.face is not None for motion in motions):
            told[DIRECTED] = None
        told |= dict.fromkeys(one for motion in motions for one in motion.warnings)
        return controls_of(line, motions, times), tuple(told)

    def _motion(
        self, said: Said, options: GenerateOptions, seed: int, progress: Progress
    ) -> Motion:
        known = self._known.get(id(said))
        if known is not None and known[1] == options:
            return known[2]
        performance = Performance(speech=said.speech)
        motion = directed_mouth(
            plan_motion(performance, options, seed, progress, lambda _: iter(()), self._require)
        )
        self._known[id(said)] = (said, options, motion)  # whoever is kept keeps its number
        return motion


def directed_mouth(motion: Motion) -> Motion:
    """Return a motion whose controls of the mouth show what they can of its directed face.

    Lips that touch for a sound go before.
    """
    if motion.face is None:
        return motion
    controls = motion.controls.copy()
    contact = controls[:, [PRESS, TUCK]].max(1)
    for name, (shapes, share) in _SHARES.items():
        asked = share * motion.face[:, [COLUMN[shape] for shape in shapes]].mean(1)
        column = CONTROLS.index(name)
        controls[:, column] = np.maximum(controls[:, column], asked * (1 - contact))
    return dataclasses.replace(motion, controls=controls)


def controls_of(
    line: Sequence[Said], motions: Sequence[Motion], times: npt.NDArray[np.float64]
) -> FloatArray:
    """Return (n, K) what a mouth does at moments: where pieces overlap, the stronger one counts.

    Args:
        line: What is said.
        motions: How the mouth says each piece.
        times: (n,) seconds.
    """
    whole = np.zeros((len(times), len(motions[0].names)), np.float32)
    for said, motion in zip(line, motions, strict=True):
        low, high = np.searchsorted(times, [said.at - _AROUND, said.end + _AROUND])
        if high > low:
            found = controls_at(motion, times[low:high] - said.at)
            part = whole[low:high]
            part[:] = np.where(np.abs(found) > np.abs(part), found, part)
    return whole
