"""A still picture as a shot: one frame, held."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from sadtalker_ext.types import Face, FollowedFace, Picture, Shot

FaceFinder = Callable[[Picture, int], Face]
"""Gives one face of a picture by its index; raises NoFaceFound, NoSuchFace or FaceTooSmall."""


def still_shot(picture: Picture, find_face: FaceFinder) -> Shot:
    """Return a picture as a shot of one frame, held as long as needed.

    Args:
        picture: The frame.
        find_face: Asked when somebody wants a face, not before.
    """

    def follow(index: int) -> FollowedFace:
        face = find_face(picture, index)
        return FollowedFace(index=index, at=lambda _: face)

    return Shot(picture=picture, frames=lambda: itertools.repeat(picture.pixels), face=follow)
