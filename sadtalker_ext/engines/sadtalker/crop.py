"""The square around the head that the networks see, in all five modes of the original (SPEC 5).

Convention: boxes are (left, top, right, bottom) in pixels, right and bottom exclusive. Two cuts
follow each other: the outer cut is a box of the (possibly shrunk) picture, the inner box is a box
of the outer cut, kept as real numbers and truncated where it is used.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import Box, FloatArray, ImageArray

DoubleArray = npt.NDArray[np.float64]

_DESIGN_SIDE = 512
"""Side the crop recipe was made for; not the size that is rendered."""
_EYES_TO_BOX = np.float32(2.0)
_FACE_TO_BOX = np.float32(1.8)
_DOWNWARD = np.float32(0.1)
_BORDER = 0.1
_SMALLEST_BORDER = 3


class CropMode(enum.Enum):
    """What part of the picture is animated, under the original's names."""

    CROP = "crop"
    EXTCROP = "extcrop"
    RESIZE = "resize"
    FULL = "full"
    EXTFULL = "extfull"

    @property
    def outer_only(self) -> bool:
        """Whether the inner box is left out."""
        return self in (CropMode.EXTCROP, CropMode.EXTFULL)

    @property
    def goes_back(self) -> bool:
        """Whether frames are pasted into the picture; also chooses the mapping network."""
        return self in (CropMode.FULL, CropMode.EXTFULL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CropPlan:
    """Where the head is cut out of a picture.

    Attributes:
        picture_size: Width and height of the picture.
        resized: Width and height after shrinking; differs only for very large faces.
        outer: Outer cut in the resized picture.
        inner: Inner box in the outer cut, real numbers.
    """

    picture_size: tuple[int, int]
    resized: tuple[int, int]
    outer: Box
    inner: tuple[float, float, float, float]

    @property
    def inner_box(self) -> Box:
        """The inner box, truncated."""
        left, top, right, bottom = self.inner
        return int(left), int(top), int(right), int(bottom)

    @property
    def frame_shape(self) -> tuple[int, int]:
        """Width and height whose ratio the frames get: the inner box, in every mode (SPEC 20)."""
        left, top, right, bottom = self.inner_box
        return right - left, bottom - top

    def region(self, mode: CropMode, *, cure_shrink: bool = False) -> Box:
        """Return where frames go back.

        Args:
            mode: Modes with `outer_only` go back into the outer cut, others into the inner box.
            cure_shrink: The reference computes the box in the shrunk picture and uses it in the
                original one. True returns it in pixels of the original picture.
        """
        left, top, right, bottom = self.outer
        if not mode.outer_only:
            inner = self.inner_box
            left, top, right, bottom = (
                left + inner[0],
                top + inner[1],
                left + inner[2],
                top + inner[3],
            )
        if cure_shrink:
            across = self.picture_size[0] / self.resized[0]
            down = self.picture_size[1] / self.resized[1]
            left, right = round(left * across), round(right * across)
            top, bottom = round(top * down), round(bottom * down)
        return left, top, right, bottom


def plan_crop(
    landmarks: FloatArray,
    size: tuple[int, int],
    *,
    cure_height_limit: bool = False,
    cure_overhang: bool = False,
) -> CropPlan:
    """Place the crop around a face.

    Args:
        landmarks: (68, 2) float32 picture pixels.
        size: Width and height of the picture.
        cure_height_limit: The reference limits the inner box's lower edge by the picture's WIDTH,
            which cuts the chin of tall pictures. True limits it by the height.
        cure_overhang: The reference limits the inner box by the picture instead of the outer cut,
            so near the right and bottom border it promises more than is there. True limits it by
            what is really cut.
    """
    quad, side = face_quad(landmarks.astype(np.float32))
    width, height = size
    shrink = math.floor(side / _DESIGN_SIDE * 0.5)
    if shrink > 1:
        width, height = round(width / shrink), round(height / shrink)
        quad, side = quad / shrink, side / shrink
    outer = _outer_cut(quad, side, (width, height))
    if outer[2] - outer[0] < width or outer[3] - outer[1] < height:
        quad = quad - np.array(outer[:2])
    quad = quad + 0.5
    right_limit, bottom_limit = width, height if cure_height_limit else width
    if cure_overhang:
        right_limit = min(right_limit, outer[2] - outer[0])
        bottom_limit = min(bottom_limit, outer[3] - outer[1])
    return CropPlan(
        picture_size=size,
        resized=(width, height),
        outer=outer,
        inner=(
            float(max(min(quad[0, 0], quad[1, 0]), 0)),
            float(max(min(quad[0, 1], quad[3, 1]), 0)),
            float(min(max(quad[2, 0], quad[3, 0]), right_limit)),
            float(min(max(quad[1, 1], quad[2, 1]), bottom_limit)),
        ),
    )


def face_quad(landmarks: FloatArray) -> tuple[DoubleArray, float]:
    """Return the oriented square (4, 2) around a face, and its side, in pixels.

    Single and double precision alternate as in the reference: eyes, mouth and centre are float32,
    the two axes are double. That decides which pixel an edge falls on.
    """
    left_eye = landmarks[36:42].mean(axis=0)
    right_eye = landmarks[42:48].mean(axis=0)
    eyes = (left_eye + right_eye) * np.float32(0.5)
    across = right_eye - left_eye
    down = (landmarks[48] + landmarks[54]) * np.float32(0.5) - eyes
    axis = across + down[::-1].astype(np.float64) * (1, -1)
    axis /= np.hypot(axis[0], axis[1])
    axis *= max(np.hypot(*across) * _EYES_TO_BOX, np.hypot(*down) * _FACE_TO_BOX)
    normal = axis[::-1] * (-1, 1)
    centre = eyes + down * _DOWNWARD
    corners = [
        centre - axis - normal,
        centre - axis + normal,
        centre + axis + normal,
        centre + axis - normal,
    ]
    return np.stack(corners), float(np.hypot(axis[0], axis[1]) * 2)


def _outer_cut(quad: DoubleArray, side: float, size: tuple[int, int]) -> Box:
    border = max(round(side * _BORDER), _SMALLEST_BORDER)
    left, top = np.floor(quad.min(axis=0)).astype(int)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int)
    return (
        max(int(left) - border, 0),
        max(int(top) - border, 0),
        min(int(right) + border, size[0]),
        min(int(bottom) + border, size[1]),
    )


def cut(picture: ImageArray, plan: CropPlan, mode: CropMode) -> ImageArray:
    """Cut the head out of a (H, W, 3) picture; `resize` mode returns the whole picture."""
    if mode is CropMode.RESIZE:
        return picture
    import cv2

    if plan.resized != plan.picture_size:
        picture = np.asarray(cv2.resize(picture, plan.resized), np.uint8)
    left, top, right, bottom = plan.outer
    found = picture[top:bottom, left:right]
    if not mode.outer_only:
        left, top, right, bottom = plan.inner_box
        found = found[top:bottom, left:right]
    return found


def square_frame(cut_out: ImageArray, side: int) -> ImageArray:
    """Resize to (side, side, 3); the aspect is not kept, as the networks were trained."""
    import cv2

    return np.asarray(cv2.resize(cut_out, (side, side)), np.uint8)


def frame_points(
    points: FloatArray, plan: CropPlan | None, mode: CropMode, side: int, size: tuple[int, int]
) -> FloatArray:
    """Carry picture points into the square frame.

    Args:
        points: (K, 2) float32 picture pixels.
        plan: The crop; may be None in `resize` mode.
        mode: How the picture was cut.
        side: Side of the square frame in pixels.
        size: Width and height of the picture.
    """
    moved = points.astype(np.float64)
    cut_size = np.array(size, np.float64)
    if plan is not None and mode is not CropMode.RESIZE:
        moved = (moved + 0.5) * np.divide(plan.resized, plan.picture_size) - 0.5
        left, top, right, bottom = plan.region(mode)
        moved -= (left, top)
        # slices clamp at the border of the outer cut
        cut_size = np.array(
            [min(right, plan.outer[2]) - left, min(bottom, plan.outer[3]) - top], np.float64
        )
    return ((moved + 0.5) * side / cut_size - 0.5).astype(np.float32)
