"""Whether the mouth of a face can be seen: not behind a mask or a hand, not cut off by the edge.

The face mesh always has a mouth; on a mask or a hand it is a guess, and lips drawn there look
wrong. Values of 44 portraits that show their mouth, and of one with a surgical mask, stand beside
the thresholds; those for hands in `portrait.hands`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import Face, FloatArray, ImageArray, Picture

HiddenByHands = Callable[[ImageArray, FloatArray, float], float]
"""Returns how much of an outline (N, 2) on a face so many pixels high lies behind hands, 0 to 1."""

_LIPS: Final = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39,
                40, 185)  # fmt: skip
_AROUND: Final = (2, 164, 18, 200, 199, 57, 287, 43, 273, 106, 204, 424, 206, 426, 92, 322, 167,
                  393)  # fmt: skip
_CHEEKS: Final = (50, 280, 101, 330, 36, 266, 205, 425, 117, 346)
_CHIN: Final = 152
"""Points of the mesh: the outline of the lips, what surrounds them, cheeks, and the chin."""

OTHER_COLOUR: Final = 25.0
"""Difference of a* and b* between the surroundings of the mouth and the cheeks: at most 18.6 (a
white beard), 13.8 without beards; 35.1 for the mask."""
NO_LIPS: Final = 0.5
"""Difference of L*, a* and b* (0 to 255) between lips and surroundings: at least 2.3; 0 for the
mask."""
CUT_FACES: Final = 0.04
"""How far chin or lips lie outside, in face heights: at most 0.001; 0.09 where the edge cuts the
lower lip."""
_BELOW: Final = 0.3
"""Distance of mouth and cheeks in widths of the mouth: 0.54 to 1.05 on 32 portraits."""
_PATCH: Final = 0.015

_HIDDEN: Final = 0.25
"""Part of the lips behind a hand. Hands pasted beside 44 mouths: at most 0.05."""

COVERED = (
    "The mouth seems to be covered, by a mask or a hand: lips that are drawn there look wrong. "
    "Use a picture that shows it."
)
CUT = "The picture's edge cuts off chin or mouth: lips look wrong there. Use a picture with more."


def mouth_warnings(
    picture: Picture, face: Face, hands: HiddenByHands | None = None
) -> tuple[str, ...]:
    """Say what keeps the mouth of a face from being seen.

    Args:
        picture: The picture.
        face: A face of it.
        hands: Tells what hands hide; without it none is noticed.
    """
    if not _is_mesh(face.points):
        return ()
    if _is_cut(face.points[:, :2], picture.size):
        return (CUT,)
    if picture.face_points:
        return ()  # who placed a mouth on a mask means it
    points = face.points[:, :2]
    covered = _is_covered(picture.pixels, points)
    if not covered and hands is not None:
        lips, height = points[list(_LIPS)], float(np.ptp(points[:, 1]))
        covered = hands(picture.pixels, lips, height) > _HIDDEN
    return (COVERED,) if covered else ()


def _is_mesh(points: FloatArray) -> bool:
    """Tell whether the points are the mesh of a face, with a mouth below its cheeks."""
    if len(points) <= max(*_LIPS, *_AROUND, *_CHEEKS, _CHIN):
        return False
    lips, cheeks = points[list(_LIPS)], points[list(_CHEEKS)]
    across = float(np.hypot(np.ptp(lips[:, 0]), np.ptp(lips[:, 1])))
    apart = float(np.linalg.norm((lips.mean(axis=0) - cheeks.mean(axis=0))[:2]))
    return across > 0 and apart > _BELOW * across


def _is_cut(points: FloatArray, size: tuple[int, int]) -> bool:
    height = max(float(np.ptp(points[:, 1])), 1.0)
    low = points[[*_LIPS, _CHIN]]
    outside = max(float(-low.min()), *(float(low[:, axis].max()) - size[axis] for axis in (0, 1)))
    return outside > CUT_FACES * height


def _is_covered(pixels: ImageArray, points: FloatArray) -> bool:
    radius = max(1, round(_PATCH * float(np.ptp(points[:, 1]))))
    lips, around, cheeks = (
        _colour(pixels, points[list(one)], radius) for one in (_LIPS, _AROUND, _CHEEKS)
    )
    if lips is None or around is None or cheeks is None:
        return False
    other = float(np.linalg.norm((around - cheeks)[1:]))
    return other > OTHER_COLOUR or float(np.linalg.norm(lips - around)) < NO_LIPS


def _colour(pixels: ImageArray, points: FloatArray, radius: int) -> npt.NDArray[np.float64] | None:
    """Return the median L*a*b* (8-bit scale of OpenCV) around some points that are seen."""
    import cv2

    found = []
    height, width = pixels.shape[:2]
    for x, y in np.round(points).astype(int):
        if 0 <= x < width and 0 <= y < height:
            top, left = max(0, y - radius), max(0, x - radius)
            patch = pixels[top : y + radius + 1, left : x + radius + 1]
            lab = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_RGB2LAB)
            found.append(np.median(lab.reshape(-1, 3), axis=0))
    if not found:
        return None
    median: npt.NDArray[np.float64] = np.median(np.stack(found), axis=0)
    return median
