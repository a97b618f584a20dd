"""Gaze as blendshapes and as degrees, of both eyes together and of each alone.

Convention
    Eyes come as in `Motion.lids`: the one on the left side of the picture first. That is the
    person's right one. Degrees are to the right and down; a weight of 1 is `FARTHEST_GAZE`.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, FARTHEST_GAZE
from sadtalker_ext.types import FloatArray

_EYES: Final = (("Right", 1.0), ("Left", -1.0))
"""The person's side of each eye, and which way in the picture is towards the nose."""

LOOKS: Final = tuple(
    COLUMN[f"eyeLook{way}{side}"] for side, _ in _EYES for way in ("In", "Out", "Down", "Up")
)
"""Columns of the eight blendshapes."""


def turned_eyes(face: FloatArray) -> FloatArray:
    """Return where weights turn each eye, (T, 2, 2) degrees: eye, then right and down.

    Args:
        face: (T, 52) weights of the blendshapes.
    """
    found = np.zeros((len(face), 2, 2), np.float32)
    for eye, (side, inward) in enumerate(_EYES):
        into, out, down, up = (
            face[:, COLUMN[f"eyeLook{way}{side}"]] for way in ("In", "Out", "Down", "Up")
        )
        found[:, eye, 0] = inward * FARTHEST_GAZE[0] * (into - out)
        found[:, eye, 1] = FARTHEST_GAZE[1] * (down - up)
    return found


def look_weights(eyes: FloatArray) -> FloatArray:
    """Return (T, 52) weights, all zero but the eight, that turn the eyes by (T, 2, 2) degrees."""
    face = np.zeros((len(eyes), len(BLENDSHAPES)), np.float32)
    for eye, (side, inward) in enumerate(_EYES):
        across = inward * eyes[:, eye, 0] / FARTHEST_GAZE[0]
        down = eyes[:, eye, 1] / FARTHEST_GAZE[1]
        for way, weight in (("In", across), ("Out", -across), ("Down", down), ("Up", -down)):
            face[:, COLUMN[f"eyeLook{way}{side}"]] = np.clip(weight, 0, 1)
    return face


def apart(face: FloatArray) -> FloatArray:
    """Return (T, 52) weights of what each eye does beside what both do: squints, a lazy eye."""
    eyes = turned_eyes(face)
    return look_weights(np.asarray(eyes - eyes.mean(axis=1, keepdims=True), np.float32))
