"""The part of the face that the mouth moves: a grid of nodes, and how the movement fades out."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.expression import JAW_DROP
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.sheet_warp import SheetWarp
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray


def make_grid(
    frame: MouthFrame, points: FloatArray, stride: int, shape: tuple[int, ...]
) -> tuple[SheetWarp, FloatArray]:
    """Lay the grid over everything that may move.

    Args:
        frame: The mouth.
        points: (478, 3) mesh points, picture pixels.
        stride: Pixels between the nodes.
        shape: Shape of the picture.

    Returns:
        The grid, and (h, w) float32 fading of the fields: 1 where the face moves freely, 0 at the
        border of the grid.
    """
    oval = points[list(topology.OVAL), :2]
    reach = int(0.45 * frame.face_width)
    low = np.floor(oval.min(0)).astype(int) - reach
    high = np.ceil(oval.max(0)).astype(int) + reach
    height, width = shape[:2]
    low = np.clip(low, 0, [width - 1, height - 1])
    high = np.clip(high, 1, [width, height])
    whole = SheetWarp((int(low[0]), int(low[1]), int(high[0]), int(high[1])), stride)
    fade = _fade(frame, oval, whole)
    if not fade.any():
        # The mouth lies outside the picture: one still cell.
        return SheetWarp((int(low[0]), int(low[1]), int(low[0]) + 1, int(low[1]) + 1), 1), (
            np.zeros((1, 1), np.float32)
        )
    moving = cv2.dilate((fade > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    rows = np.flatnonzero(moving.any(1))
    columns = np.flatnonzero(moving.any(0))
    first = whole.nodes[rows[0], columns[0]] - (stride - 1) / 2
    left, top = round(float(first[0])), round(float(first[1]))
    box = (
        left,
        top,
        min(left + len(range(columns[0], columns[-1] + 1)) * stride, width),
        min(top + len(range(rows[0], rows[-1] + 1)) * stride, height),
    )
    part = fade[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return SheetWarp(box, stride), part


def _fade(frame: MouthFrame, oval: FloatArray, grid: SheetWarp) -> FloatArray:
    """1 on the lower face, falling to 0 outside its outline and towards the eyes."""
    nodes = grid.nodes
    mask = np.zeros(nodes.shape[:2], np.uint8)
    outline = (oval - nodes[0, 0]) / grid.stride
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    # Without a face in the grid the distance is "infinite".
    away = np.minimum(cv2.distanceTransform(1 - mask, cv2.DIST_L2, 5), 1e4)
    away = away * grid.stride / frame.face_width
    x, y = frame.local(nodes)
    v = frame.height(x, y, frame.middle)
    below = smoothstep(0.35, 0.95, v)
    # As short as the neck can give way without folding: the steepest part of the fall is 1.5
    # times its mean, and the chin goes down by about `JAW_DROP`.
    give = 2.0 * JAW_DROP * frame.size / frame.face_width
    length = 0.15 + max(give - 0.15, 0.0) * below
    outside = smoothstep(0.0, 1.0, np.asarray(away / length, np.float32))
    top = smoothstep(-1.25, -0.75, v)
    fade = cv2.GaussianBlur((1 - outside) * top, (0, 0), 0.02 * frame.face_width / grid.stride)
    # A zero rim keeps the border of the box still, except where the picture itself ends.
    result: FloatArray = np.clip((fade - 0.01) / 0.99, 0, 1).astype(np.float32)
    return result
