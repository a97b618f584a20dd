"""What happens to whole frames between renderer and encoder: size, face restoration, drawing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.compositor.debug_overlay import PointOverlay
from sadtalker_ext.compositor.enhance import FaceEnhancement
from sadtalker_ext.compositor.upscale import FrameScaler, target_size
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Enhancer, FloatArray, ImageArray, PointFinder, Upscaler


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FinishTools:
    """The tools that the options ask for, wherever they come from.

    Attributes:
        follow: Makes a follower of one face, near the given points (478, 3) or the largest.
        triangles: (K, 3) point numbers of the mesh.
        enhancer: Restores faces; None leaves them.
        upscaler: Enlarges frames; None resamples.
    """

    follow: Callable[[FloatArray | None], PointFinder]
    triangles: npt.NDArray[np.int64]
    enhancer: Enhancer | None = None
    upscaler: Upscaler | None = None


class Finisher:
    """Finishes the frames of one video.

    The size comes first: a restored face then has the pixels of the large frame.

    Args:
        options: How the video is made.
        face: Mesh points of the face (478, 3) and the size of the frames, where the frames show
            the whole picture; None where the face has to be found again.
        tools: Needed for enhancer, upscaler and overlay.
    """

    def __init__(
        self,
        options: GenerateOptions,
        face: tuple[FloatArray, tuple[int, int]] | None = None,
        tools: FinishTools | None = None,
    ) -> None:
        upscaler = tools.upscaler if tools else None
        self._scaler = FrameScaler(options.output_side, upscaler)
        self._scales = bool(options.output_side) or upscaler is not None
        self._enhancement: FaceEnhancement | None = None
        self._overlay: PointOverlay | None = None
        if tools is None:
            return
        start = self._start(options, face, upscaled=tools.upscaler is not None)
        if tools.enhancer is not None and options.enhancer_strength > 0:
            self._enhancement = FaceEnhancement(
                tools.enhancer,
                tools.follow(start),
                strength=options.enhancer_strength,
                batch=options.batch_size,
            )
        if options.debug_overlay:
            self._overlay = PointOverlay(tools.follow(start), tools.triangles)

    def frames(self, frames: Iterator[ImageArray]) -> Iterator[ImageArray]:
        """Yield the finished frames, (H, W, 3) uint8 RGB, one for each given; see `idle`."""
        if self.idle:
            return frames
        frames = self._scaler.frames(frames)
        if self._enhancement is not None:
            frames = self._enhancement.frames(frames)
        if self._overlay is not None:
            frames = self._overlay.frames(frames)
        return frames

    @property
    def idle(self) -> bool:
        """Whether frames pass as they are, of whatever kind."""
        return not self._scales and self._enhancement is None and self._overlay is None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was done differently than asked, once all frames have passed."""
        missed = self._enhancement.missed if self._enhancement else 0
        if not missed:
            return ()
        frames = "1 frame" if missed == 1 else f"{missed} frames"
        return (f"No face was seen in {frames}, which the enhancer left as rendered.",)

    @staticmethod
    def _start(
        options: GenerateOptions,
        face: tuple[FloatArray, tuple[int, int]] | None,
        *,
        upscaled: bool,
    ) -> FloatArray | None:
        """Return where the face is in the first frame, if the frames show the whole picture."""
        if face is None:
            return None
        points, size = face
        wide, _ = target_size(size, options.output_side, upscaled=upscaled)
        moved: FloatArray = points * np.float32(wide / size[0])
        return moved
