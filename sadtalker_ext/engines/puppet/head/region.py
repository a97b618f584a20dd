"""Which part of a picture the turn of a head can change."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.fields import grid
from sadtalker_ext.engines.puppet.head.depth import (
    HeadFrame,
    chest_weight,
    fade_weight,
    follow_weight,
)
from sadtalker_ext.portrait.topology import OVAL
from sadtalker_ext.types import Box, FloatArray, ImageArray

_FOLLOWS = 0.003
"""A weight below this moves nothing that can be seen."""
_BREATHES = 0.02
"""A chest that takes less of a breath than this stays."""
_REACH = 0.28
"""How far anything can move, in face widths, at the largest turn that is asked for."""


def face_core(points: FloatArray, size: tuple[int, ...]) -> ImageArray:
    """Return (H, W) uint8, 1 inside the face oval."""
    core: ImageArray = np.zeros(size, np.uint8)
    outline = cv2.convexHull(np.round(points[list(OVAL), :2]).astype(np.int32))
    cv2.fillConvexPoly(core, outline, 1)
    return core


def usable(mask: FloatArray, core: ImageArray) -> bool:
    """Tell whether a mask holds the face and leaves some background."""
    if not core.any():
        return False
    return bool(mask[core > 0].mean() > 0.6 and (mask < 0.5).mean() > 0.02)


def moving_box(frame: HeadFrame, mask: FloatArray, *, layered: bool) -> Box:
    """Return the part of the picture that a turn can change."""
    height, width = mask.shape
    places = grid(height, width)
    x, y = places[..., 0], places[..., 1]
    moving = follow_weight(frame, x, y) > _FOLLOWS
    breathing = np.zeros_like(moving)
    if layered:
        breathing = (chest_weight(frame, x, y) > _BREATHES) & (mask > 0.1)
        across, below = frame.local(x, y)
        moving &= (mask > 0.1) & (np.abs(across) < 2.5) & (below > -4.0)
    else:
        moving &= fade_weight(frame, x, y) > 0
    margin = int(np.ceil(_REACH * frame.width))
    boxes = []
    if moving.any():
        (left, right), (top, bottom) = (_ends(moving, axis) for axis in (0, 1))
        # No margin on the torso, where hardly anything moves.
        boxes.append((left - margin, top - margin, right + margin, bottom))
    if breathing.any():
        (left, right), (top, bottom) = (_ends(breathing, axis) for axis in (0, 1))
        boxes.append((left, top, right, bottom))
    if not boxes:
        # a face outside the picture: a box that holds something is easier than none
        return 0, 0, width, height
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return max(0, min(lefts)), max(0, min(tops)), min(width, max(rights)), min(height, max(bottoms))


def _ends(area: npt.NDArray[np.bool_], axis: int) -> tuple[int, int]:
    """Return the first and one after the last place across an axis of an area that is not empty."""
    places = np.flatnonzero(area.any(axis))
    return int(places[0]), int(places[-1]) + 1
