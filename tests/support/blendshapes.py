"""Weights of all blendshapes from a few of them."""

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides


def weights(**named):
    """Return (52,) float32; a name without a side means both."""
    face = np.zeros(len(BLENDSHAPES), np.float32)
    for name, value in named.items():
        for one in both_sides(name):
            face[COLUMN[one]] = value
    return face
