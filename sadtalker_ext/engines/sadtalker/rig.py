"""One face, ready to be moved by the published networks.

The networks learned 25 rows of coefficients per second. They stay in here: `Motion` says in neutral
words what they do, and what is changed in it afterwards is added to them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.engines.sadtalker.batch import choose_batch
from sadtalker_ext.engines.sadtalker.blink import no_blinks
from sadtalker_ext.engines.sadtalker.calibration import Expressions
from sadtalker_ext.engines.sadtalker.directed import (
    ModelExpressions,
    directed,
    unable_of,
    with_changes,
)
from sadtalker_ext.engines.sadtalker.driving import DrivingRows, FaceTracker, read_driving
from sadtalker_ext.engines.sadtalker.eyes_over import EyesOver, asked_of
from sadtalker_ext.engines.sadtalker.frames import to_aspect
from sadtalker_ext.engines.sadtalker.framing import Framing
from sadtalker_ext.engines.sadtalker.memory import OFFER_CPU, give_back, told_when_out_of_memory
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.reading import between, camera_of, places_of
from sadtalker_ext.engines.sadtalker.reference import held_to
from sadtalker_ext.engines.sadtalker.semantics import REACH, driving_rows, source_row
from sadtalker_ext.engines.sadtalker.speaking import (
    blink_ratio,
    reported_motion,
    speaking_rows,
    windows_of,
    with_head_amounts,
)
from sadtalker_ext.engines.sadtalker.transfer import PrecisionLost
from sadtalker_ext.engines.sadtalker.windows import SpeechWindows
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.motion.directing import is_directed
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray, Motion, Patch

if TYPE_CHECKING:
    from torch import Tensor

    from sadtalker_ext.engines.sadtalker.render import PreparedFace

log = logging.getLogger(__name__)

_BLOCK = 256
"""Frames whose key points are computed at once: memory does not grow with the speech."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SadTalkerPlan:
    """What the networks do in one performance.

    Attributes:
        rows: (T, K) float32 driving rows at 25 per second.
        motion: The same in neutral words.
        eyes_over: Whether eyes that the networks cannot move are painted.
    """

    rows: FloatArray
    motion: Motion
    eyes_over: bool = False


class SadTalkerRig:
    """One face, prepared; see `engines.base.Rig`.

    Args:
        face: The face in the picture.
        framing: What part of the picture is animated.
        prepared: The picture, ready for the renderer.
        networks: Who moves and draws.
        track_face: Who follows the face of a driving video.
        batch_size: Frames drawn at once; 0 chooses from the free memory.
        expressions: Measures what the networks' expression numbers do, once.
        eyes: Paints gaze and lids that the networks have no numbers for.
    """

    def __init__(
        self,
        *,
        face: Face,
        framing: Framing,
        prepared: PreparedFace,
        networks: Networks,
        track_face: FaceTracker | None,
        batch_size: int,
        expressions: ModelExpressions | None = None,
        eyes: EyesOver | None = None,
    ) -> None:
        self.face = face
        self.framing = framing
        self.networks = networks
        self._prepared = prepared
        self._track_face = track_face
        self._batch_size = batch_size
        self._expressions = expressions
        self._eyes = eyes
        self._plan: SadTalkerPlan | None = None
        self._solved: Expressions | None = None

    @property
    def device(self) -> str:
        """Where the networks lie."""
        return str(self.networks.device)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of patches."""
        return self.framing.size

    @property
    def place(self) -> Box | None:
        """Where patches belong in the picture, or None where they are the frame."""
        return self.framing.paste_box

    def plan(
        self, performance: Performance, options: GenerateOptions, progress: Progress, seed: int
    ) -> Motion:
        """Compute the motion at 25 frames per second; see `Rig`.

        Raises:
            UnreadableAudio: There is less sound than one video frame lasts.
            NoFaceFound: A driving video shows no face.
            OutOfMemory: The device has no room.
        """
        progress.enter(Stage.LISTENING)
        source = self.framing.row
        windows = windows_of(performance.speech, options)
        progress.check()
        with told_when_out_of_memory("the speech"):
            frames = None if performance.mute else len(windows)
            driven = self._driven(performance, progress, frames)
            if driven.whole is not None:
                if performance.mute:
                    windows = SpeechWindows(None, len(driven.whole))
                ratio = no_blinks(len(windows))
                rows = with_head_amounts(held_to(driven.whole, len(windows)), source, options)
            else:
                ratio = blink_ratio(len(windows), options, seed, driven=driven.lids is not None)
                rows = speaking_rows(self.networks, source, windows, ratio, driven, options, seed)
        rows = driving_rows(
            rows,
            source,
            full=self.framing.mode.goes_back,
            still=options.still,
            expression_scale=options.expression_scale,
        )
        motion = reported_motion(rows, source, windows, ratio, driven.warnings)
        self._plan = SadTalkerPlan(rows=rows, motion=motion, eyes_over=options.eye_layer)
        self._solved = None
        chosen = replace(options, acting="subtle")
        if not is_directed(chosen, performance.speech):
            return motion
        motion = directed(motion, chosen, performance.speech, seed)
        if self._expressions is not None and self._track_face is not None:
            own = source_row(source, full=self.framing.mode.goes_back)
            self._solved = self._expressions(self._prepared, own, self._track_face, progress)
        return motion

    def _driven(
        self, performance: Performance, progress: Progress, frames: int | None
    ) -> DrivingRows:
        if not performance.driving.videos():
            return DrivingRows()
        if self._track_face is None:
            raise TypeError("The engine was made without a way to follow faces in videos.")
        return read_driving(
            performance.driving,
            self.networks,
            self._track_face,
            self.framing.mode,
            progress,
            frames=frames,
        )

    def unable(self, motion: Motion) -> tuple[str, ...]:
        """Say which parts were changed that the networks have no numbers for."""
        plan = self._planned()
        paints = plan.eyes_over and self._eyes is not None
        return unable_of(motion, plan.motion, self._missing, paints=paints)

    @property
    def _missing(self) -> tuple[str, ...]:
        """Blendshapes that the model cannot make."""
        return BLENDSHAPES if self._solved is None else self._solved.unable

    def draw(self, motion: Motion, first: int = 0) -> Iterator[Patch]:
        """Yield one patch per row; see `Rig`.

        Raises:
            OutOfMemory: The device has no room for a single frame.
        """
        return self.draw_part(motion, range(len(motion)), first)

    def draw_part(self, motion: Motion, part: range, first: int = 0) -> Iterator[Patch]:
        """Yield some rows of a motion, each as `draw` would."""
        renderer = self.networks.renderer
        batch = choose_batch(self._batch_size, renderer.device, len(self.framing.frame))
        pose = motion.pose[part.start : part.stop]
        try:
            drawn = self._frames(self._key_points(motion, first, part), batch)
            frames: Iterator[ImageArray] = (to_aspect(frame, self.size) for frame in drawn)
            if self._eyes is not None and self._planned().eyes_over:
                asked = asked_of(motion, self._planned().motion, self._missing, first)
                if asked.wanted[part.start : part.stop].any() and not self._eyes.learned:
                    self._eyes.learn(self._at_rest())
                frames = self._eyes.painted(frames, part, asked)
            for frame, (yaw, pitch, roll) in zip(frames, pose, strict=True):
                head = (float(yaw), float(pitch), float(roll))
                yield Patch(pixels=frame, place=self.place, head=head)
        finally:
            give_back(renderer.device)

    def _at_rest(self) -> ImageArray:
        """Draw the face as it is in the picture."""
        row = source_row(self.framing.row, full=self.framing.mode.goes_back)
        points = self.networks.renderer.key_points(self._prepared, row[None])
        (frame,) = self._frames(iter([points]), 1)
        return to_aspect(frame, self.size)

    def _planned(self) -> SadTalkerPlan:
        if self._plan is None:
            raise TypeError("The rig should plan a performance before it draws one.")
        return self._plan

    @property
    def kept(self) -> tuple[SadTalkerPlan, Expressions | None]:
        """What `draw` needs beyond the motion."""
        return self._planned(), self._solved

    def take(self, kept: tuple[SadTalkerPlan, Expressions | None]) -> None:
        """Draw what another rig of the same picture has planned."""
        self._plan, self._solved = kept

    def _key_points(self, motion: Motion, first: int, part: range) -> Iterator[Tensor]:
        """Yield the key points of a part of the frames, some at a time.

        They are computed at the networks' 25 frames per second, and read between for other rates.
        """
        rows = self._planned().rows
        whole = places_of(motion, first, len(rows))
        rows = self._with_changes(motion, whole)
        camera = camera_of(motion, whole, len(rows))
        for start in range(part.start, part.stop, _BLOCK):
            block = whole[start : min(start + _BLOCK, part.stop)]
            begin, end = int(block[0]), min(int(block[-1]) + 2, len(rows))
            # the mapping network looks to both sides; beyond the clip's ends it sees the end's row
            low, high = max(begin - REACH, 0), min(end + REACH, len(rows))
            with told_when_out_of_memory("the key points"):
                points = self.networks.renderer.key_points(
                    self._prepared,
                    rows[low:high],
                    {axis: path[low:high] for axis, path in camera.items()},
                )
            yield between(points, block - low)

    def _with_changes(self, motion: Motion, at: npt.NDArray[np.float64]) -> FloatArray:
        """Return the rows with what is directed, and what was changed in the head's angles."""
        plan = self._planned()
        return with_changes(plan.rows, plan.motion, motion, self._solved, at)

    def _frames(self, blocks: Iterator[Tensor], batch: int) -> Iterator[ImageArray]:
        """Render; batches shrink where memory runs out, numbers widen that float16 cannot hold."""
        renderer = self.networks.renderer
        for points in blocks:
            done = 0
            while done < len(points):
                try:
                    for frame in renderer.draw(self._prepared, points[done:], batch):
                        done += 1
                        yield frame
                except PrecisionLost:
                    renderer.widen()
                    log.warning("the networks' numbers exceed float16, going on in float32")
                except OutOfMemory as error:
                    if batch == 1:
                        error.hint += " Smaller batches were tried, down to one frame."
                        if renderer.device.type != "cpu":
                            error.hint += f" {OFFER_CPU}"
                        raise
                    batch //= 2
                    log.warning("out of memory, going on with batches of %d", batch)
                if done < len(points):
                    give_back(renderer.device)
