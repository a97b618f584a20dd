"""The puppet as a dubber: learns a person from the video, then draws the mouth frame by frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.base import DubFrame, Rows
from sadtalker_ext.engines.puppet.dub.donor import Look, MouthDonor, best_donor
from sadtalker_ext.engines.puppet.dub.line import Lines
from sadtalker_ext.engines.puppet.dub.mouth import DubbedMouth
from sadtalker_ext.motion.controls import as_mapping
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.planes import Drawn, Planes, Repainted
from sadtalker_ext.portrait.filmed.cover import learn_covers
from sadtalker_ext.portrait.filmed.habits import Habits, learn_habits, openings
from sadtalker_ext.progress import Progress
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import Box, FloatArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import FramesOf, Require

_LEARNED_FRAMES: Final = 240
"""Frames from which the face at rest is learned, spread over the video."""
_SEARCHED_FRAMES: Final = 2500
"""Frames among which the ones that show the mouth best are looked for."""
_LOOKS: Final = 6
_APART: Final = 8
"""Frames between two looks at least: neighbours show the same."""
_BEST_OPENING: Final = (0.05, 0.09)
"""Openings between these, in face widths, show what speech shows; a shout shows the throat."""
_DEPTH: Final = 4.0
"""How far the teeth lie behind the lips, in units of the face's own coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class PuppetDubbing:
    """One person of a video, ready to say something else; see `engines.base.Dubbing`."""

    track: SteadyTrack
    mouth: DubbedMouth
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
        return self.mouth.draw(asked.planes, face.points, as_mapping(asked.row), face.skin, amount)


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
    donor = _donor(track, habits, frames_of)

    def face_in(number: int) -> tuple[FloatArray, FloatArray] | None:
        face = track.at(number)
        return None if face is None else (face.points, face.skin)

    mouth = DubbedMouth(habits, donor, learn_covers(habits, seen, frames_of, face_in))
    return PuppetDubbing(track, mouth, lines)


def _donor(track: SteadyTrack, habits: Habits, frames_of: FramesOf) -> MouthDonor:
    merits = _merits(track, habits)
    chosen: list[int] = []
    for number in sorted(merits, key=lambda one: -merits[one]):
        if all(abs(number - other) >= _APART for other in chosen):
            chosen.append(number)
        if len(chosen) == _LOOKS:
            break
    looks: list[Look] = []
    for number, planes in frames_of(sorted(chosen)):
        face = track.at(number)
        if face is not None:
            looks.append(_look(planes, face.points, face.skin, merits[number]))
    poses = [habits.pose(look.points) for look in looks]
    return best_donor(looks, poses, float(habits.own[[13, 14], 2].mean()) + _DEPTH)


def _merits(track: SteadyTrack, habits: Habits) -> dict[int, float]:
    """Return how much of the mouth frames are expected to show, by number."""
    seen = track.frames
    tried = np.unique(np.linspace(0, len(seen) - 1, _SEARCHED_FRAMES).astype(int))
    merits: dict[int, float] = {}
    for number in seen[tried].tolist():
        face = track.at(number)
        if face is None:
            continue
        pose = habits.pose(face.points)
        opening = float(openings(pose.undo(face.points)[None])[0])
        yaw, pitch = pose.angles
        frontal = np.exp(-((yaw / 25) ** 2) - ((pitch / 30) ** 2))
        size = min(pose.scale, 2.0) ** 0.5
        low, high = _BEST_OPENING
        fitting = min(opening, low) / low - max(opening - high, 0.0) / high
        merits[number] = fitting * float(frontal) * size
    return merits


def _look(planes: Planes, points: FloatArray, skin: FloatArray, merit: float) -> Look:
    """Cut a face out of a frame."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    reach = 0.15 * float((high - low).max())
    left, top = (int(v) for v in low - reach)
    right, bottom = (int(v) + 1 for v in high + reach)
    box: Box = planes.inside((left, top, right, bottom))
    moved = points.copy()
    moved[:, :2] -= np.array(box[:2], np.float32)
    picture = np.asarray(np.rint(planes.rgb(box)), np.uint8)
    return Look(picture=picture, points=moved, skin=skin, merit=merit)
