"""One face, ready to be moved: the layers of the puppet and how a frame is drawn from them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.head.hair import Poses, Swing
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from sadtalker_ext.engines.puppet.mouth.layer import DRIVERS, MouthLayer
from sadtalker_ext.engines.puppet.moving_frame import MovingFrame
from sadtalker_ext.engines.puppet.posing import WIDEST, block_poses, head_poses, pose_of
from sadtalker_ext.engines.puppet.processes.board import Board
from sadtalker_ext.engines.puppet.processes.crew import Crew, process_count
from sadtalker_ext.engines.puppet.processes.orders import order, scene
from sadtalker_ext.engines.puppet.skin.shares import (
    beside_own_smile,
    eyes_apart,
    lid_tension,
    mouth_controls,
)
from sadtalker_ext.engines.puppet.stage import StageView, view_stage
from sadtalker_ext.motion.controls import BROW, MOUTH, RELAX, as_mapping
from sadtalker_ext.motion.driving import FaceTracker
from sadtalker_ext.motion.own_eyes import OwnEyes
from sadtalker_ext.motion.view import beyond, scaled_head
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray, Motion, Patch

if TYPE_CHECKING:
    from sadtalker_ext.engines.puppet.skin.layer import SkinLayer

_EYE_CORNERS = (33, 133, 362, 263)
_STORED, _STORED_EACH = 5, 3
"""Frames that may be finished before they are asked for, and more for every process; a bound."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PuppetRig:
    """Everything that depends only on the picture; see `engines.base.Rig`.

    Attributes:
        face: The face in the picture.
        view: The stage and the frame on it.
        mask: (H, W) float32 person on the stage, 0..1.
        mouth: Moves the lips, in the pose of the picture.
        eyes: Moves gaze, lids and brows, in the pose of the picture.
        head: Turns the result.
        skin: Gives what moves the rest of the skin; asked only where a face is directed.
        track: Follows the face of a driving video.
        require: Gives the weight files of the phone recogniser; by default those of the usual
            folders.
        preprocess: The framing option, by which the stage was chosen.
        swings: How hair swings at the end of the block drawn last, by the number of the row that
            comes next; kept here so that a block goes on where the one before it ended.
        crew: Processes that draw beside this one, see `start_processes`.
    """

    face: Face
    view: StageView
    mask: FloatArray
    mouth: MouthLayer
    eyes: EyeLayer
    head: HeadTurn
    skin: Callable[[], SkinLayer]
    track: FaceTracker
    require: Callable[[str], Path] | None = None
    preprocess: str = "auto"
    swings: dict[int, Swing] = field(default_factory=dict)
    crew: Crew = field(default_factory=Crew)
    _own: threading.local = field(default_factory=threading.local, init=False, repr=False)
    """The canvas and the frame of each thread that draws."""

    def anew(self) -> PuppetRig:
        """Return the same rig at its beginning: for another job, which may run beside this one."""
        return replace(self, swings={}, crew=Crew())

    def start_processes(self, seconds: float | None) -> None:
        """Let other processes get ready to draw, where that pays; returns at once.

        They draw until they are ended, or until this rig is gone.

        Args:
            seconds: Length of the video; None where nobody knows.
        """
        height, width = self.view.pixels.shape[:2]
        count = process_count(seconds, height * width)
        self.crew.start(count, scene(self.view, self.mask), self.size)

    def end_processes(self) -> None:
        """End the processes that draw, at once."""
        self.crew.end()

    @property
    def device(self) -> str:
        """The processor."""
        return "cpu"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of frames."""
        return self.view.size

    @property
    def place(self) -> Box | None:
        """Patches are whole frames."""
        return None

    def plan(
        self, performance: Performance, options: GenerateOptions, progress: Progress, seed: int
    ) -> Motion:
        """Compute the motion at 25 frames per second; see `Rig` and `motion.plan`."""
        # here, because a process that only draws starts without them in two thirds of the time
        from sadtalker_ext.motion.in_parts import is_long, joined
        from sadtalker_ext.motion.plan import plan_motion

        if is_long(performance, options):
            return joined(self.plan_parts(performance, options, progress, seed))
        motion = plan_motion(
            performance, options, seed, progress, self.track, self.require, self._eyes()
        )
        return scaled_head(motion, options, WIDEST)

    def plan_parts(
        self,
        performance: Performance,
        options: GenerateOptions,
        progress: Progress,
        seed: int,
        later: Progress | None = None,
    ) -> Iterator[Motion]:
        """Yield the same motion part by part where `is_long`; see `motion.in_parts`."""
        from sadtalker_ext.motion.in_parts import motion_parts

        for part in motion_parts(
            performance, options, seed, progress, self.require, self._eyes(), later
        ):
            yield scaled_head(part, options, WIDEST)

    def _eyes(self) -> OwnEyes:
        """Return what motion has to know of the eyes of the picture."""
        left, top, right, bottom = self.view.frame
        x, y = self.view.points[list(_EYE_CORNERS), :2].mean(0)
        place = float((x - left) / (right - left)), float((y - top) / (bottom - top))
        return OwnEyes(place, self.eyes.room)

    def unable(self, motion: Motion) -> tuple[str, ...]:
        """Say which paths turn the head too far, and which lids and lips cannot do as asked."""
        lids = self.eyes.warnings if motion.lids.any() else ()
        lips = self.mouth.warnings if motion.controls[:, : len(MOUTH)].any() else ()
        turned = (*self.view.warnings, *beyond(motion, WIDEST))
        return (*turned, *lids, *lips)

    def draw(self, motion: Motion, first: int = 0) -> Iterator[Patch]:
        """Yield one whole frame per row; blocks in order, from row 0, are one motion."""
        for frame in self._block(motion, first):
            yield Patch(pixels=frame)

    def draw_planes(self, motion: Motion, first: int = 0) -> Iterator[ImageArray]:
        """Yield the same frames as planes, (h * 3 / 2, w) uint8, see `planes.CodedFrame`."""
        return self._block(motion, first, planes=True)

    def draw_part(self, motion: Motion, rows: range) -> Iterator[Patch]:
        """Yield some rows of a whole motion, each as `draw` would."""
        for frame in self._drawn(motion, rows, head_poses(motion)):
            yield Patch(pixels=frame)

    def _block(self, motion: Motion, first: int, *, planes: bool = False) -> Iterator[ImageArray]:
        """Yield the frames of a block, which goes on where the one before it ended."""
        poses, swing = block_poses(motion, self.swings.get(first) if first else None)
        self.swings.clear()
        self.swings.update({} if swing is None else {first + len(motion): swing})
        yield from self._drawn(motion, range(len(motion)), poses, planes=planes)

    def _drawn(
        self, motion: Motion, rows: range, poses: Poses, *, planes: bool = False
    ) -> Iterator[ImageArray]:
        if motion.face is not None:
            self.skin()  # once, before several threads ask for it
        draw_row = self.draw_row_planes if planes else self.draw_row
        board = Board(rows, _STORED + _STORED_EACH * len(self.crew))
        # two, as large faces take long calls of OpenCV; no pool, as Python waits for it at its end
        jobs = (
            (lambda row: draw_row(motion, row, poses), *when) for when in ((), (self.crew.draws,))
        )
        make = partial(threading.Thread, target=board.draw, name="puppet", daemon=True)
        threads = [make(args=job) for job in jobs]
        for thread in threads:
            thread.start()
        try:
            self.crew.draw(board, lambda row: order(motion, row, poses, planes=planes))
            yield from board.frames()
        finally:
            board.close()
            if not sys.is_finalizing():  # no thread runs any more then
                for thread in threads:
                    thread.join()

    def draw_alpha(self, alpha: ImageArray, motion: Motion) -> Iterator[ImageArray]:
        """Yield the (h, w) uint8 transparency of each frame: it turns with the head.

        Args:
            alpha: (H, W) uint8 of the picture.
            motion: As for `draw`.
        """
        whole = np.repeat(alpha[:, :, None], 3, axis=2)
        stage = view_stage(whole, self.face, self.preprocess, self.view.longest_px).pixels
        # where the picture ends is what the picture says, not its transparency
        head = HeadTurn(stage, self.view.points, self.mask, self.head.content)
        poses = head_poses(motion)
        for row in range(len(motion)):
            angles, lift, hair = pose_of(motion, row, poses)
            moved = head.apply(stage, *angles, lift, hair, changed=[], within=self.view.frame)
            yield np.ascontiguousarray(moved[..., 0])

    def draw_row(self, motion: Motion, row: int, poses: Poses) -> ImageArray:
        """Return one new frame, (h, w, 3) uint8. Safe to call from several threads.

        Args:
            motion: All rows of the block.
            row: The one to draw.
            poses: Those of `head_poses`.
        """
        with self._expressed(motion, row) as (canvas, boxes):
            (angles, lift, hair), within = pose_of(motion, row, poses), self.view.frame
            return self.head.apply(canvas, *angles, lift, hair, changed=boxes, within=within)

    def draw_row_planes(self, motion: Motion, row: int, poses: Poses) -> ImageArray:
        """Return the planes of a new frame; the rest is as for `draw_row`."""
        own, within = self._own, self.view.frame
        if not hasattr(own, "frame"):
            own.frame = MovingFrame(self.view.pixels, within)
        frame: MovingFrame = own.frame
        frame.begin()
        try:
            with self._expressed(motion, row) as (canvas, boxes):
                pose, drawn = pose_of(motion, row, poses), frame.show(canvas, boxes)
                drawn += self.head.draw(frame.pixels, canvas, pose, boxes, within)
            return frame.planes(drawn)
        except BaseException:
            del own.frame  # what it shows is not known
            raise

    @contextmanager
    def _expressed(self, motion: Motion, row: int) -> Iterator[tuple[ImageArray, list[Box]]]:
        """Give this thread's canvas with the face of a row, and where it is not the picture."""
        controls = motion.controls[row]
        face = None if motion.face is None else motion.face[row]
        if face is not None:
            face = beside_own_smile(face, self.mouth.smile, float(controls[RELAX]))
        own = self._own
        if not hasattr(own, "canvas"):
            own.canvas = self.view.pixels.copy()
        canvas: ImageArray = own.canvas
        boxes = [self.mouth.box, self.eyes.box]
        if face is not None:
            boxes.append(self.skin().box)
        try:
            boxes[0] = self._express(canvas, motion, row, face)
            yield canvas, boxes
        finally:
            # the next frame of this thread finds the picture again
            for left, top, right, bottom in boxes:
                canvas[top:bottom, left:right] = self.view.pixels[top:bottom, left:right]

    def _express(
        self, canvas: ImageArray, motion: Motion, row: int, face: FloatArray | None
    ) -> Box:
        """Paint mouth, eyes and skin of a row into a canvas that shows the picture.

        Returns:
            Where the mouth may have changed it.
        """
        controls = motion.controls[row]
        mouth = as_mapping(controls) if face is None else mouth_controls(as_mapping(controls), face)
        changed = self.mouth.box
        if mouth["relax"] > 0 or any(mouth[name] > 0 for name in DRIVERS if name in mouth):
            changed = self.mouth.apply(canvas, mouth)
        lids, gaze = motion.lids[row], motion.gaze[row]
        self.eyes.apply(
            canvas,
            (float(lids[0]), float(lids[1])),
            (float(gaze[0]), float(gaze[1])),
            float(controls[BROW]),
            *(() if face is None else (lid_tension(face), eyes_apart(face))),
        )
        if face is not None:
            self.skin().apply(canvas, face)
        return changed
