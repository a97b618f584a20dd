"""Rendered frames back into the picture they were cut from."""

from __future__ import annotations

from enum import Enum
from typing import cast

import numpy as np

from sadtalker_ext.compositor.poisson import SMALLEST_SIDE, PoissonBlend
from sadtalker_ext.compositor.soft import SoftBlend, default_outline
from sadtalker_ext.types import Box, FloatArray, ImageArray

_SURROUNDINGS = 0.35
"""Shares of the box around it in which the soft blend may move the picture with the head."""


class Blend(Enum):
    """How a frame goes back into the picture.

    SOFT keeps the picture outside a soft mask around the face. POISSON is the original's way: the
    whole box is pasted and its colours are bent to fit the border.
    """

    SOFT = "soft"
    POISSON = "poisson"


class Placer:
    """Puts frames into one box of one picture; several threads may do so at once.

    What depends on the picture is computed once.

    Args:
        picture: (H, W, 3) uint8 RGB, never modified.
        box: Where frames belong. It may reach over the border of the picture: what lies outside
            is cut off after the frame was resized to the whole box.
        blend: The method.
        points: (K, 3) float32 mesh points of the face in picture pixels, for the soft mask; left
            out, a usual place of the face in the box is assumed.
        device: Torch's name of a device that takes part in the soft blend.

    Raises:
        ValueError: The box does not touch the picture.
    """

    def __init__(
        self,
        picture: ImageArray,
        box: Box,
        *,
        blend: Blend = Blend.SOFT,
        points: FloatArray | None = None,
        device: str | None = None,
    ) -> None:
        height, width = picture.shape[:2]
        left, top, right, bottom = box
        inside = (max(left, 0), max(top, 0), min(right, width), min(bottom, height))
        if inside[0] >= inside[2] or inside[1] >= inside[3]:
            raise ValueError(f"Box {box} should touch the picture of {width} x {height} pixels.")
        self._picture = picture
        self._box = box
        self._inside = inside
        self._reach = inside
        self._points = None
        self._poisson = None
        self._soft = None
        if blend is Blend.POISSON and min(inside[2] - inside[0], inside[3] - inside[1]) >= (
            SMALLEST_SIDE
        ):
            self._poisson = PoissonBlend(_cut(picture, inside))
            return
        if points is None:
            outline = default_outline(right - left, bottom - top)
            outline += np.array([left, top], np.float32)
        else:
            self._points, outline = points, points[:, :2]
        self._reach = _widened(inside, (width, height))
        paste = tuple(edge - self._reach[side % 2] for side, edge in enumerate(inside))
        self._soft = SoftBlend(
            _cut(picture, self._reach),
            self._in_area(outline),
            _at_border(inside, (width, height)),
            cast("Box", paste),
            _at_border(self._reach, (width, height)),
            device,
        )

    @property
    def box(self) -> Box:
        """The part of the picture that frames can change."""
        return self._reach

    def place(
        self, frame: ImageArray, head: tuple[float, float, float] | None = None
    ) -> ImageArray:
        """Return the whole picture with the frame in it, (H, W, 3) uint8, a new array.

        Args:
            frame: (h, w, 3) uint8 RGB of any size.
            head: Yaw, pitch and roll of the head against the picture in degrees, where the soft
                mask begins to look for the head.
        """
        import cv2

        left, top, right, bottom = self._box
        low_x, low_y, high_x, high_y = self._inside
        sized = np.asarray(cv2.resize(frame, (right - left, bottom - top)), np.uint8)
        sized = sized[low_y - top : high_y - top, low_x - left : high_x - left]
        placed = self._picture.copy()
        area = _cut(placed, self._reach)
        if self._poisson is not None:
            self._poisson.blend_into(sized, area)
        elif self._soft is not None:
            whole = frame if self._inside == self._box else None
            self._soft.blend_into(sized, area, self._outline(head), whole)
        return placed

    def _in_area(self, points: FloatArray) -> FloatArray:
        moved: FloatArray = points - np.array(self._inside[:2], np.float32)
        return moved

    def _outline(self, head: tuple[float, float, float] | None) -> FloatArray | None:
        if head is None or self._points is None:
            return None
        return self._in_area(turned(self._points, head)[:, :2])


def _cut(picture: ImageArray, box: Box) -> ImageArray:
    return picture[box[1] : box[3], box[0] : box[2]]


def _at_border(box: Box, size: tuple[int, int]) -> tuple[bool, bool, bool, bool]:
    """Tell which sides of a box are also the picture's."""
    return box[0] == 0, box[1] == 0, box[2] == size[0], box[3] == size[1]


def _widened(box: Box, size: tuple[int, int]) -> Box:
    """Return the box with the surroundings that may follow the head, inside the picture."""
    width, height = size
    across = round(_SURROUNDINGS * (box[2] - box[0]))
    down = round(_SURROUNDINGS * (box[3] - box[1]))
    return (
        max(box[0] - across, 0),
        max(box[1] - down, 0),
        min(box[2] + across, width),
        min(box[3] + down, height),
    )


def turned(points: FloatArray, head: tuple[float, float, float]) -> FloatArray:
    """Turn mesh points (K, 3) about their centre by yaw, pitch and roll in degrees.

    Convention: y down, z negative towards the camera; signs as in `sadtalker_ext.types`.
    """
    yaw, pitch, roll = np.radians(head)
    about_y = [[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    rotation = np.array(about_z) @ np.array(about_x) @ np.array(about_y)
    centre = points.mean(axis=0)
    moved: FloatArray = ((points - centre) @ rotation.T + centre).astype(np.float32)
    return moved
