"""Who a face belongs to: told by the proportions of its mesh and by how it looks.

No trained recogniser is used. Two faces are compared by the shape of their bony parts, with place,
size and turn undone, and by the colours of a small upright cut of eyes and nose. That tells the
people of one scene apart; it is no proof of who somebody is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray, ImageArray

_SIDE = 24
_BONY = (
    *topology.NOSE_RIDGE,
    *topology.NOSE_BASE,
    *(
        chain[end]
        for chain in (topology.EYE_LEFT_UPPER, topology.EYE_RIGHT_UPPER)
        for end in (0, 8)
    ),
    topology.FOREHEAD,
    topology.CHEEK_LEFT,
    topology.CHEEK_RIGHT,
    *(topology.BROW_LEFT_LOWER[::2]),
    *(topology.BROW_RIGHT_LOWER[::2]),
)
"""Points that neither speech nor blinks move much."""
_SHAPE_UNIT = 0.035
"""Difference of shapes, in units of the points' spread, that counts as much as `_LOOK_UNIT`."""
_LOOK_UNIT = 0.55
"""Difference of looks (1 - correlation) that counts as 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """What is remembered of a face.

    Attributes:
        shape: (K, 3) bony points, centred, of spread 1, turned to the front.
        look: (24 * 24 * 3,) colours of eyes and nose with mean and contrast taken out.
        tone: (3,) mean colour of the cut as shares of its brightness.
        seen: How many looks it is the mean of.
    """

    shape: FloatArray
    look: FloatArray
    tone: FloatArray
    seen: int = 1

    def differs(self, other: Likeness) -> float:
        """Return how much two faces differ: below about 1 they are the same person's."""
        shape = float(np.sqrt(np.square(self.shape - other.shape).sum(1).mean())) / _SHAPE_UNIT
        look = float(1 - self.look @ other.look) / _LOOK_UNIT
        tone = float(np.abs(self.tone - other.tone).max()) / 0.15
        return 0.25 * shape + 0.55 * look + 0.2 * tone

    def with_look(self, other: Likeness) -> Likeness:
        """Return the mean of this and a new look at the same face."""
        share = 1 / min(self.seen + 1, 50)
        look = self.look + share * (other.look - self.look)
        return Likeness(
            (self.shape + share * (other.shape - self.shape)).astype(np.float32),
            (look / max(float(np.linalg.norm(look)), 1e-6)).astype(np.float32),
            (self.tone + share * (other.tone - self.tone)).astype(np.float32),
            self.seen + 1,
        )


def likeness(picture: ImageArray, points: FloatArray) -> Likeness:
    """Measure a face.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points in its pixels.
    """
    shape = _frontal(points)
    cut = _upright_cut(picture, points)
    tone = cut.mean((0, 1))
    look = cut - cut.mean((0, 1), keepdims=True)
    look = look.ravel() / max(float(np.linalg.norm(look)), 1e-6)
    return Likeness(
        shape.astype(np.float32),
        look.astype(np.float32),
        (tone / max(float(tone.mean()), 1.0)).astype(np.float32),
    )


def _frontal(points: FloatArray) -> npt.NDArray[np.float64]:
    """Return the bony points turned so that the eyes lie level and the face looks at the viewer."""
    mesh = points.astype(np.float64)
    across = mesh[263] - mesh[33]
    across /= max(float(np.linalg.norm(across)), 1e-6)
    down = mesh[topology.NOSE_BASE[3]] - (mesh[33] + mesh[263]) / 2
    down = down - across * (down @ across)
    down /= max(float(np.linalg.norm(down)), 1e-6)
    axes = np.stack([across, down, np.cross(across, down)])
    bony = mesh[list(_BONY)]
    bony = (bony - bony.mean(0)) @ axes.T
    result: npt.NDArray[np.float64] = bony / max(
        float(np.sqrt(np.square(bony).sum(1).mean())), 1e-6
    )
    return result


def _upright_cut(picture: ImageArray, points: FloatArray) -> FloatArray:
    """Return (24, 24, 3) float32 of brows to nose, with the eyes at fixed places."""
    left, right = points[33, :2], points[263, :2]
    base = points[topology.NOSE_BASE[3], :2]
    source = np.array([left, right, base], np.float32)
    side = _SIDE
    target = np.array([[0.12, 0.3], [0.88, 0.3], [0.5, 0.92]], np.float32) * (side - 1)
    matrix = cv2.getAffineTransform(source, target)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    soft: npt.NDArray[Any] = picture
    if scale < 0.7:
        low = np.maximum(np.floor(points[:, :2].min(0)).astype(int), 0)
        high = np.ceil(points[:, :2].max(0)).astype(int) + 1
        soft = picture[low[1] : high[1], low[0] : high[0]]
        if not soft.size:
            return np.zeros((side, side, 3), np.float32)
        soft = cv2.GaussianBlur(soft, (0, 0), 0.4 / scale)
        matrix[:, 2] += matrix[:, :2] @ low
    cut = cv2.warpAffine(
        soft, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(cut, np.float32)
