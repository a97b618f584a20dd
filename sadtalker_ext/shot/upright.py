"""Pictures that lie on their side or stand on their head."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.types import Face, Picture

log = logging.getLogger(__name__)

TURNED = "The picture was turned: its face did not stand upright."
_QUARTERS = (2, 1, 3)
"""Counter-clockwise."""
_FOREHEAD, _CHIN = 10, 152
"""Points of the mesh."""


def upright(picture: Picture, faces: Callable[[Picture], Sequence[Face]]) -> Picture | None:
    """Return a picture turned so that its face stands upright; None where that does not help.

    None also where it has a face as it is, where its landmarks or points were given, or where
    faces cannot be looked for.

    Args:
        picture: The picture.
        faces: Finds faces.
    """
    if picture.landmarks is not None or picture.face_points:
        return None
    try:
        if faces(picture):
            return None
        found = []
        for quarters in _QUARTERS:
            turned = _turned(picture, quarters)
            found += [(_standing(face), turned) for face in faces(turned)[:1]]
        return max(found, key=lambda one: one[0])[1] if found else None
    except (SadTalkerError, ImportError) as problem:
        log.debug("the picture was not turned: %s", problem)
    return None


def _turned(picture: Picture, quarters: int) -> Picture:
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, quarters))
    alpha = picture.alpha
    alpha = None if alpha is None else np.ascontiguousarray(np.rot90(alpha, quarters))
    return replace(picture, pixels=pixels, alpha=alpha)


def _standing(face: Face) -> float:
    """Return 1 for a face that stands upright, -1 for one on its head."""
    down = face.points[_CHIN] - face.points[_FOREHEAD]
    return float(down[1] / max(np.hypot(down[0], down[1]), 1e-6))
