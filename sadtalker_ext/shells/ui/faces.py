"""Choosing one of several faces by clicking its numbered box."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sadtalker_ext.types import Box, Face, ImageArray, Picture

LONGEST_SIDE = 900
"""Of the picture with boxes, in pixels."""
CHOSEN = (255, 122, 24)
SPEAKING = (92, 200, 250)
OTHER = (255, 255, 255)
INK = (20, 20, 24)
_ROOM = 0.25
"""A head may move by this part of its width out of its box."""
_SHOWN_INSET = 0.085
"""By this part of their width wide boxes are shown smaller."""


def scale_of(picture: Picture) -> float:
    """Return the factor from the picture to the picture with boxes; never above 1."""
    return min(1.0, LONGEST_SIDE / max(picture.size))


def scaled_boxes(picture: Picture, faces: Sequence[Face]) -> list[Box]:
    """Return the faces' boxes in the picture with boxes, a little wider than the mesh."""
    scale = scale_of(picture)
    width, height = (round(side * scale) for side in picture.size)
    boxes = []
    for face in faces:
        left, top, right, bottom = face.box
        edge = 0.12 * (right - left)
        boxes.append(
            (
                max(0, round((left - edge) * scale)),
                max(0, round((top - 2 * edge) * scale)),
                min(width, round((right + edge) * scale)),
                min(height, round((bottom + edge) * scale)),
            )
        )
    return boxes


def wide_box(box: Box) -> Box:
    """Return a box with room for a head that moves a little."""
    left, top, right, bottom = box
    room = round(_ROOM * (right - left))
    return left - room, top - room, right + room, bottom + room


def drawn_boxes(still: Picture, boxes: Sequence[Box]) -> list[Box]:
    """Return wide boxes as they are shown and clicked: closer to the faces, scaled as the still."""
    scale = scale_of(still)
    shown = []
    for left, top, right, bottom in boxes:
        edge = _SHOWN_INSET * (right - left)
        corners = np.array([left + edge, top + edge, right - edge, bottom - edge])
        x0, y0, x1, y1 = np.rint(np.maximum(corners, 0.0) * scale).astype(int).tolist()
        shown.append((x0, y0, x1, y1))
    return shown


def draw_boxes(
    picture: Picture, boxes: Sequence[Box], chosen: int, others: Sequence[int] = ()
) -> ImageArray:
    """Return the picture, made smaller, with a numbered box around every face.

    Args:
        picture: The picture.
        boxes: As `scaled_boxes` returns them.
        chosen: Index of the box to highlight, -1 for none; those of nobody who speaks are dimmed.
        others: Indices of further ones who speak.
    """
    # the tab must appear even where a package is missing
    import cv2

    scale = scale_of(picture)
    width, height = (max(1, round(side * scale)) for side in picture.size)
    small = cv2.resize(picture.pixels, (width, height), interpolation=cv2.INTER_AREA)
    canvas: ImageArray = (small // 5 * 3).astype(np.uint8)
    speaking = {index for index in (*others, chosen) if 0 <= index < len(boxes)}
    for left, top, right, bottom in (boxes[index] for index in speaking):
        canvas[top:bottom, left:right] = small[top:bottom, left:right]
    # the size of what is drawn follows the picture: it is shown at about 400 px whatever it has
    unit = max(width, height) / 450
    order = [index for index in range(len(boxes)) if index != chosen]
    for index in [*order, chosen]:
        if 0 <= index < len(boxes):
            colour = SPEAKING if index in speaking else OTHER
            _draw_box(canvas, boxes[index], index + 1, unit, CHOSEN if index == chosen else colour)
    return canvas


def _draw_box(
    canvas: ImageArray, box: Box, number: int, unit: float, colour: tuple[int, int, int]
) -> None:
    import cv2

    left, top, right, bottom = box
    cv2.rectangle(canvas, (left, top), (right, bottom), colour, max(1, round(2 * unit)))
    radius = round(11 * unit)
    centre = (
        min(max(left, radius), canvas.shape[1] - radius - 1),
        min(max(top, radius), canvas.shape[0] - radius - 1),
    )
    cv2.circle(canvas, centre, radius, colour, cv2.FILLED, cv2.LINE_AA)
    size, thick = 0.5 * unit, max(1, round(1.3 * unit))
    (width, height), _ = cv2.getTextSize(str(number), cv2.FONT_HERSHEY_SIMPLEX, size, thick)
    origin = (centre[0] - width // 2, centre[1] + height // 2)
    cv2.putText(
        canvas, str(number), origin, cv2.FONT_HERSHEY_SIMPLEX, size, INK, thick, cv2.LINE_AA
    )


def face_at(boxes: Sequence[Box], point: tuple[int, int]) -> int | None:
    """Return the index of the box that was clicked: the smallest that holds the point.

    A click just beside a box still counts as one into it; far from all boxes it means nothing.
    """
    x, y = point
    inside = [
        index
        for index, (left, top, right, bottom) in enumerate(boxes)
        if left <= x < right and top <= y < bottom
    ]
    if inside:
        return min(inside, key=lambda index: _area(boxes[index]))
    if not boxes:
        return None
    near = min(range(len(boxes)), key=lambda index: _distance(boxes[index], point))
    reach = 0.5 * math.sqrt(_area(boxes[near]))
    return near if _distance(boxes[near], point) <= reach else None


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _distance(box: Box, point: tuple[int, int]) -> float:
    dx = max(box[0] - point[0], 0, point[0] - box[2])
    dy = max(box[1] - point[1], 0, point[1] - box[3])
    return math.hypot(dx, dy)
