"""The 478-point face mesh in the numbering of 68-point detectors.

Convention: the iBUG scheme as seen in the picture: 0-16 jaw from the picture's left ear over the
chin to the right ear, 17-26 brows, 27-30 nose ridge, 31-35 nose base, 36-47 eyes, 48-59 outer and
60-67 inner lips.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait.topology import (
    BROW_LEFT_UPPER,
    BROW_RIGHT_UPPER,
    LIPS_INNER_LOWER,
    LIPS_INNER_UPPER,
    LIPS_OUTER_LOWER,
    LIPS_OUTER_UPPER,
)
from sadtalker_ext.types import FloatArray

_JAW = (127, 234, 93, 132, 58, 172, 150, 176, 152, 400, 379, 397, 288, 361, 323, 454, 356)
_BROWS = (*BROW_LEFT_UPPER, *BROW_RIGHT_UPPER[::-1])
_NOSE = (168, 197, 5, 4, 98, 97, 2, 326, 327)
_EYE_LEFT = (33, 160, 158, 133, 153, 144)
_EYE_RIGHT = (362, 385, 387, 263, 373, 380)
_LIPS_OUTER = (
    *(LIPS_OUTER_UPPER[i] for i in (0, 2, 4, 5, 6, 8, 10)),
    *(LIPS_OUTER_LOWER[i] for i in (8, 6, 5, 4, 2)),
)
_LIPS_INNER = (
    *(LIPS_INNER_UPPER[i] for i in (0, 3, 5, 7, 10)),
    *(LIPS_INNER_LOWER[i] for i in (7, 5, 3)),
)

MESH_TO_68 = (*_JAW, *_BROWS, *_NOSE, *_EYE_LEFT, *_EYE_RIGHT, *_LIPS_OUTER, *_LIPS_INNER)
"""For each of the 68 points the mesh point at the same place."""


def landmarks_68(points: FloatArray) -> FloatArray:
    """Return (68, 2) float32 picture pixels from the (478, 3) mesh."""
    return points[list(MESH_TO_68), :2].astype(np.float32)
