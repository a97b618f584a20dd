"""Gaze and lids that the networks have no numbers for, painted over the faces they draw.

Only frames of which something is asked are touched. The eyes are learned once, of the face that the
renderer draws at rest, and laid over each of these frames where its face is found.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.base import EyesAsked
from sadtalker_ext.engines.sadtalker.eye_model import EyeModel
from sadtalker_ext.motion.driving import FaceTracker
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.types import FloatArray, ImageArray, Motion

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import EyePainter

log = logging.getLogger(__name__)

PAINTED: Final = tuple(
    name for name in BLENDSHAPES if name.startswith(("eyeLook", "eyeWide", "eyeSquint"))
)
"""Blendshapes that are painted where the model cannot make them; blinks are lids of a motion."""
SAID: Final = (
    "Gaze and lids that the model has no numbers for are painted over its face where they were "
    "asked for; the option eye_layer turns that off."
)
_LEAST_CLOSURE, _LEAST_DEGREES, _LEAST_WEIGHT = 0.02, 0.5, 0.02
"""Less than this of what is asked is not seen."""


class Asked(NamedTuple):
    """What is asked of the eyes of every frame, and what the networks do by themselves.

    Attributes:
        lids: (T, 2) closure 0..1 by the sides of the picture, never less than the networks close.
        gaze: (T, 2) degrees to the right and down, beyond what the networks do.
        face: (T, 52) weights of the blendshapes to be painted, the others zero.
        drawn: (T, 2) closure 0..1 that the networks draw.
        wanted: (T,) bool whether anything is to be seen.
    """

    lids: FloatArray
    gaze: FloatArray
    face: FloatArray
    drawn: FloatArray
    wanted: npt.NDArray[np.bool_]

    def row(self, number: int) -> EyesAsked:
        """Return what one frame is asked for."""
        gaze = self.gaze[number].tolist()
        return EyesAsked(_pair(self.lids[number]), (gaze[0], gaze[1]), self.face[number])

    def own(self, number: int) -> EyesAsked:
        """Return what one frame shows by itself."""
        return EyesAsked(_pair(self.drawn[number]), (0.0, 0.0), np.zeros_like(self.face[number]))


def _pair(lids: FloatArray) -> tuple[float, float]:
    return float(lids[0]), float(lids[1])


def asked_of(motion: Motion, own: Motion, unable: Sequence[str], first: int = 0) -> Asked:
    """Return what a motion asks of the eyes that the networks do not do by themselves.

    Lids that the networks close further than asked stay so: nothing opens them.

    Args:
        motion: What is asked, T rows at any rate.
        own: What the networks do, at their own rate, from the beginning of the performance.
        unable: Names of the blendshapes that the model cannot make.
        first: Number of the first row in the whole motion.
    """
    count = first + len(motion)
    if motion.fps != own.fps or count > len(own):
        own = resample(own, motion.fps, count)
    does = slice(first, count)
    drawn = np.clip(own.lids[does], 0.0, 1.0)
    lids = np.asarray(np.clip(motion.lids, drawn, 1.0), np.float32)
    gaze = np.asarray(motion.gaze - own.gaze[does], np.float32)
    face = np.zeros((len(motion), len(BLENDSHAPES)), np.float32)
    if motion.face is not None:
        columns = [COLUMN[name] for name in PAINTED if name in set(unable)]
        face[:, columns] = motion.face[:, columns]
    wanted = np.logical_or.reduce(
        [
            (lids - drawn > _LEAST_CLOSURE).any(axis=1),
            (np.abs(gaze) > _LEAST_DEGREES).any(axis=1),
            (np.abs(face) > _LEAST_WEIGHT).any(axis=1),
        ]
    )
    return Asked(lids, gaze, face, drawn, np.asarray(wanted, np.bool_))


class EyesOver:
    """Paints eyes over the faces that were drawn; begun anew for every rig.

    Attributes:
        learned: Whether `learn` was called.

    Args:
        track: Finds the face in every frame.
        paint: Learns the eyes of a picture, and paints them.
    """

    def __init__(self, track: FaceTracker, paint: EyePainter) -> None:
        self._track = track
        self._paint = paint
        self._model: EyeModel | None = None
        self.learned = False

    def learn(self, frame: ImageArray) -> None:
        """Learn the eyes of the face, once.

        Args:
            frame: (H, W, 3) uint8 RGB the face as it is in the picture, drawn by the renderer.
        """
        self.learned = True
        (points,) = self._track([frame])
        if points is None:
            log.warning("eyes are not painted: no face is found in what the renderer draws")
        else:
            self._model = EyeModel(frame, points, self._paint(frame, points))

    def painted(
        self,
        frames: Iterable[ImageArray],
        rows: Iterable[int],
        asked: Asked,
    ) -> Iterator[ImageArray]:
        """Yield the frames, those of which something is asked with new eyes.

        A frame in which no face is found stays as it was drawn; so do all before `learn`.

        Args:
            frames: (H, W, 3) uint8 RGB each; not modified.
            rows: Their numbers in `asked`.
            asked: What is asked.
        """
        numbered = zip(rows, frames, strict=False)
        for wanted, run in itertools.groupby(numbered, lambda one: bool(asked.wanted[one[0]])):
            if wanted and self._model is not None:
                yield from self._run(run, asked, self._model)
            else:
                yield from (frame for _, frame in run)

    def _run(
        self, run: Iterable[tuple[int, ImageArray]], asked: Asked, model: EyeModel
    ) -> Iterator[ImageArray]:
        """Yield frames that follow each other and of all of which something is asked."""
        one, other = itertools.tee(run)
        lost = 0
        tracked = self._track(frame for _, frame in other)
        for (row, frame), points in zip(one, tracked, strict=False):
            if points is None:
                lost += 1
                yield frame
            else:
                yield model.over(frame, points, asked.row(row), asked.own(row))
        if lost:
            log.warning("eyes were not painted in %d frames, where no face is found", lost)
