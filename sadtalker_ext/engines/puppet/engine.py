"""The puppet engine: moves a picture of a face with a mesh, without a neural renderer."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.engines.puppet.stage import StageView, view_stage
from sadtalker_ext.motion.controls import BREATH, BROW, MOUTH, as_mapping
from sadtalker_ext.motion.lips.relaxing import relax_track
from sadtalker_ext.motion.plan import build_motion
from sadtalker_ext.motion.tracking import borrow
from sadtalker_ext.motion.view import direct_head
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import (
    MOTION_FPS,
    Borrowed,
    FloatArray,
    ImageArray,
    MotionTrack,
    Picture,
    Portrait,
    Speech,
)

_BREATH_LIFT = 0.006
"""How far a full breath lifts the head, in face heights."""
_WIDEST_DEG = 10.0
"""Largest angle of a path given by the user: beyond it the picture shows no pixels to turn."""
_WORKERS = 2
"""Frames rendered side by side; OpenCV and numpy release the interpreter in their long calls."""
_MUTE = (
    "The reference video has no sound: this engine moves lips by sound, so the mouth stays shut."
)
_AHEAD = 4
"""Frames that may be finished before they are asked for; bounds the memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Puppet:
    """Everything that depends only on the picture.

    Attributes:
        view: The stage and the frame on it.
        mask: (H, W) float32 person on the stage, 0..1.
        mouth: Moves the lips, in the pose of the picture.
        eyes: Moves gaze, lids and brows, in the pose of the picture.
        head: Turns the result.
    """

    view: StageView
    mask: FloatArray
    mouth: MouthLayer
    eyes: EyeLayer
    head: HeadTurn

    def draw(self, motion: MotionTrack, row: int, relax: float = 0.0) -> ImageArray:
        """Return one new frame, (h, w, 3) uint8. Safe to call from several threads.

        Args:
            motion: What the face does.
            row: Which frame.
            relax: How far the picture's own smile is let go (see `relaxing.py`).
        """
        controls = motion.controls[row]
        canvas = self.view.pixels.copy()
        if relax > 0 or np.any(controls[: len(MOUTH)] > 0):
            self.mouth.apply(canvas, {**as_mapping(controls), "relax": relax})
        blink, gaze = motion.blink[row], motion.gaze[row]
        self.eyes.apply(
            canvas,
            (float(blink[0]), float(blink[1])),
            (float(gaze[0]), float(gaze[1])),
            float(controls[BROW]),
        )
        yaw, pitch, roll = (float(angle) for angle in motion.head[row])
        moved = self.head.apply(canvas, yaw, pitch, roll, _BREATH_LIFT * float(controls[BREATH]))
        if self.view.whole:
            return moved
        left, top, right, bottom = self.view.frame
        return np.ascontiguousarray(moved[top:bottom, left:right])


class PuppetEngine:
    """The built-in engine: needs three small face models and no graphics card.

    Args:
        models: The face models.
    """

    name = "puppet"

    def __init__(self, models: FaceModels) -> None:
        self._models = models

    def analyse(self, picture: Picture, options: GenerateOptions, progress: Progress) -> Portrait:
        """Find the face, cut out what the video shows and prepare its layers.

        Raises:
            NoFaceFound: There is no face.
            FaceTooSmall: The face has too few pixels.
            NoSuchFace: `options.face_index` is higher than the number of faces.
            WeightsMissing: The face models were not fetched yet.
        """
        progress.enter(Stage.FACE)
        face = find_face(picture, self._models, options.face_index)
        progress.enter(Stage.PREPARING)
        view = view_stage(picture.pixels, face, options.preprocess)
        mask = self._models.segmenter(view.pixels, view.face)
        progress.check()
        puppet = Puppet(
            view=view,
            mask=mask,
            mouth=MouthLayer(view.pixels, view.points),
            eyes=EyeLayer(view.pixels, view.points),
            head=HeadTurn(view.pixels, view.points, mask),
        )
        return Portrait(picture=picture, face=face, frame_size=view.size, prepared=puppet)

    def move(
        self,
        portrait: Portrait,
        speech: Speech | None,
        options: GenerateOptions,
        progress: Progress,
        seed: int,
        borrowed: Borrowed | None = None,
    ) -> MotionTrack:
        """Compute the motion at 25 frames per second; None as speech means idle motion.

        Lips always follow the sound; a video that lends everything lends head, lids and sound.

        Raises:
            NoFaceFound: A reference video shows no face.
        """
        progress.enter(Stage.LISTENING)
        seconds = speech.total_seconds if speech is not None else options.idle_seconds
        mute = speech is None and borrowed is not None and borrowed.whole is not None
        frames = None if mute else math.ceil(seconds * MOTION_FPS)
        lent = borrow(borrowed, self._track, progress, frames)
        if mute and lent.head is not None:
            seconds = len(lent.head) / MOTION_FPS
            lent = dataclasses.replace(lent, warnings=(*lent.warnings, _MUTE))
        track = build_motion(speech, seconds, options, seed, progress, lent)
        return direct_head(_with_warnings(track, portrait), options, _WIDEST_DEG)

    def render(
        self,
        portrait: Portrait,
        motion: MotionTrack,
        options: GenerateOptions,  # noqa: ARG002 - the protocol's signature
    ) -> Iterator[ImageArray]:
        """Yield one (height, width, 3) uint8 RGB frame per motion row, in order."""
        puppet = portrait.prepared
        if not isinstance(puppet, Puppet):
            raise TypeError(
                "The portrait should come from this engine's analyse, "
                f"found {type(puppet).__name__} as its preparation."
            )
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="puppet")
        waiting: deque[Future[ImageArray]] = deque()
        relax = relax_track(motion)
        try:
            for row in range(len(motion)):
                waiting.append(pool.submit(puppet.draw, motion, row, float(relax[row])))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _track(self, frames: Iterable[ImageArray]) -> Iterator[FloatArray | None]:
        """Yield the mesh points of the face of every frame, or None where there is none."""
        for mesh in self._models.mesher.track(frames, self._models.detector):
            yield None if mesh is None else mesh.points

    def close(self) -> None:
        """Release memory; the engine keeps nothing between jobs but the face models."""


def _with_warnings(track: MotionTrack, portrait: Portrait) -> MotionTrack:
    """Add what the preparation of the picture found: lids that should blink and cannot."""
    puppet = getattr(portrait, "prepared", None)
    if not isinstance(puppet, Puppet) or not track.blink.any():
        return track
    return dataclasses.replace(track, warnings=(*track.warnings, *puppet.eyes.warnings))
