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

_PLAIN = 0.1
"""Share of a line that may be of another colour where it belongs to a bar beside the picture."""
_STEP = 12.0
"""Grey levels from a bar to the picture beside it, at least."""
_STEP_PX = 3
"""Pixels of that step, at most: what compression makes of an edge."""
_ALONG = 0.75
"""Share of a bar's length that must end in such a step: before a plain wall only a head does. Nine
bars of 44 portraits have 0.80 to 1.0, plain walls at most 0.32."""
_WIDEST = 0.4
"""Share of the picture that one bar takes, at most."""


def content_box(picture: ImageArray) -> Box:
    """Return the part of a picture between plain bars, as of a film; without any all of it.

    Bars are looked for between those across them: where a picture has bars on all sides, none of
    them ends in the picture along its whole length.

    Args:
        picture: (H, W, 3) uint8.
    """
    height, width = picture.shape[:2]
    low, high = _bars(picture)
    top, bottom = low, height - high
    low, high = _bars(picture[top:bottom].swapaxes(0, 1))
    left, right = low, width - high
    if (top, bottom) == (0, height) and (left, right) != (0, width):
        low, high = _bars(picture[:, left:right])
        top, bottom = low, height - high
    return left, top, right, bottom


def _bars(rows: ImageArray) -> tuple[int, int]:
    """Return how many rows the bars at the top and at the bottom of an image have."""
    return _bar(rows), _bar(rows[::-1])


def _bar(rows: ImageArray) -> int:
    """Return how many rows a bar at the top of an image has, 0 for none."""
    own = np.median(rows[0].reshape(-1, 3), axis=0)
    for first in range(int(_WIDEST * len(rows))):
        if _unlike(rows[first], own) > _PLAIN:
            step = range(first, min(first + _STEP_PX + 1, len(rows)))
            ends = [row for row in step if _unlike(rows[row], own) > _ALONG]
            # the first row of the picture has something of the bar yet
            return ends[0] + 1 if ends and first > 1 else 0
    return 0


def _unlike(line: ImageArray, colour: npt.NDArray[np.float64]) -> float:
    """Return which share of a line of pixels has another colour."""
    return float((np.abs(line - colour).max(-1) > _STEP).mean())


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


def moving_box(
    frame: HeadFrame, mask: FloatArray, *, layered: bool, within: Box | None = None
) -> Box:
    """Return the part of the picture that a turn can change; nothing outside of `within`."""
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
    first_x, first_y, end_x, end_y = within or (0, 0, width, height)
    return (
        max(first_x, min(lefts)),
        max(first_y, min(tops)),
        min(end_x, max(rights)),
        min(end_y, max(bottoms)),
    )


def _ends(area: npt.NDArray[np.bool_], axis: int) -> tuple[int, int]:
    """Return the first and one after the last place across an axis of an area that is not empty."""
    places = np.flatnonzero(area.any(axis))
    return int(places[0]), int(places[-1]) + 1
