"""The puppet as a dubber: learns a person from the video, then draws the mouth frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.base import DubFrame, Rows
from sadtalker_ext.engines.puppet.dub.arch import arch_behind
from sadtalker_ext.engines.puppet.dub.donor import MouthDonor
from sadtalker_ext.engines.puppet.dub.line import Lines
from sadtalker_ext.engines.puppet.dub.looks import best_looks
from sadtalker_ext.engines.puppet.dub.mouth import DubbedMouth
from sadtalker_ext.engines.puppet.dub.smile import FilmedSmile
from sadtalker_ext.motion.controls import as_mapping
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Drawn, Repainted
from sadtalker_ext.portrait.filmed.cover import learn_covers
from sadtalker_ext.portrait.filmed.habits import learn_habits
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import FloatArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import FramesOf, Require

_LEARNED_FRAMES: Final = 240
"""Frames from which the face at rest is learned, spread over the video."""


@dataclass(frozen=True, slots=True, eq=False)
class PuppetDubbing:
    """One person of a video, ready to say something else; see `engines.base.Dubbing`."""

    track: SteadyTrack
    mouth: DubbedMouth
    smile: FilmedSmile
    lines: Lines

    @property
    def batch(self) -> int:
        """One frame after the other: there is nothing to share."""
        return 1

    def plan(
        self,
        line: Sequence[Said],
        times: npt.NDArray[np.float64],
        options: GenerateOptions,
        seed: int,
        progress: Progress,
    ) -> tuple[Rows, tuple[str, ...]]:
        """Return controls of every frame, in the order of `Motion.names`; see `Dubbing`."""
        return self.lines.plan(line, times, options, seed, progress)

    def draw(self, frames: Sequence[DubFrame]) -> list[Drawn | Repainted | None]:
        """Return what each frame changes by; None where the face is not seen."""
        return [self._draw(one) for one in frames]

    def _draw(self, asked: DubFrame) -> Drawn | None:
        face = self.track.at(asked.number)
        if face is None or asked.amount <= 0:
            return None
        amount = asked.amount * face.presence
        controls, smile = as_mapping(asked.row), self.smile.at(asked.number)
        return self.mouth.draw(asked.planes, face.points, controls, face.skin, amount, smile)


class PuppetDubber:
    """Makes people of videos speak by bending the video's own pixels; see `engines.base.Dubber`.

    Args:
        require: Gives the weight files of the phone recogniser.
    """

    def __init__(self, require: Require | None) -> None:
        self._lines = Lines(require)

    def learn(
        self,
        track: SteadyTrack,
        frames_of: FramesOf,
        options: GenerateOptions,
        progress: Progress,
    ) -> PuppetDubbing:
        """Learn a person; nothing of it depends on the options."""
        del options, progress
        return learn_dubbing(track, frames_of, self._lines)


def learn_dubbing(track: SteadyTrack, frames_of: FramesOf, lines: Lines) -> PuppetDubbing:
    """Learn a person from the frames that show the face.

    Args:
        track: The face; it is seen at least once.
        frames_of: Gives frames of the video.
        lines: Plans what mouths do.
    """
    seen = track.frames
    spread = np.unique(np.linspace(0, len(seen) - 1, _LEARNED_FRAMES).astype(int))
    meshes = [face.points for face in map(track.at, seen[spread].tolist()) if face is not None]
    habits = learn_habits(meshes)
    look, wide = best_looks(track, habits, frames_of)
    donor = MouthDonor(look, arch_behind(habits.own), wide)

    def face_in(number: int) -> tuple[FloatArray, FloatArray] | None:
        face = track.at(number)
        return None if face is None else (face.points, face.skin)

    mouth = DubbedMouth(habits, donor, learn_covers(habits, seen, frames_of, face_in))
    return PuppetDubbing(track, mouth, FilmedSmile(track, habits), lines)
