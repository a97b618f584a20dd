"""A mean face of 478 points, for faces that no network finds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from sadtalker_ext.types import FloatArray

FILE = Path(__file__).with_name("mean_face.npz")
"""Written by the module ``tests.support.face_template``."""


@lru_cache(maxsize=1)
def mean_face() -> FloatArray:
    """Return (478, 3) float32 points, read-only: upright, frontal, symmetric, its lips closed.

    Convention: the middle between the eyes is at 0 and the eyes are 1 apart; x to the right, y
    down, z negative towards the camera.
    """
    with np.load(FILE) as data:
        points: FloatArray = data["points"].astype(np.float32)
    points.setflags(write=False)
    return points
