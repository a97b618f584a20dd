"""The puppet as a dubber: learns a person from the video, then draws the mouth frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.engines.puppet.dub.cover import CoverFinder
from sadtalker_ext.engines.puppet.dub.donor import Look, MouthDonor, best_donor
from sadtalker_ext.engines.puppet.dub.habits import Habits, learn_habits, openings
from sadtalker_ext.engines.puppet.dub.mouth import DubbedMouth
from sadtalker_ext.motion.controls import as_mapping
from sadtalker_ext.planes import Drawn, Planes
from sadtalker_ext.shot.steady import SteadyTrack
from sadtalker_ext.types import Box, FloatArray

_LEARNED_FRAMES: Final = 240
"""Frames from which the face at rest is learned, spread over the video."""
_SEARCHED_FRAMES: Final = 2500
"""Frames among which the ones that show the mouth best are looked for."""
_COVER_FRAMES: Final = 40
"""Frames from which the usual colours of the lower face are learned."""
_LOOKS: Final = 6
_APART: Final = 8
"""Frames between two looks at least: neighbours show the same."""
_BEST_OPENING: Final = (0.05, 0.09)
"""Openings between these, in face widths, show what speech shows; a shout shows the throat."""
_DEPTH: Final = 4.0
"""How far the teeth lie behind the lips, in units of the face's own coordinates."""

FramesOf = Callable[[Sequence[int]], Iterator[tuple[int, Planes]]]
"""Gives frames of the video by their numbers, in rising order."""


@dataclass(frozen=True, slots=True, eq=False)
class PuppetDubbing:
    """One person of a video, ready to say something else; see `engines.base.Dubbing`."""

    track: SteadyTrack
    mouth: DubbedMouth

    def draw(self, planes: Planes, number: int, row: FloatArray, amount: float) -> Drawn | None:
        """Return what a frame changes by; None where the face is not seen."""
        face = self.track.at(number)
        if face is None or amount <= 0:
            return None
        return self.mouth.draw(
            planes, face.points, as_mapping(row), face.skin, amount * face.presence
        )


def learn_dubbing(track: SteadyTrack, frames_of: FramesOf) -> PuppetDubbing:
    """Learn a person from the frames that show the face.

    Args:
        track: The face; it is seen at least once.
        frames_of: Gives frames of the video.
    """
    seen = track.frames
    spread = np.unique(np.linspace(0, len(seen) - 1, _LEARNED_FRAMES).astype(int))
    meshes = [face.points for face in map(track.at, seen[spread].tolist()) if face is not None]
    habits = learn_habits(meshes)
    donor = _donor(track, habits, frames_of)
    return PuppetDubbing(track, DubbedMouth(habits, donor, _covers(track, habits, frames_of)))


def _covers(track: SteadyTrack, habits: Habits, frames_of: FramesOf) -> CoverFinder:
    """Learn the usual colours of the lower face."""
    seen = track.frames
    spread = np.unique(np.linspace(0, len(seen) - 1, _COVER_FRAMES).astype(int))

    def looks() -> Iterator[tuple[Planes, FloatArray, FloatArray]]:
        for number, planes in frames_of(seen[spread].tolist()):
            face = track.at(number)
            if face is not None:
                yield planes, face.points, face.skin

    return CoverFinder(habits, looks())


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
