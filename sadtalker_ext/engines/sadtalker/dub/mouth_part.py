"""Which part of a change of the 64 expression numbers moves the mouth.

The numbers have no names, and most move several things. With the response of landmarks to them
(`calibration.py`), J_m of the mouth's and J_u of the brows' and lids', the mouth's part c of a
change d is the one with the least

    |J_m (c - d)|^2 + |J_u c|^2 + ridge |c|^2,

that is c = (J_m' J_m + J_u' J_u + ridge)^-1 J_m' J_m d (linear least squares): the mouth moves as
with the whole change, brows and lids as little as can be.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.engines.sadtalker.calibration import AIMS, EXPRESSIONS, LANDMARKS, Calibration
from sadtalker_ext.types import FloatArray

_MOUTH = ("jaw", "mouth")
_UPPER = ("brow", "eye")
_RIDGE = 0.01
"""Share of the mean response: a number that hardly moves the mouth stays as it was filmed."""

WHOLE: FloatArray = np.eye(EXPRESSIONS, dtype=np.float32)
"""The part that is everything, for a model that was not measured."""


def mouth_part(calibration: Calibration) -> FloatArray:
    """Return (64, 64) float32 the matrix that takes a change to its mouth part."""
    mouth, upper = (_response(calibration, names) for names in (_MOUTH, _UPPER))
    of_mouth = mouth @ mouth.T
    ridge = _RIDGE * float(np.trace(of_mouth)) / EXPRESSIONS
    if ridge <= 0:
        return WHOLE  # a model whose mouth never moved tells nothing
    both = of_mouth + upper @ upper.T + ridge * np.eye(EXPRESSIONS)
    return np.linalg.solve(both, of_mouth).astype(np.float32)


def landmarks_of(names: tuple[str, ...]) -> tuple[int, ...]:
    """Return the columns of `LANDMARKS` that blendshapes with such names move."""
    points = {
        point
        for name, aim in AIMS.items()
        if name.startswith(names)
        for point in (*aim.left, *aim.right)
    }
    return tuple(column for column, point in enumerate(LANDMARKS) if point in points)


def _response(calibration: Calibration, names: tuple[str, ...]) -> FloatArray:
    part = calibration.response[:, list(landmarks_of(names))]
    return part.reshape(EXPRESSIONS, -1).astype(np.float64)
