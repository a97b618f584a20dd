"""The inside of the mouth, from the frame of the video that shows it best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.lips import LipLines, lip_lines
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, measure_mouth
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.picture_style import measure_style
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.types import Box, FloatArray, ImageArray

_BELOW_LIP = (0.08, 0.03)
"""How far below the lip, in half-widths, teeth are hardly upper ones, and certainly are."""
_LIGHT = (0.45, 2.2)
"""Least and most that a frame is darker or lighter than the one that shows the mouth."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A face cut out of one frame.

    Attributes:
        picture: (h, w, 3) uint8 RGB.
        points: (478, 3) mesh points in its pixels.
        skin: (3,) colour of its skin.
        merit: How much of the mouth it is expected to show, and how well.
    """

    picture: ImageArray
    points: FloatArray
    skin: FloatArray
    merit: float


class MouthDonor:
    """Draws the inside of the mouth in any frame from one look at it.

    Args:
        look: The frame that gives it.
        pose: Of the head in it.
        depth: Own depth of the teeth.

    Attributes:
        teeth: How much of the upper teeth the look shows, 0..1.
        blur: How sharp the look is, as the standard deviation of a blur in pixels.
    """

    def __init__(self, look: Look, pose: Pose, depth: float) -> None:
        self._skin = look.skin
        self._pose, self._depth = pose, depth
        frame = measure_mouth(look.picture, look.points)
        self._lines = lip_lines(look.points)
        self.teeth = _upper_teeth(frame, self._lines)
        style = measure_style(look.picture, look.points, frame)
        self.blur = style.blur
        edge = tooth_edge(frame)
        left, top, right, bottom = self._box = _inner_box(frame, look.picture.shape)
        self._pixels = pixel_grid(left, top, right - left, bottom - top)
        self._interior = MouthInterior(look.picture, frame, style, edge, self._pixels)
        self._down = _down(look.points)

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
        to_frame = _chained(pose.flat(self._depth), _inverse(self._pose.flat(self._depth)))
        scale = float(np.sqrt(abs(np.linalg.det(to_frame[:, :2]))))
        where = self._pixels @ to_frame[:, :2].T + to_frame[:, 2]
        upper, lower = (one / np.float32(scale) for one in lines.below(where))
        part = (slice(0, upper.shape[0]), slice(0, upper.shape[1]))
        way = self._jaw_way(lines, to_frame)
        inside = self._interior.draw(upper, -lower, way, {**controls, "relax": 1.0}, part)
        inside = inside * np.clip(skin / np.maximum(self._skin, 1.0), *_LIGHT).astype(np.float32)
        corner = np.array([self._box[0], self._box[1]], np.float32)
        matrix = to_frame.copy()
        matrix[:, 2] += to_frame[:, :2] @ corner - np.array(box[:2], np.float32)
        size = (box[2] - box[0], box[3] - box[1])
        drawn = cv2.warpAffine(
            inside, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(drawn, np.float32)

    def _jaw_way(self, lines: LipLines, to_frame: FloatArray) -> FloatArray:
        """Return (2,) how far the jaw is lower than in the look, in its pixels."""
        back = _inverse(to_frame)
        middle = lines.origin + lines.across * lines.lower[len(lines.lower) // 2]
        now = back[:, :2] @ middle + back[:, 2]
        own = self._lines
        then = own.origin + own.across * own.lower[len(own.lower) // 2]
        way: FloatArray = (self._down * float((now - then) @ self._down)).astype(np.float32)
        return way


def best_donor(
    looks: Sequence[Look], poses: Sequence[Pose], depth: float, most: int = 4
) -> MouthDonor:
    """Return the donor that shows the most teeth, and shows them well, among those of most merit.

    Teeth count by the root of a look's merit: where both rows are seen from the side, with a dark
    line between them, lower teeth are taken for upper ones.

    Args:
        looks: At least one.
        poses: Of the heads in them.
        depth: Own depth of the teeth.
        most: How many are tried.
    """
    order = np.argsort([-look.merit for look in looks])[:most]
    tried = [
        (MouthDonor(looks[int(one)], poses[int(one)], depth), max(looks[int(one)].merit, 0.0))
        for one in order
    ]
    return max(tried, key=lambda one: one[0].teeth * one[1] ** 0.5)[0]


def _upper_teeth(frame: MouthFrame, lines: LipLines) -> float:
    """Return how much of the upper teeth a look shows, 0..1.

    What is found far below the upper lip is the lower row, or both rows with a dark line between.
    """
    if frame.teeth is None:
        return 0.0
    middle = np.abs(frame.xs) < 0.6
    below = frame.upper - lines.at(frame.xs, lines.upper) / lines.half
    trust = smoothstep(*_BELOW_LIP, below[middle].mean())
    return float(frame.teeth.shown.mean()) * float(trust)


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
