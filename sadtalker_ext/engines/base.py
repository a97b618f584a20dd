"""What the pipeline asks of an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance, Said
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray, Motion, Patch, Shot

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import FramesOf
    from sadtalker_ext.planes import Drawn, Planes, Repainted
    from sadtalker_ext.shot.steady import SteadyTrack


class Rig(Protocol):
    """One face of a shot, prepared by one engine.

    A rig whose frames depend on more than their own row has `draw_part(motion, rows)`, which draws
    some rows of a whole motion as `draw` would; one that keeps more of its plan than the motion has
    `kept`, and `take(kept)` for another rig of the same picture. One that can draw before all is
    planned has `plan_parts(performance, options, progress, seed, later)`, which yields in blocks
    what `plan` returns for long speech (see `motion.in_parts`). One that draws in processes of its
    own has `start_processes(seconds)`, called once a video of that length is planned, and
    `end_processes()`. One that can give whole frames as planes, which the encoder takes as they
    are, has `draw_planes(motion, first)`; see `planes.CodedFrame`.
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


@dataclass(frozen=True, slots=True, eq=False)
class EyesAsked:
    """What the eyes of a picture are to do.

    Attributes:
        lids: How far the eye on the left and the one on the right side of the picture are closed,
            0 as in the picture .. 1 closed.
        gaze: Degrees that both look further to the right and down.
        face: (52,) weights of blendshapes; those of lids and eyeballs are used.
    """

    lids: tuple[float, float]
    gaze: tuple[float, float]
    face: FloatArray


PaintEyes = Callable[[ImageArray, EyesAsked], None]
"""Paints eyes into an (H, W, 3) uint8 copy of the picture it was made for, in place."""
EyePainter = Callable[[ImageArray, FloatArray], PaintEyes]
"""Learns the eyes of an (H, W, 3) uint8 picture whose face has these (478, 3) points."""


class Rows(Protocol):
    """What a mouth does in each frame of the result, in an engine's own numbers."""

    def __getitem__(self, row: int, /) -> FloatArray:
        """Return the numbers of one frame."""


@dataclass(frozen=True, slots=True, eq=False)
class DubFrame:
    """One frame in which a mouth is to be drawn.

    Attributes:
        planes: The frame; not changed by whoever draws.
        number: Of the frame in the video.
        row: What the mouth does, one of the `Rows` that the same engine planned.
        amount: 0 leaves the frame as it is .. 1 is the whole way.
    """

    planes: Planes
    number: int
    row: FloatArray
    amount: float


class Dubbing(Protocol):
    """One person of a video, ready to say something else."""

    @property
    def batch(self) -> int:
        """Frames that are best drawn at once."""

    def plan(
        self,
        line: Sequence[Said],
        times: npt.NDArray[np.float64],
        options: GenerateOptions,
        seed: int,
        progress: Progress,
    ) -> tuple[Rows, tuple[str, ...]]:
        """Return what the mouth does in every frame, and what is done differently than asked.

        Args:
            line: What is said, in order of time; at least one piece.
            times: (n,) middles of the frames' time on the screen, in seconds.
            options: How to speak.
            seed: Repeats the motion.
            progress: Counts what is listened to, and stops the work.
        """

    def draw(self, frames: Sequence[DubFrame]) -> list[Drawn | Repainted | None]:
        """Return what each frame changes by, None where the face is not seen.

        Safe to call from several threads.
        """


class Dubber(Protocol):
    """An engine's way to make people of videos say something else."""

    def learn(
        self,
        track: SteadyTrack,
        frames_of: FramesOf,
        options: GenerateOptions,
        progress: Progress,
    ) -> Dubbing:
        """Learn a person from the frames that show the face.

        Args:
            track: The face; it is seen at least once.
            frames_of: Gives frames of the video by their numbers, which rise.
            options: How to draw.
            progress: Stops the work.

        Raises:
            WeightsMissing: A network is not there.
            OutOfMemory: The device has no room for it.
        """


class Engine(Protocol):
    """Loaded models on one device. Knows nothing of files, hosts or video.

    One whose rigs draw in processes of their own may have `get_ready(seconds)`, called before a rig
    is prepared for a video of that length: a context manager that starts them, and in the end ends
    those that no rig needs.
    """

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
