"""Faces of a shot."""

from __future__ import annotations

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.types import Face, Shot


def first_face(shot: Shot, index: int) -> Face:
    """Return a face as the shot's first frame shows it.

    Raises:
        NoFaceFound: The first frame does not show it.
        NoSuchFace: There are fewer faces.
        FaceTooSmall: It has too few pixels.
    """
    face = shot.face(index).at(0)
    if face is None:
        raise NoFaceFound(
            f"The first frame of {shot.picture.name} does not show face {index}.",
            hint="Choose another face, or begin where it is seen.",
        )
    return face
