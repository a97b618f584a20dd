"""How far apart the lids of a tracked eye are, at right angles to the eye.

The usual measure, the distance of the two middle points of the lids, has a floor: on a shut eye the
mesh lets these points lie side by side on the seam, up to 0.4 of the open eye apart in the samples,
and it depends on the face how much. So the gap between the two curves is measured as well.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

_ALONG = np.linspace(0.15, 0.85, 29)  # from corner to corner, without the ends


def lid_gaps(points: FloatArray) -> FloatArray:
    """Return the widest gap between the lids, (T, 2) in pixels, left and right eye.

    Lids that overlap count as a gap, too.

    Args:
        points: (T, 478, 2 or more) mesh points.
    """
    eyes = (
        (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
        (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
    )
    rows = [
        [_gap(mesh[list(upper), :2], mesh[list(lower), :2]) for upper, lower in eyes]
        for mesh in np.asarray(points, dtype=np.float64)
    ]
    return np.array(rows, dtype=np.float32)


def _gap(upper: FloatArray, lower: FloatArray) -> float:
    """Compare two curves (N, 2) that share their first and last point."""
    line = upper[-1] - upper[0]
    width = float(np.linalg.norm(line))
    across = line / max(width, 1e-6)
    down = np.array([-across[1], across[0]])
    heights = []
    for curve in (upper, lower):
        offset = curve - upper[0]
        along = offset @ across / max(width, 1e-6)
        order = np.argsort(along)
        heights.append(np.interp(_ALONG, along[order], (offset @ down)[order]))
    return float(np.abs(heights[0] - heights[1]).max())
