"""Blending mouth shapes: every sound is felt in its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.motion.lips.visemes import SHAPED, Viseme
from sadtalker_ext.types import FloatArray

_NEIGHBOURS = 5  # on each side; farther ones are too faint to be seen
_OPENING = 0.03  # seconds over which a vowel's jaw is felt before it: mouths open fast
_CLOSING = 0.05  # and after it: they close slower
_CARRIED = 0.05  # the lips, after their sound
_JAW = SHAPED.index("jaw")


def blend(visemes: Sequence[Viseme], jaw_gain: FloatArray, times: FloatArray) -> FloatArray:
    """Return (n, 5) float32 values of `SHAPED` at the given moments.

    The dominance model of Cohen and Massaro ("Modeling coarticulation in synthetic visual
    speech", 1993): each shape pulls with a weight that falls off exponentially with the time to
    its edges, and the result is the weighted mean of all targets.

    Args:
        visemes: Shapes in order, without gaps.
        jaw_gain: (S,) factor of each shape's jaw target.
        times: (n,) seconds, rising.
    """
    if not visemes:
        return np.zeros((len(times), len(SHAPED)), dtype=np.float32)
    starts = np.array([one.start for one in visemes])
    ends = np.array([one.end for one in visemes])
    targets = np.array([one.target for one in visemes])
    targets[:, _JAW] *= jaw_gain
    weights = np.array([one.weight for one in visemes])
    before = 1 / _reaches(visemes)
    after = np.full(len(SHAPED), 1 / _CARRIED)
    after[_JAW] = 1 / _CLOSING
    current = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(visemes) - 1)
    pulled = np.zeros((len(times), len(SHAPED)))
    total = np.full((len(times), len(SHAPED)), 1e-6)
    for offset in range(-_NEIGHBOURS, _NEIGHBOURS + 1):
        index = current + offset
        inside = (index >= 0) & (index < len(visemes))
        index = np.clip(index, 0, len(visemes) - 1)
        early = np.maximum(starts[index] - times, 0)[:, None]
        late = np.maximum(times - ends[index], 0)[:, None]
        dominance = weights[index] * np.exp(-early * before[index] - late * after)
        dominance *= inside[:, None]
        pulled += dominance * targets[index]
        total += dominance
    return np.asarray(pulled / total, dtype=np.float32)


def _reaches(visemes: Sequence[Viseme]) -> FloatArray:
    """Return (S, 5) seconds over which each control is felt before its sound."""
    reach = np.array([[one.reach] * len(SHAPED) for one in visemes])
    reach[:, _JAW] = _OPENING
    return reach
