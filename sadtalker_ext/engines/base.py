"""What the pipeline asks of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Box, Face, FloatArray, Motion, Patch, Shot

if TYPE_CHECKING:
    from sadtalker_ext.planes import Drawn, Planes


class Rig(Protocol):
    """One face of a shot, prepared by one engine.

    A rig whose frames depend on more than their own row has `draw_part(motion, rows)`, which draws
    some rows of a whole motion as `draw` would; one that keeps more of its plan than the motion has
    `kept`, and `take(kept)` for another rig of the same picture.
    """

    @property
    def face(self) -> Face:
        """The face in the shot's first frame."""

    @property
    def device(self) -> str:
        """Torch's name of the device that draws, which may composite as well; usually "cpu"."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of patches in pixels."""

    @property
    def place(self) -> Box | None:
        """Where patches belong in the shot's first frame; None: they are whole frames."""

    def plan(
        self, performance: Performance, options: GenerateOptions, progress: Progress, seed: int
    ) -> Motion:
        """Compute the motion of a performance at 25 frames per second.

        What an engine learned beyond `Motion` it keeps for `draw`. Options are read here and
        nowhere later.

        Args:
            performance: What drives the face.
            options: How to move.
            progress: Counts the chunks listened to, and stops the work.
            seed: Repeats the motion.
        """

    def unable(self, motion: Motion) -> tuple[str, ...]:
        """Return a sentence for every part of a motion that this rig cannot draw as asked."""

    def draw(self, motion: Motion, first: int = 0) -> Iterator[Patch]:
        """Yield one patch per row of motion, in order.

        Args:
            motion: A block of rows.
            first: Number of the block's first row in the whole motion.
        """


class Dubbing(Protocol):
    """One person of a video, ready to say something else."""

    def draw(self, planes: Planes, number: int, row: FloatArray, amount: float) -> Drawn | None:
        """Return what a frame changes by. Safe to call from several threads.

        Args:
            planes: The frame; not changed.
            number: Of the frame in the video.
            row: (K,) controls of the mouth, in the order of `Motion.names`.
            amount: 0 leaves the frame as it is .. 1 is the whole way.

        Returns:
            None where the face is not seen.
        """


class Engine(Protocol):
    """Loaded models on one device. Knows nothing of files, hosts or video."""

    spec: EngineSpec

    def prepare(self, shot: Shot, options: GenerateOptions, progress: Progress) -> Rig:
        """Take a face of a shot and compute whatever does not depend on the motion.

        Raises:
            NoFaceFound: There is no face, with advice on what to try.
            FaceTooSmall: The face has too few pixels.
            NoSuchFace: `options.face_index` is higher than the number of faces.
        """

    def close(self) -> None:
        """Release memory; safe to call twice."""
