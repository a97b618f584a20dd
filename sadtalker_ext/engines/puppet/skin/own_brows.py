"""Brows that are worried in the picture: a smile lets them go.

A picture whose face is sad keeps its brows when it is made to smile, and looks sad with a smile
then. How oblique brows are is measured on the mesh; what is usual, and how far people differ, is
known from portraits.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

_INNER: Final = (107, 66, 55, 65, 336, 296, 285, 295)
_OUTER: Final = (70, 63, 105, 46, 53, 300, 293, 334, 276, 283)
_WORRIED = (0.020, 0.028)
"""How much higher the inner ends lie than the outer ones, in face widths: usual, and worried. Of 44
portraits the median is 0.015 and the middle two thirds lie within 0.010 of it; those whose brows
look sad have 0.027 to 0.029, and the highest 0.033."""
_LET_GO = 0.35
"""Weight of `browInnerUp` that a full smile takes from worried brows."""


def heights_of(points: FloatArray) -> FloatArray:
    """Return how high the points of a face lie, (N,) in face widths, upright as the face is.

    Args:
        points: (478, 3) mesh points.
    """
    across = points[topology.CHEEK_RIGHT] - points[topology.CHEEK_LEFT]
    unit = max(float(np.linalg.norm(across)), 1e-6)
    across = across / unit
    upward = points[topology.FOREHEAD] - points[topology.CHIN]
    upward = upward - across * float(upward @ across)
    upward = upward / max(float(np.linalg.norm(upward)), 1e-6)
    return np.asarray(points @ upward / unit, np.float32)


def worried(points: FloatArray) -> float:
    """Return 0..1, how worried the brows of a picture are.

    Args:
        points: (478, 3) mesh points.
    """
    heights = heights_of(points)
    oblique = heights[list(_INNER)].mean() - heights[list(_OUTER)].mean()
    return float(smoothstep(*_WORRIED, oblique))


def beside_own_brows(face: FloatArray, worry: float) -> FloatArray:
    """Return the weights of a frame for a picture whose brows are worried.

    A smile that reaches the eyes lowers their inner ends, where nothing else moves them.

    Args:
        face: (52,) weights of the blendshapes.
        worry: 0..1, see `worried`.
    """
    smile, cheek = (
        0.5 * float(face[COLUMN[f"{name}Left"]] + face[COLUMN[f"{name}Right"]])
        for name in ("mouthSmile", "cheekSquint")
    )
    joy = min(smile, cheek)
    if worry <= 0 or joy <= 0:
        return face
    left = face.copy()
    left[COLUMN["browInnerUp"]] -= _LET_GO * worry * joy
    return left
