"""How lips shut that were filmed open: what of them is left out, and how the rest is stretched."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.lips import LipLines
from sadtalker_ext.types import FloatArray

_WIDE = (0.2, 0.6)
"""Openings in halves of the mouth's width from which it is wide open."""
_BEHIND = 0.06
"""How far behind the edge of such lips the mesh can be, in the same unit."""
_SHUTS = ((0.06, 0.3), (0.03, 0.2))
"""Openings in the same unit from which the filmed mouth is open, and the new one no longer shut."""
_EDGE = (0.05, 0.14)
"""How far from the edge of lips that shut shadows of the open mouth lie, in the same unit: in the
middle, and in the corners."""
_TRUST = 0.6
"""What is left out no more where the edge was seen: teeth in the shadow of a lip look like it."""
_MOST_LEFT_OUT = 0.4
"""Share of a lip's thickness that at most is left out for such reasons."""
_MOST_TAKEN_IN = 0.6
"""The same of what lies before the mesh's edge and belongs to the lip."""
THIN = 0.07
"""Thickness that every lip has, in the same unit."""
_CORNER_BEGINS = (0.6, 1.0)
_CORNER = (0.98, 1.08, 2.0)
"""Where lips end, in the same unit: fading between the first two; so many times more slowly where
they shut, because the corners of an open mouth are dark beyond the mesh's."""


def shutting(before: LipLines, after: LipLines, gap: FloatArray) -> FloatArray:
    """Return (h, w) how far an open mouth is shut, 0..1, where lips are apart by a gap."""
    opened = smoothstep(*_SHUTS[0], np.float32(before.opening / before.half))
    return opened * (1 - smoothstep(*_SHUTS[1], gap / after.half))


def behind_edge(before: LipLines, shuts: FloatArray, along: FloatArray, told: float) -> FloatArray:
    """Return (h, w) how far behind the mesh's edge lips begin, in halves of the mouth.

    The mesh takes a little of the teeth behind the lips of a wide open mouth for lip, and knows
    nothing of the shadows in its corners.

    Args:
        before: Edges of the lips in the frame.
        shuts: (h, w) how far an open mouth is shut.
        along: (h, w) distance from the middle of the mouth, in halves of it.
        told: How far it is known where the lip begins, but for the corners, 0..1.
    """
    corner = smoothstep(*_CORNER_BEGINS, along)
    guessed = 1 - _TRUST * told * (1 - corner)
    wide = smoothstep(*_WIDE, np.float32(before.opening / before.half))
    edge = _EDGE[0] + (_EDGE[1] - _EDGE[0]) * corner
    inward: FloatArray = guessed * (_BEHIND * wide + edge * shuts)
    return inward


def pulled(
    inward: FloatArray, depth: FloatArray, before: FloatArray, after: FloatArray
) -> FloatArray:
    """Return (h, w) how many pixels further into a lip what is seen lies, to leave out its edge.

    What is left of the lip is stretched over its thickness: its outer edge stays.

    Args:
        inward: How far behind the mesh's edge the lip begins; less than 0 before it.
        depth: How far from the new edge pixels lie; less than 0 on the lip.
        before: Thickness of the lip as filmed.
        after: The same as it will be.
    """
    most = _MOST_LEFT_OUT * np.minimum(before, after)
    left_out = np.clip(inward, -_MOST_TAKEN_IN * after, most)
    reach = np.maximum(np.minimum(3 * np.abs(left_out), after), 1e-3)
    pull: FloatArray = left_out * np.clip(1 + depth / reach, 0, 1) + np.maximum(depth, 0)
    return pull


def between_corners(along: FloatArray, shuts: FloatArray) -> FloatArray:
    """Return (h, w) 1 between the corners, falling to 0 beyond them."""
    beyond = (along - _CORNER[0]) / (1 + _CORNER[2] * shuts)
    return smoothstep(_CORNER[1] - _CORNER[0], 0.0, beyond)
