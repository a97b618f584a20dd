"""The circle of the iris as the picture shows it: the face mesh knows only usual eyes.

Irises of drawn and rendered faces are larger, and a glance to the side puts the mesh's circle
beside the true one; either leaves a piece of the iris behind when the eye looks elsewhere. The
circle is found where going outwards the eye turns from iris to white (Daugman, "High confidence
visual recognition of persons by a test of statistical independence", 1993: the integro-differential
operator), near the mesh's, and as far as the lids let it be seen.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import soft_switch
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

# In radii of the mesh's iris.
_ACROSS, _DOWN, _PLACES = 0.45, 0.28, 0.07  # how far the middle may lie from the mesh's, and steps
_RADII = np.exp(np.arange(-11, 16) * 0.04)  # 0.64 to 1.82
_BESIDE = 3  # steps of the radius on both sides of an edge
_ANGLES = 32
_USUAL_AWAY, _USUAL_SIZE = 0.30, 0.20  # deviations from the mesh that are expected, size as its log
_EXPECT = 0.35  # weight of that against what is seen
_SEEN = 5.0  # angles of a half circle that have to be seen for it to count in full
_DARKEST = 0.5  # of the white: below are pupil, rim and lashes, whose edges do not count
# Grey levels from iris to white. Both eyes of 44 portraits: circles that look right 12 to 85, wrong
# ones (closed, dark or blurred eyes, statues) below 13 and one of 21 (hair across a closed eye).
_TRUST = (8.0, 20.0)


def find_iris(patch: ImageArray, shape: EyeShape) -> tuple[float, float, float]:
    """Measure the circle of the iris.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye; its iris is where the mesh sees it.

    Returns:
        Centre x, y and radius in patch pixels; the mesh's where the picture shows no circle.
    """
    pixel = 1.0 / shape.size
    ball = (shape.v > shape.upper + 0.02 + pixel) & (shape.v < shape.lower - pixel)
    ball &= np.abs(shape.u) < 0.47
    radius = shape.iris[2]
    if not ball.any() or radius < 1.0:
        return shape.iris
    # Red alone has the contrast of blue eyes, blue alone that of amber ones.
    level = (0.5 * patch.min(-1) + 0.5 * patch[..., 0]).astype(np.float32)
    white = float(np.percentile(level[ball], 90))
    level = np.clip(level, _DARKEST * white, 1.05 * white)
    counts = (round(most / _PLACES) for most in (_ACROSS, _DOWN))
    offsets = [_PLACES * np.arange(-count, count + 1) for count in counts]
    middles = np.stack([axis.ravel() for axis in np.meshgrid(*offsets)], -1)
    middles = middles @ np.stack([shape.across, shape.down])
    rises = _rises(level, ball.astype(np.float32), shape, middles)
    sizes = _RADII[_BESIDE:-_BESIDE]
    away = ((middles / _USUAL_AWAY) ** 2).sum(-1)[:, None] + (np.log(sizes) / _USUAL_SIZE) ** 2
    middle, size = np.unravel_index(int((rises * np.exp(-_EXPECT * away / 2)).argmax()), away.shape)
    trust = soft_switch(*_TRUST, float(rises[middle, size]))
    x, y = np.asarray(shape.iris[:2]) + trust * radius * middles[middle]
    return float(x), float(y), float(radius * sizes[size] ** trust)


def _rises(level: FloatArray, ball: FloatArray, shape: EyeShape, middles: FloatArray) -> FloatArray:
    """Say by how much it gets lighter across each circle, (centres, radii) grey levels.

    The half towards the nose and the half towards the temple both have to, where they are seen.
    """
    turn = (np.arange(_ANGLES) + 0.5) * (2 * np.pi / _ANGLES)
    ways = np.stack([np.cos(turn), np.sin(turn)], -1)
    places = middles[:, None, None] + _RADII[:, None, None] * ways
    places = shape.iris[:2] + shape.iris[2] * places
    flat = places.reshape(len(middles), -1, 2).astype(np.float32)
    levels, seen = (
        np.asarray(sample(field, flat, border=cv2.BORDER_REPLICATE)).reshape(places.shape[:3])
        for field in (level, ball)
    )
    inner, outer = np.s_[:, : -2 * _BESIDE], np.s_[:, 2 * _BESIDE :]
    rise, both = levels[outer] - levels[inner], np.minimum(seen[outer], seen[inner])
    right = ways @ shape.across > 0
    sums, counts = (
        np.stack([field[..., side].sum(-1) for side in (right, ~right)])
        for field in (rise * both, both)
    )
    whole = sums.sum(0) / np.maximum(counts.sum(0), 1e-3)
    whole *= np.minimum(counts.sum(0) / (2 * _SEEN), 1)
    halves = whole + np.minimum(counts / _SEEN, 1) * (sums / np.maximum(counts, 1e-3) - whole)
    return np.asarray(0.5 * whole + 0.5 * halves.min(0), np.float32)
