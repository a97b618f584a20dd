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
    # No margin on the torso, where hardly anything moves.
    (left, right), (top, bottom) = (_ends(moving, axis) for axis in (0, 1))
    columns, (_, lowest) = (_ends(breathing, axis) for axis in (0, 1))
    left, right = min(left - margin, columns[0]), max(right + margin, columns[1])
    top, bottom = top - margin, max(bottom, lowest)
    return max(0, left), max(0, top), min(width, right), min(height, bottom)


def _ends(area: npt.NDArray[np.bool_], axis: int) -> tuple[int, int]:
    """Return the first and one after the last place across an axis; (N, 0) where there is none."""
    line = np.asarray(area.any(axis))
    places = np.flatnonzero(line)
    return (int(places[0]), int(places[-1]) + 1) if len(places) else (len(line), 0)
