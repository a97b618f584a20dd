"""The inside of the mouth, from the frames of the video that show it best."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.dub.arch import Arch
from sadtalker_ext.engines.puppet.dub.lips import LipLines
from sadtalker_ext.engines.puppet.dub.looks import Look
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.own_layers import cut_below_teeth
from sadtalker_ext.engines.puppet.mouth.picture_style import measure_style
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.pixels import remap
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.types import Box, FloatArray

_LIGHT = (0.45, 2.2)
"""Least and most that a frame is darker or lighter than the one that shows the mouth."""


class MouthDonor:
    """Draws the inside of the mouth in any frame from one or two looks at it.

    Args:
        look: The frame that gives it: the upper teeth, and what lies below as far as it is open.
        arch: On which the teeth lie.
        wide: A frame in which the mouth is open wider; gives what lies further below.

    Attributes:
        blur: How sharp the look is, as the standard deviation of a blur in pixels.
    """

    def __init__(self, look: Look, arch: Arch, wide: Look | None = None) -> None:
        self._skin = look.skin
        self._pose, self._arch = look.pose, arch
        self._lines = look.lines
        style = measure_style(look.picture, look.points, look.mouth)
        self.blur = style.blur
        edge = tooth_edge(look.mouth)
        left, top, right, bottom = self._box = _inner_box(look.mouth, look.picture.shape)
        self._pixels = pixel_grid(left, top, right - left, bottom - top)
        self._own = arch.undo(look.pose, self._pixels)
        self._interior = MouthInterior(look.picture, look.mouth, style, edge, self._pixels)
        self._down = _down(look.points)
        below = None if wide is None else self._below_of(wide)
        if below is not None:
            self._interior.show_below(*below)

    def draw(
        self, lines: LipLines, pose: Pose, controls: Mapping[str, float], skin: FloatArray, box: Box
    ) -> FloatArray:
        """Draw the inside as a frame shows it.

        Args:
            lines: The lips' edges in the frame, as they will be.
            pose: Of the head in the frame.
            controls: What the mouth does.
            skin: (3,) colour of the skin in the frame.
            box: Part of the frame to draw.

        Returns:
            (h, w, 3) float32 RGB.
        """
        to_frame = self._to(pose)
        scale = float(np.sqrt(abs(np.linalg.det(to_frame[:, :2]))))
        where = self._arch.place(pose, self._own)
        upper, lower = (one / np.float32(scale) for one in lines.below(where))
        part = (slice(0, upper.shape[0]), slice(0, upper.shape[1]))
        way = self._jaw_way(lines, to_frame)
        inside = self._interior.draw(upper, -lower, way, {**controls, "relax": 1.0}, part)
        inside = inside * _lighter(self._skin, skin)
        left, top, right, bottom = box
        seen = self._arch.undo(pose, pixel_grid(left, top, right - left, bottom - top))
        x, y = np.moveaxis(self._arch.place(self._pose, seen), -1, 0)
        x, y = x - np.float32(self._box[0]), y - np.float32(self._box[1])
        return np.asarray(remap(inside, x, y, border=cv2.BORDER_REPLICATE), np.float32)

    def _to(self, pose: Pose) -> FloatArray:
        """Return the (2, 3) map from the look to a frame, in the middle of the mouth."""
        depth = self._arch.depth
        return _chained(pose.flat(depth), _inverse(self._pose.flat(depth)))

    def _below_of(self, wide: Look) -> tuple[FloatArray, float] | None:
        """Return what a wide open mouth shows below its teeth; see `MouthInterior.show_below`."""
        style = measure_style(wide.picture, wide.points, wide.mouth)
        left, top, right, bottom = _inner_box(wide.mouth, wide.picture.shape)
        cut = cut_below_teeth(
            wide.picture, wide.mouth, style, pixel_grid(left, top, right - left, bottom - top)
        )
        if cut is None or not cut[1]:
            return None
        layer = cut[0]
        layer[..., :3] *= _lighter(wide.skin, self._skin)
        to_wide = self._to(wide.pose)
        there = self._arch.undo(self._pose, self._pixels + self._jaw_way(wide.lines, to_wide))
        where = self._arch.place(wide.pose, there) - np.array([left, top], np.float32)
        x, y = np.moveaxis(where, -1, 0)
        moved = remap(layer, x, y, cv2.INTER_LINEAR, border=cv2.BORDER_REPLICATE)
        scale = float(np.sqrt(abs(np.linalg.det(to_wide[:, :2]))))
        return np.asarray(moved, np.float32), wide.lines.opening / scale

    def _jaw_way(self, lines: LipLines, to_frame: FloatArray) -> FloatArray:
        """Return (2,) how far the jaw is lower than in the look, in its pixels."""
        back = _inverse(to_frame)
        middle = lines.origin + lines.across * lines.lower[len(lines.lower) // 2]
        now = back[:, :2] @ middle + back[:, 2]
        own = self._lines
        then = own.origin + own.across * own.lower[len(own.lower) // 2]
        way: FloatArray = (self._down * float((now - then) @ self._down)).astype(np.float32)
        return way


def _lighter(one: FloatArray, other: FloatArray) -> FloatArray:
    """Return (3,) by which colours must be multiplied that skin (3,) is like another."""
    share: FloatArray = np.clip(other / np.maximum(one, 1.0), *_LIGHT).astype(np.float32)
    return share


def _down(points: FloatArray) -> FloatArray:
    way = points[topology.CHIN, :2] - points[topology.NOSE_TIP, :2]
    down: FloatArray = way / max(float(np.linalg.norm(way)), 1e-6)
    return down


def _inner_box(frame: MouthFrame, shape: tuple[int, ...]) -> Box:
    """Return the pixels of the look where the inside can be seen, whatever the mouth does."""
    reach = 0.40 * frame.size / frame.half_width
    top, bottom = float(frame.upper.min()) - 0.5, float(frame.lower.max()) + reach + 0.4
    x = np.array([-1.35, 1.35, -1.35, 1.35], np.float32)
    y = np.array([top, top, bottom, bottom], np.float32)
    corners = frame.picture(x, y)
    low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int) + 1
    height, width = shape[:2]
    left, upper = int(np.clip(low[0], 0, width - 8)), int(np.clip(low[1], 0, height - 8))
    return (
        left,
        upper,
        int(np.clip(high[0], left + 8, width)),
        int(np.clip(high[1], upper + 8, height)),
    )


def _inverse(matrix: FloatArray) -> FloatArray:
    """Return the way back of a (2, 3) map."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.concatenate([linear, -(linear @ matrix[:, 2:])], axis=1).astype(np.float32)


def _chained(second: FloatArray, first: FloatArray) -> FloatArray:
    """Return the (2, 3) map that does the first, then the second."""
    linear = second[:, :2] @ first[:, :2]
    offset = second[:, :2] @ first[:, 2:] + second[:, 2:]
    return np.concatenate([linear, offset], axis=1).astype(np.float32)
