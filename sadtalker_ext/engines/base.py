"""What the pipeline asks of an engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from sadtalker_ext.engines.spec import EngineSpec
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Borrowed, ImageArray, MotionTrack, Picture, Portrait, Speech


class Engine(Protocol):
    """Loaded models on one device. Knows nothing of files, hosts or video."""

    spec: EngineSpec

    def analyse(self, picture: Picture, options: GenerateOptions, progress: Progress) -> Portrait:
        """Find the face and compute whatever depends only on the picture.

        Raises:
            NoFaceFound: There is no face, with advice on what to try.
            FaceTooSmall: The face has too few pixels.
            NoSuchFace: `options.face_index` is higher than the number of faces.
        """

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

        Args:
            portrait: From `analyse`.
            speech: What is said.
            options: How to move.
            progress: Counts the chunks listened to.
            seed: Repeats the motion.
            borrowed: Reference videos.
        """

    def render(
        self, portrait: Portrait, motion: MotionTrack, options: GenerateOptions
    ) -> Iterator[ImageArray]:
        """Yield one (height, width, 3) uint8 RGB frame of `portrait.frame_size` per motion row.

        A yielded array belongs to the caller and is not written to again.
        """

    def close(self) -> None:
        """Release memory; safe to call twice."""
