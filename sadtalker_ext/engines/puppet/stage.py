"""What the video shows, and the part of the picture the puppet works on.

The *frame* is what the viewer sees; the *stage* is the frame with a margin, as far as the picture
reaches, so that hair just outside the frame can move in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait.find import box_of
from sadtalker_ext.portrait.framing import frame_box
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray

LONGEST_SIDE_PX = 2160
"""Videos are not made larger than this."""
LARGEST_FACE_PX = 1440
"""Larger faces are scaled down to this height."""
_MANY_PX = 2_500_000
"""Frames of that many pixels are told of: a slow machine draws them for long."""
_FINER, _SMALLEST_PX = 1.5, 256
"""How much finer than a small video its frames are drawn, and what counts as the smallest."""
_MARGIN_FACES = 0.35
"""Width of the margin around the frame, in face heights."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageView:
    """The picture as the puppet sees it.

    Attributes:
        pixels: (H, W, 3) uint8, the stage, scaled.
        points: (478, 3) mesh points on the stage.
        face: Box of the face on the stage.
        frame: What the video shows of the stage; both sides are even.
        scale: Pixels of the stage for one of the picture.
        longest_px: Longer side of the frame at most, by which the scale was chosen.
    """

    pixels: ImageArray
    points: FloatArray
    face: Box
    frame: Box
    scale: float = 1.0
    longest_px: int = LONGEST_SIDE_PX

    @property
    def warnings(self) -> tuple[str, ...]:
        """Say that the video shows fewer pixels than the picture has, or very many."""
        width, height = self.size
        told = []
        # who asked for a smaller video knows that it is scaled
        if self.scale < 1.0 and self.longest_px == LONGEST_SIDE_PX:
            told.append(
                f"The picture was scaled to {100 * self.scale:.0f} %: the puppet engine draws "
                f"faces of at most {LARGEST_FACE_PX} pixels in videos of at most "
                f"{LONGEST_SIDE_PX}. output_side enlarges the result again."
            )
        if width * height >= _MANY_PX:
            told.append(
                f"Frames of {width} x {height} pixels take long to draw; a smaller output_side, "
                "such as 720, is much quicker."
            )
        return tuple(told)

    @property
    def whole(self) -> bool:
        """Whether the frame is the whole stage."""
        height, width = self.pixels.shape[:2]
        return self.frame == (0, 0, width, height)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame."""
        left, top, right, bottom = self.frame
        return right - left, bottom - top


def longest_side(options: GenerateOptions) -> int:
    """Return the longer side, in pixels, of what is drawn at most.

    A video that is asked for smaller is drawn a half larger than that, and made smaller then.
    """
    if not options.output_side or options.upscaler != "none":
        return LONGEST_SIDE_PX
    return min(LONGEST_SIDE_PX, round(_FINER * max(options.output_side, _SMALLEST_PX)))


def view_stage(
    picture: ImageArray, face: Face, preprocess: str, longest_px: int = LONGEST_SIDE_PX
) -> StageView:
    """Choose what the video shows and cut it out of the picture.

    Args:
        picture: (H, W, 3) uint8.
        face: The face to animate.
        preprocess: The framing option.
        longest_px: Longer side of the frame at most, see `longest_side`.

    Raises:
        InvalidOption: The framing is not known.
    """
    height, width = picture.shape[:2]
    frame = frame_box(preprocess, face, (width, height))
    face_height = max(float(np.ptp(face.points[:, 1])), 1.0)
    longest = max(frame[2] - frame[0], frame[3] - frame[1])
    scale = min(1.0, longest_px / longest, LARGEST_FACE_PX / face_height)
    margin = round(_MARGIN_FACES * face_height)
    stage = (
        max(0, frame[0] - margin),
        max(0, frame[1] - margin),
        min(width, frame[2] + margin),
        min(height, frame[3] + margin),
    )
    pixels = picture[stage[1] : stage[3], stage[0] : stage[2]]
    if scale < 1.0:
        pixels = np.asarray(
            cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
        )
    # Pixel centres: the middle of the first pixel is 0, so half a pixel moves with the scale.
    corner = np.array([stage[0], stage[1], 0], np.float32)
    shift = np.array([0.5, 0.5, 0], np.float32)
    moved = (face.points - corner + shift) * np.float32(scale) - shift
    return StageView(
        pixels=np.ascontiguousarray(pixels),
        points=np.asarray(moved, np.float32),
        face=box_of(moved),
        frame=_even_box(frame, stage, scale, pixels.shape[:2]),
        scale=scale,
        longest_px=longest_px,
    )


def _even_box(frame: Box, stage: Box, scale: float, size: tuple[int, ...]) -> Box:
    """Return the frame on the scaled stage, with even sides."""
    left, top = (round((frame[i] - stage[i]) * scale) for i in (0, 1))
    right = min(size[1], round((frame[2] - stage[0]) * scale))
    bottom = min(size[0], round((frame[3] - stage[1]) * scale))
    return left, top, right - (right - left) % 2, bottom - (bottom - top) % 2
