"""Layout of the coefficient rows of the 3-D face model.

A row has 73 numbers: expression 64, head angles 3, translation 3, and where alignment placed the
crop 3 (scale, x and y in pixels of the frame). The first 70 are what the audio networks produce.
The reconstruction network gives 257 numbers per picture (SPEC 6).
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.engines.sadtalker.alignment import Alignment
from sadtalker_ext.types import FloatArray

EXPRESSION = slice(0, 64)
ANGLES = slice(64, 67)
POSE = slice(64, 70)
DRIVEN = 70
FULL = 73

_RECOVERED_EXPRESSION = slice(80, 144)
_RECOVERED_ANGLES = slice(224, 227)
_RECOVERED_TRANSLATION = slice(254, 257)


def coefficient_row(recovered: FloatArray, alignment: Alignment) -> FloatArray:
    """Return the (73,) float32 row of one picture.

    Args:
        recovered: (257,) float32 output of the reconstruction network.
        alignment: How the picture was aligned for it.
    """
    placement = np.array([alignment.scale, alignment.x, alignment.y], np.float32)
    return np.concatenate(
        [
            recovered[_RECOVERED_EXPRESSION],
            recovered[_RECOVERED_ANGLES],
            recovered[_RECOVERED_TRANSLATION],
            placement,
        ]
    )
