"""Where the pixels of a turned head come from, on a reduced grid.

Convention
    Yaw positive turns towards the right edge of the picture, pitch positive nods down, roll
    positive tilts clockwise as the viewer sees it; degrees. The projection is parallel, so a point
    moves by ``w (R - 1) (p - pivot)``, with the rotation R, and w from 1 (head) to 0 (torso).
    Collar and shoulders take a little of the turn; a breath lifts head, shoulders and chest, and
    broadens the chest. Hair takes the rotation of a pose that trails behind the head's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.fields import enlarged, grid, weighted_sum
from sadtalker_ext.engines.puppet.head.depth import (
    HeadFrame,
    chest_weight,
    fade_weight,
    follow_weight,
    head_depth,
    shoulder_weight,
)
from sadtalker_ext.engines.puppet.head.hair import hair_weight
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray

_CELLS = 36
"""Cells of the reduced grid across a face."""
_INVERSE_STEPS = 4
_SHOULDERS_FOLLOW = 0.18
"""Share of the head's turn and tilt that collar and shoulders take."""
_BROADENS = 0.7
"""By this share of its lift a breath moves the chest outwards, a face height beside its middle."""
_PIVOT = 0.10
"""The head rolls about a point this many face heights below the chin."""
_STRETCH = 0.5
"""How much the person may be stretched where they touch the border of the picture."""
_MOVES = 0.01
"""Pixels: what moves less stays where it is."""
Angles = tuple[float, float, float]
Cells = tuple[slice, slice]


class Pose(NamedTuple):
    """How a head and its hair are turned in one frame.

    Attributes:
        head: Yaw, pitch and roll in degrees.
        lift: Upwards movement in face heights.
        hair: Yaw, pitch and roll in degrees.
    """

    head: Angles
    lift: float
    hair: Angles


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sources:
    """Where the cells of the reduced grid come from in one pose.

    Attributes:
        x: (rows + 2, columns + 2) float32 pixels of what is read, with one more cell around.
        y: The same.
        cells: Column and row of the cells they come from, (rows, columns) float32 each.
        moved: (rows, columns) bool, whether they come from elsewhere.
    """

    x: FloatArray
    y: FloatArray
    cells: tuple[FloatArray, FloatArray]
    moved: npt.NDArray[np.bool_]


class HeadField:
    """The movement of one head in a box of the picture.

    Args:
        points: (478, 3) mesh points, in pixels of the box.
        box: Where the box lies in the picture.
        content: The part of the picture that shows something, see `content_box`.
        matte: (h, w) float32 person in the box, 0..1; None without a usable one: the movement
            then fades out around the head.

    Attributes:
        step: Pixels per cell of the reduced grid.
        shape: Rows and columns of that grid; the last ones may reach beyond the box.
    """

    def __init__(
        self,
        points: FloatArray,
        box: Box,
        content: Box,
        matte: FloatArray | None,
    ) -> None:
        frame = HeadFrame.from_points(points)
        self._height = frame.height
        self._axes = np.stack([frame.across, frame.down], axis=1)
        left, top, right, bottom = box
        self._size = right - left, bottom - top
        self.step = step = max(1, round(frame.width / _CELLS))
        rows, columns = -(-(bottom - top) // step), -(-(right - left) // step)
        self.shape = rows, columns
        cells = grid(rows, columns)
        self._columns, self._rows = (np.ascontiguousarray(cells[..., i]) for i in (0, 1))
        x, y = (axis * step + np.float32((step - 1) / 2) for axis in (self._columns, self._rows))
        around = (grid(rows + 2, columns + 2) - 1) * step + np.float32((step - 1) / 2)
        self._middles = [np.ascontiguousarray(around[..., i]) for i in (0, 1)]
        weight, shoulders = follow_weight(frame, x, y), shoulder_weight(frame, x, y)
        chest = chest_weight(frame, x, y)
        hair = np.zeros_like(weight)
        if matte is None:
            fade = fade_weight(frame, x, y)
            weight, shoulders, chest = weight * fade, shoulders * fade, chest * fade
            inside = np.asarray(fade > 0.9, np.float32)
        else:
            inside = _reduce(matte, step, rows, columns)
            hair = hair_weight(frame, points, x, y)
        depth = head_depth(frame, points, inside, step)
        pivot = frame.chin + _PIVOT * frame.height * frame.down
        across = (x - pivot[0]) * frame.across[0] + (y - pivot[1]) * frame.across[1]
        down = (x - pivot[0]) * frame.down[0] + (y - pivot[1]) * frame.down[1]
        one = np.ones_like(across)
        arm = np.stack([across, down, depth - frame.axis_depth, one, across / frame.height])
        turns = np.maximum(weight, _SHOULDERS_FOLLOW * shoulders)
        share = np.stack([turns, turns, turns, np.maximum(weight, chest), chest])
        # Clothes on the shoulders follow, but do not swing.
        hung = arm[:3] * (weight * hair)
        self._arms = np.concatenate([arm * share, hung]).astype(np.float32)
        # From the left and top border, and from the right and bottom one, at least half a pixel.
        ends = content[2] - 1.0 - left, content[3] - 1.0 - top
        lows = left - content[0], top - content[1]
        self._room = [
            (_STRETCH * np.maximum(at + low, 0.5), _STRETCH * np.maximum(end - at, 0.5))
            for at, low, end in zip((x, y), lows, ends, strict=True)
        ]

    def sources(
        self,
        yaw: float,
        pitch: float,
        roll: float,
        lift: float,
        trailing: Angles | None = None,
        *,
        scale: float = 1.0,
    ) -> Sources:
        """Return where the cells come from.

        Args:
            yaw: Degrees.
            pitch: Degrees.
            roll: Degrees.
            lift: Upwards movement in face heights.
            trailing: Yaw, pitch and roll of the hair, in degrees; None: those of the head.
            scale: Pixels of what is read for one of the box.
        """
        motion = self._motion(yaw, pitch, roll, lift)
        behind = motion if trailing is None else self._motion(*trailing, lift)
        shares = np.concatenate([motion, (behind - motion)[:, :3]], axis=1)
        ways = [
            _held(weighted_sum(self._arms, axis), *room)
            for axis, room in zip(shares, self._room, strict=True)
        ]
        # What lands at q came from p with p + way(p) = q: p = q - way(p), repeated.
        back, share = ways, np.float32(1.0 / self.step)
        for _ in range(_INVERSE_STEPS):
            cells = self._columns - back[0] * share, self._rows - back[1] * share
            back = [np.asarray(remap(way, *cells), np.float32) for way in ways]
        x, y = (
            np.float32(scale) * (middle - cv2.copyMakeBorder(way, 1, 1, 1, 1, cv2.BORDER_REPLICATE))
            for middle, way in zip(self._middles, back, strict=True)
        )
        moved = np.maximum(np.abs(back[0]), np.abs(back[1])) > _MOVES
        return Sources(x=x, y=y, cells=cells, moved=moved)

    def places(self, sources: Sources, cells: Cells) -> tuple[FloatArray, FloatArray]:
        """Return where every pixel of some cells comes from.

        Args:
            sources: Of a pose.
            cells: Rows and columns of cells.

        Returns:
            x and y in what is read, (h, w) float32 each, without pixels beyond the box.
        """
        rows, columns = cells
        down, across = self.pixels(rows, 1), self.pixels(columns, 0)
        size = across.stop - across.start, down.stop - down.start
        part = np.s_[rows.start : rows.stop + 2, columns.start : columns.stop + 2]
        x, y = (enlarged(axis[part], self.step, size) for axis in (sources.x, sources.y))
        return x, y

    def pixels(self, cells: slice, axis: int) -> slice:
        """Return the pixels of the box in columns (axis 0) or rows (axis 1) of cells."""
        return slice(cells.start * self.step, min(cells.stop * self.step, self._size[axis]))

    def _motion(self, yaw: float, pitch: float, roll: float, lift: float) -> FloatArray:
        """Return the (2, 5) matrix from the arm's values to the shift in x and y.

        An arm is (across, down, depth, 1, across in face heights), each with its weight.
        """
        a, b, c = np.deg2rad([yaw, pitch, roll])
        turn = np.array(
            [[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]], np.float64
        )
        nod = np.array(
            [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]], np.float64
        )
        tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
        rotation = (tilt @ nod @ turn - np.eye(3))[:2]
        raised = lift * self._height
        local = np.concatenate([rotation, [[0.0, _BROADENS * raised], [-raised, 0.0]]], axis=1)
        return np.asarray(self._axes @ local, np.float32)


def _held(way: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Limit movement away from the picture's borders, so that nothing unknown is revealed.

    A point at distance d moves inwards by at most a share of d: hair cut off by the border is
    stretched a little instead of torn off.

    Args:
        way: (rows, columns) along one axis.
        low: How far each cell may move away from the border at 0.
        high: The same for the other border.
    """
    excess = way / np.where(way > 0, low, high)
    excess *= excess
    excess *= excess
    excess += 1.0
    return np.asarray(way / np.sqrt(np.sqrt(excess)), np.float32)


def _reduce(values: FloatArray, step: int, rows: int, columns: int) -> FloatArray:
    """Average (H, W) values over the cells of the reduced grid."""
    height, width = values.shape
    padded = cv2.copyMakeBorder(
        values, 0, rows * step - height, 0, columns * step - width, cv2.BORDER_REPLICATE
    )
    reduced = cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(reduced, np.float32)
