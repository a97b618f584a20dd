"""What the video shows, and the part of the picture the puppet works on.

The *frame* is what the viewer sees; the *stage* is the frame with a margin, as far as the picture
reaches, so that hair just outside the frame can move in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.types import Box, FloatArray, ImageArray

LONGEST_SIDE_PX = 2160
"""Videos are not made larger than this."""
LARGEST_FACE_PX = 720
"""Larger faces are scaled down to this height."""
_CROP_FACES = {"crop": 2.3, "extcrop": 3.2}
"""Side of the square crop, in face heights."""
_FULL_BELOW = 0.5
"""With `auto`, a face lower than this share of the picture's height shows the whole picture."""
_MARGIN_FACES = 0.35


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StageView:
    """The picture as the puppet sees it.

    Attributes:
        pixels: (H, W, 3) uint8, the stage, scaled.
        points: (478, 3) mesh points on the stage.
        face: Box of the face on the stage.
        frame: What the video shows of the stage; both sides are even.
    """

    pixels: ImageArray
    points: FloatArray
    face: Box
    frame: Box

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


def view_stage(picture: ImageArray, points: FloatArray, preprocess: str) -> StageView:
    """Choose what the video shows and cut it out of the picture.

    Args:
        picture: (H, W, 3) uint8.
        points: (478, 3) mesh points in the picture.
        preprocess: The framing option: auto, crop, extcrop, resize, full or extfull.
    """
    height, width = picture.shape[:2]
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    face_height = float(high[1] - low[1])
    if preprocess == "auto":
        preprocess = "full" if face_height < _FULL_BELOW * height else "crop"
    if preprocess in _CROP_FACES:
        frame = _head_square(low, high, _CROP_FACES[preprocess], (width, height))
    else:
        frame = (0, 0, width, height)
    longest = max(frame[2] - frame[0], frame[3] - frame[1])
    scale = min(1.0, LONGEST_SIDE_PX / longest, LARGEST_FACE_PX / max(face_height, 1.0))
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
    moved = (points - corner + shift) * np.float32(scale) - shift
    return StageView(
        pixels=np.ascontiguousarray(pixels),
        points=np.asarray(moved, np.float32),
        face=_box_of(moved),
        frame=_even_box(frame, stage, scale, pixels.shape[:2]),
    )


def _head_square(low: FloatArray, high: FloatArray, faces: float, size: tuple[int, int]) -> Box:
    """Return a square around the head, as much of it as the picture has."""
    width, height = size
    side = min(faces * float(high[1] - low[1]), float(min(width, height)))
    x = float(low[0] + high[0]) / 2
    y = float(low[1] + high[1]) / 2 - 0.08 * side  # the mesh ends at the hairline
    left = int(np.clip(round(x - side / 2), 0, max(0, width - round(side))))
    top = int(np.clip(round(y - side / 2), 0, max(0, height - round(side))))
    return left, top, min(width, left + round(side)), min(height, top + round(side))


def _even_box(frame: Box, stage: Box, scale: float, size: tuple[int, ...]) -> Box:
    """Return the frame on the scaled stage, with even sides."""
    left, top = (round((frame[i] - stage[i]) * scale) for i in (0, 1))
    right = min(size[1], round((frame[2] - stage[0]) * scale))
    bottom = min(size[0], round((frame[3] - stage[1]) * scale))
    return left, top, right - (right - left) % 2, bottom - (bottom - top) % 2


def _box_of(points: FloatArray) -> Box:
    low, high = np.floor(points[:, :2].min(0)), np.ceil(points[:, :2].max(0)) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
