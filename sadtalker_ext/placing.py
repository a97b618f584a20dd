"""Where the points of a face begin before a person moves them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sadtalker_ext.face_points import Shares
from sadtalker_ext.types import Face, Picture

_EYES: Final = 0.22
"""A face that nobody found begins with its eyes this part of the short side apart,"""
_HEIGHT: Final = 0.42
"""this far down the picture, in its middle."""


def first_points(picture: Picture, found: Sequence[Face]) -> Shares:
    """Return the points of the face that was found, else those of a mean face.

    Args:
        picture: The picture.
        found: The faces in it; of several the largest counts.
    """
    # they need OpenCV, and the tab has to appear where it is missing
    from sadtalker_ext.portrait.mean_face import mean_face
    from sadtalker_ext.portrait.placed import shares_of

    if found:
        return shares_of(found[0].points, picture.size)
    width, height = picture.size
    points = mean_face() * (_EYES * min(picture.size))
    points[:, :2] += width / 2, _HEIGHT * height
    return shares_of(points, picture.size)
