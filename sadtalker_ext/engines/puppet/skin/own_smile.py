"""Corners of the mouth that are turned up in the picture: what works against a smile lowers them.

A picture that smiles keeps its smile when it is made sad, and looks glad about it. How high the
corners lie is measured on the mesh, each side for itself; what is usual is known from portraits.
"""

from __future__ import annotations

from typing import Final

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.skin.own_brows import heights_of
from sadtalker_ext.types import FloatArray

_CORNERS: Final = {"Right": 61, "Left": 291}
"""By the person's own side: the right corner is on the left side of the picture."""
_LIPS: Final = (13, 14)
_USUAL = -0.015
"""How high the corners lie above the middle of the lips, in face widths, on a face at rest."""
_SMILES = (-0.008, 0.008)
"""The same where a smile begins, and where it is one. The mean of both corners is -0.033 to 0.001
on 31 of 45 portraits, and 0.005 to 0.077 on the 14 that smile, softly or with teeth, or shout."""
_RAISED_BY_A_SMILE = 0.06
"""Way of the corners for a `mouthSmile` of 1, in face widths, see `pushes`."""
_MOST = 0.7
"""Weight of `mouthSmile` that is taken back at most."""
_AGAINST: Final = {"mouthFrown": 1.0, "noseSneer": 0.3}
"""What pulls where a smile does not: as far as it does, the smile of a picture goes."""


def own_smile(points: FloatArray) -> dict[str, float]:
    """Return the `mouthSmile` that stands in the picture, 0..`_MOST`, by the person's side.

    Args:
        points: (478, 3) mesh points.
    """
    heights = heights_of(points)
    found = {}
    for side, corner in _CORNERS.items():
        height = float(heights[corner] - heights[list(_LIPS)].mean())
        raised = (height - _USUAL) / _RAISED_BY_A_SMILE
        found[side] = min(raised, _MOST) * float(smoothstep(*_SMILES, height))
    return found


def against_own_smile(face: FloatArray, smile: dict[str, float]) -> FloatArray:
    """Return the weights of a frame with the picture's smile undone where they work against one.

    There the weight of `mouthSmile` may become negative.

    Args:
        face: (52,) weights of the blendshapes.
        smile: See `own_smile`.
    """
    left = face
    for side, own in smile.items():
        against = sum(share * float(face[COLUMN[name + side]]) for name, share in _AGAINST.items())
        if own > 0 and against > 0:
            left = face.copy() if left is face else left
            left[COLUMN[f"mouthSmile{side}"]] -= own * min(against, 1.0)
    return left
