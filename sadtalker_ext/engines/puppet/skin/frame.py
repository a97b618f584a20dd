"""The face's own axes in the picture, and the grid on which its skin is moved.

Convention
    Lengths are in face widths, cheek to cheek in 3-D. A way has three parts: `out` away from the
    middle of the face, `up` towards the forehead, `front` towards the viewer of a face seen from
    the front. On a turned head all three are foreshortened as the head's own axes are.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.soft_fields import blur
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import Box, FloatArray

_NODES_PER_FACE = 72
_MARGIN = 0.3
"""How far the grid goes beyond the face's outline, in face widths."""
_LEAST_SEEN = 0.4
"""A foreshortened axis is taken for at least this long, so that reaches stay finite."""
_LID_FREE = (0.008, 0.045)
"""Distance from the opening of an eye, in face widths, where skin begins to move, and moves all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SkinFrame:
    """A face's axes, its points, and the grid over it.

    Attributes:
        points: (478, 2) mesh points in picture pixels.
        unit: Face width in pixels, cheek to cheek in 3-D.
        lateral: (2,) axis to the right side of the picture, as seen in the picture.
        upward: (2,) axis towards the forehead, as seen in the picture.
        front: (2,) axis out of the face, as seen in the picture.
        box: The part of the picture that may move.
        stride: Pixels between the nodes of the grid.
        nodes: (h, w, 2) picture coordinates of the nodes.
    """

    points: FloatArray
    unit: float
    lateral: FloatArray
    upward: FloatArray
    front: FloatArray
    box: Box
    stride: int
    nodes: FloatArray

    def offsets(self, origin: FloatArray, where: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turn (..., 2) picture points into ways along `lateral` and `upward` from an origin."""
        axes = np.stack([_at_least(self.lateral), _at_least(self.upward)], axis=1)
        local = (where - origin) @ np.linalg.inv(axes).T.astype(np.float32) / np.float32(self.unit)
        return np.asarray(local[..., 0], np.float32), np.asarray(local[..., 1], np.float32)

    def way(self, right: float, up: float, front: float) -> FloatArray:
        """Return a way in face widths as (2,) picture pixels."""
        moved = right * self.lateral + up * self.upward + front * self.front
        return np.asarray(moved * self.unit, np.float32)

    def place(self, point: int, right: float = 0.0, up: float = 0.0) -> FloatArray:
        """Return a place beside a mesh point, (2,) picture pixels."""
        return np.asarray(self.points[point] + self.way(right, up, 0.0), np.float32)


def measure_skin(points: FloatArray, size: tuple[int, int]) -> SkinFrame:
    """Measure a face.

    Args:
        points: (478, 3) mesh points in picture pixels.
        size: Height and width of the picture.
    """
    lateral = points[topology.CHEEK_RIGHT] - points[topology.CHEEK_LEFT]
    unit = max(float(np.linalg.norm(lateral)), 4.0)
    lateral = lateral / unit
    upward = points[topology.FOREHEAD] - points[topology.CHIN]
    upward = upward - lateral * float(upward @ lateral)
    upward = upward / max(float(np.linalg.norm(upward)), 1e-6)
    front = np.cross(lateral, upward)
    # z is negative towards the viewer
    front = -front if front[2] > 0 else front
    oval = points[list(topology.OVAL), :2]
    height, width = size
    low = np.floor(oval.min(0) - _MARGIN * unit).astype(int)
    high = np.ceil(oval.max(0) + _MARGIN * unit).astype(int)
    low = np.clip(low, 0, [width - 2, height - 2])
    high = np.clip(high, low + 2, [width, height])
    stride = max(1, round(unit / _NODES_PER_FACE))
    columns, rows = -(-(high[0] - low[0]) // stride), -(-(high[1] - low[1]) // stride)
    grid = np.dstack(np.meshgrid(np.arange(columns), np.arange(rows))).astype(np.float32)
    nodes = grid * np.float32(stride) + (low + (stride - 1) / 2).astype(np.float32)
    return SkinFrame(
        points=np.asarray(points[:, :2], np.float32),
        unit=unit,
        lateral=np.asarray(lateral[:2], np.float32),
        upward=np.asarray(upward[:2], np.float32),
        front=np.asarray(front[:2], np.float32),
        box=(int(low[0]), int(low[1]), int(high[0]), int(high[1])),
        stride=stride,
        nodes=np.asarray(nodes, np.float32),
    )


def freedom(frame: SkinFrame, still: FloatArray | None = None) -> FloatArray:
    """Return (h, w) float32 on the nodes: 1 where skin may move, 0 in the eyes and on glasses.

    Args:
        frame: The face.
        still: (H, W) 0..1, 1 on pixels that must not move, or None.
    """
    rows, columns = frame.nodes.shape[:2]
    eyes = np.zeros((rows, columns), np.uint8)
    for upper, lower in (
        (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
        (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
    ):
        outline = frame.points[[*upper, *lower[::-1]]]
        cells = (outline - frame.nodes[0, 0]) / frame.stride
        cv2.fillPoly(eyes, [np.rint(cells * 16).astype(np.int32)], 1, shift=4)
    away = (
        cv2.distanceTransform(1 - eyes, cv2.DIST_L2, 5) if eyes.any() else np.full(eyes.shape, 99)
    )
    free = smoothstep(*_LID_FREE, away * (frame.stride / frame.unit))
    if still is not None:
        left, top, right, bottom = frame.box
        part = blur(still[top:bottom, left:right], 0.02 * frame.unit)
        x = np.clip((frame.nodes[..., 0] - left).astype(int), 0, part.shape[1] - 1)
        y = np.clip((frame.nodes[..., 1] - top).astype(int), 0, part.shape[0] - 1)
        free = free * (1 - np.clip(3 * part[y, x], 0, 1))
    return np.asarray(free, np.float32)


def _at_least(axis: FloatArray) -> FloatArray:
    length = max(float(np.linalg.norm(axis)), 1e-6)
    return np.asarray(axis * max(1.0, _LEAST_SEEN / length), np.float32)
