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

_JAW = (127, 227, 177, 215, 138, 136, 149, 148, 152, 377, 378, 365, 367, 435, 401, 447, 356)
_BROWS = (*BROW_LEFT_UPPER[:4], 55, 285, *BROW_RIGHT_UPPER[3::-1])
_NOSE = (168, 197, 5, 4, 75, 97, 2, 326, 305)
# the inner corners lie on the lower lid: where detectors see the end of the eyeball, not of the lid
_EYE_LEFT = (33, 160, 158, 155, 153, 144)
_EYE_RIGHT = (382, 385, 387, 263, 373, 380)
_LIPS_OUTER = (
    *(LIPS_OUTER_UPPER[i] for i in (0, 3, 4, 5, 6, 7, 10)),
    *(LIPS_OUTER_LOWER[i] for i in (7, 6, 5, 4, 3)),
)
_LIPS_INNER = (
    *(LIPS_INNER_UPPER[i] for i in (0, 4, 5, 6, 10)),
    *(LIPS_INNER_LOWER[i] for i in (6, 5, 4)),
)

MESH_TO_68 = (*_JAW, *_BROWS, *_NOSE, *_EYE_LEFT, *_EYE_RIGHT, *_LIPS_OUTER, *_LIPS_INNER)
"""For each of the 68 points the mesh point nearest to it, by measurement on portraits."""

# fmt: off
_SHIFT = np.array((
    (-0.018, 0.017), (-0.019, 0.053), (-0.032, -0.095), (-0.029, -0.024), (-0.024, 0.042),
    (0.006, 0.034), (-0.048, -0.006), (-0.08, 0), (0, 0.022), (0.08, 0),
    (0.048, -0.006), (-0.006, 0.034), (0.024, 0.042), (0.029, -0.024), (0.032, -0.095),
    (0.019, 0.053), (0.018, 0.017), (-0.021, 0.035), (0.038, 0), (0.088, 0.013),
    (0.093, 0.028), (0.027, -0.055), (-0.027, -0.055), (-0.093, 0.028), (-0.088, 0.013),
    (-0.038, 0), (0.021, 0.035), (0, 0.03), (0, -0.023), (0, -0.045),
    (0, 0.021), (0, 0.023), (0.015, 0.009), (0, 0.033), (-0.015, 0.009),
    (0, 0.023), (0.007, 0.02), (0.034, 0.007), (0.021, 0.02), (-0.004, 0.003),
    (-0.021, 0.018), (-0.011, 0.013), (0.004, 0.003), (-0.021, 0.02), (-0.034, 0.007),
    (-0.007, 0.02), (0.011, 0.013), (0.021, 0.018), (-0.013, 0.013), (-0.023, 0.028),
    (0.011, 0.02), (0, 0.027), (-0.011, 0.02), (0.023, 0.028), (0.013, 0.013),
    (0.034, -0.012), (-0.004, 0.012), (0, 0.014), (0.004, 0.012), (-0.034, -0.012),
    (0.018, 0.02), (-0.011, 0.016), (0, 0.023), (0.011, 0.016), (-0.018, 0.02),
    (0.012, 0.009), (0, 0.016), (-0.012, 0.009),
), np.float32)
# fmt: on
"""(68, 2) mean way from that mesh point to where a 68-point detector (dlib's) sees the landmark, as
shares of the vector from eye to eye and of the vector from the eyes to the mouth. Measured on 12
portraits and their mirror images; the table is symmetric."""


def landmarks_68(points: FloatArray) -> FloatArray:
    """Return (68, 2) float32 picture pixels from the (478, 3) mesh."""
    near = points[list(MESH_TO_68), :2].astype(np.float32)
    left, right = near[36:42].mean(axis=0), near[42:48].mean(axis=0)
    across, down = right - left, (near[48] + near[54] - left - right) / 2
    moved: FloatArray = near + _SHIFT @ np.stack([across, down])
    return moved
