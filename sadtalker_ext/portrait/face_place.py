"""Where mesh points lie in a frame of a video, and the part of the frame round them."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.planes import Planes
from sadtalker_ext.types import Box, FloatArray, ImageArray

_CUT_PX = 320
"""Side of the part a mesh is looked for in: the network sees 192 pixels."""
SAME_PLACE = 0.45
"""Distance of two meshes, in face sizes, below which they are the same face."""


def cut_out(planes: Planes, box: Box) -> tuple[ImageArray, FloatArray, float]:
    """Return a part of a frame, its corner in the frame, and its scale."""
    part = planes.inside(box)
    picture, scale = planes.look(part, _CUT_PX)
    return picture, np.array(part[:2], np.float32), scale


def around(points: FloatArray, margin: float) -> Box:
    """Return the box around mesh points with a margin, in sizes of the face."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    reach = margin * float((high - low).max())
    left, top = np.floor(low - reach).astype(int)
    right, bottom = np.ceil(high + reach).astype(int) + 1
    return int(left), int(top), int(right), int(bottom)


def in_one_place(one: FloatArray, other: FloatArray) -> bool:
    """Tell whether two meshes are of one face."""
    away = np.linalg.norm(middle_of(one) - middle_of(other))
    return bool(away < SAME_PLACE * min(size_of(one), size_of(other)))


def middle_of(points: FloatArray) -> FloatArray:
    """Return the (2,) middle of the box around mesh points."""
    middle: FloatArray = (points[:, :2].min(0) + points[:, :2].max(0)) / 2
    return middle


def size_of(points: FloatArray) -> float:
    """Return the longer side of the box around mesh points."""
    return float(np.ptp(points[:, :2], axis=0).max())
