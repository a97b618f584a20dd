"""What of a drawn face goes back into a frame: the mouth with cheeks and chin."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

_JAW = topology.OVAL[11:26]
"""The oval from below one ear over the chin to below the other."""
_CHEEKS = (50, 280)
_NOSE = (2,)
_BELOW = 0.10
"""How far the chin may sink, in heights of the face."""


def lower_face(points: FloatArray) -> FloatArray:
    """Return (K, 2) float32 frame pixels around what speech moves, from (478, 3) mesh points."""
    flat = np.asarray(points[:, :2], np.float32)
    down = flat[topology.CHIN] - flat[topology.FOREHEAD]
    jaw = flat[list(_JAW)]
    chin = flat[[topology.CHIN]]
    # the parts of the jaw sink the more, the nearer they are to the chin
    height = max(float(np.linalg.norm(down)), 1e-6)
    near = np.exp(-((np.linalg.norm(jaw - chin, axis=1) / (0.35 * height)) ** 2))
    sunk = jaw + _BELOW * near[:, None].astype(np.float32) * down
    return np.concatenate([sunk, flat[list(_CHEEKS)], flat[list(_NOSE)]])
