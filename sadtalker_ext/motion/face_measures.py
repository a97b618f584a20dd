"""Measures of a face in one frame of a driving video: where its features are, whatever its pose.

The points that no expression moves say how the head is turned and how large it is; everything else
is measured in the face's own axes then. So a nod is no raised brow.

Convention
    Axes are `lateral`, towards the right side of the picture, and `up`, towards the forehead, of
    the first face; lengths are in its width, cheek to cheek. Sides are those of the picture.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray

FIRM: Final = (
    *topology.OVAL[:8],
    *topology.OVAL[-8:],
    *topology.NOSE_RIDGE,
    *(
        chain[end]
        for chain in (topology.EYE_LEFT_UPPER, topology.EYE_RIGHT_UPPER)
        for end in (0, 8)
    ),
)
"""Points that neither speech nor blinks move: forehead, temples, nose, corners of the eyes."""

MEASURES: Final = (
    *("gap", "chin_x", "chin_y", "lips_x"),
    *("corner_out_left", "corner_out_right", "corner_up_left", "corner_up_right"),
    *("upper_left", "upper_middle", "upper_right"),
    *("lower_left", "lower_middle", "lower_right"),
    *("inner_brow_left", "inner_brow_right", "outer_brow_left", "outer_brow_right"),
    *("brows_apart", "lower_lid_left", "lower_lid_right"),
    *("eye_left", "eye_right"),
)
"""Names of what `FaceRuler.measure` gives, in order. `left` and `right` are sides of the picture;
`eye` is how far the lids are apart as a share of the eye's width."""

LOOKS: Final = ("left_x", "left_y", "right_x", "right_y")
"""Names of what `FaceRuler.look` gives: offsets of the irises to the right and down."""

_INNER_BROWS: Final = ((107, 66, 55, 65), (336, 296, 285, 295))
_OUTER_BROWS: Final = ((70, 63, 105, 46, 53), (300, 293, 334, 276, 283))
_GAPS: Final = ((82, 87), (13, 14), (312, 317))
_UNDER_NOSE: Final = 2
_LIDS: Final = slice(3, 6)
"""Middle of the chains along the lids."""
_EYES: Final = (
    (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER, topology.IRIS_LEFT),
    (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER, topology.IRIS_RIGHT),
)


class FaceRuler:
    """Measures the faces of one video against its first one.

    Args:
        first: (478, 3) mesh points of the first face that was found.
    """

    def __init__(self, first: FloatArray) -> None:
        self.firm = first[list(FIRM)]
        lateral = first[topology.EYE_RIGHT_UPPER[0]] - first[topology.EYE_LEFT_UPPER[0]]
        lateral = lateral / max(float(np.linalg.norm(lateral)), 1e-6)
        upward = first[topology.FOREHEAD] - first[topology.CHIN]
        upward = upward - lateral * float(upward @ lateral)
        upward = upward / max(float(np.linalg.norm(upward)), 1e-6)
        across = first[topology.CHEEK_RIGHT] - first[topology.CHEEK_LEFT]
        self._unit = max(float(np.linalg.norm(across)), 1e-3)
        self._axes = np.stack([lateral, upward], axis=1).astype(np.float64)
        self._size = float(np.linalg.norm(self.firm - self.firm.mean(0)))

    def place(self, points: FloatArray) -> npt.NDArray[np.float64]:
        """Return (478, 2) places along `lateral` and `up` from the middle of the firm points."""
        firm = points[list(FIRM)].astype(np.float64)
        middle = firm.mean(0)
        turn = rotation(self.firm.astype(np.float64), firm)
        size = max(float(np.linalg.norm(firm - middle)), 1e-6) / self._size
        local = (points - middle) @ turn
        found: npt.NDArray[np.float64] = local @ self._axes / (size * self._unit)
        return found

    def measure(self, points: FloatArray) -> FloatArray:
        """Return the `MEASURES` of one face, (23,) float32."""
        at = self.place(points)
        # what lies about as deep in the face: a wrong turn moves both alike
        mouth = at - at[_UNDER_NOSE]
        left, right = mouth[topology.MOUTH_CORNER_LEFT], mouth[topology.MOUTH_CORNER_RIGHT]
        eyes = [(at[upper[0], 1] + at[upper[-1], 1]) / 2 for upper, _, _ in _EYES]
        brows = [
            at[list(chain), 1].mean() - eye
            for side in (_INNER_BROWS, _OUTER_BROWS)
            for chain, eye in zip(side, eyes, strict=True)
        ]
        gap = np.mean([at[above, 1] - at[below, 1] for above, below in _GAPS])
        lids = [
            at[list(lower[_LIDS]), 1].mean() - eye
            for (_, lower, _), eye in zip(_EYES, eyes, strict=True)
        ]
        found = (
            *(gap, at[topology.CHIN, 0], mouth[topology.CHIN, 1], (at[13, 0] + at[14, 0]) / 2),
            *(-left[0], right[0], left[1], right[1]),
            *mouth[[39, 0, 269], 1],
            *mouth[[181, 17, 405], 1],
            *brows,
            at[285, 0] - at[55, 0],
            *lids,
            *eye_openings(points),
        )
        return np.array(found, np.float32)

    def look(self, points: FloatArray) -> FloatArray:
        """Return the offsets of both irises from the middle of their eyes, (4,), see `LOOKS`.

        They are in diameters of the iris, to the right and down.
        """
        at = self.place(points)
        found: list[float] = []
        for upper, _, iris in _EYES:
            middle = (at[upper[0]] + at[upper[-1]]) / 2
            rim = np.linalg.norm(at[list(iris[1:])] - at[iris[0]], axis=1).mean()
            away = (at[iris[0]] - middle) / max(2 * float(rim), 1e-6)
            found += [float(away[0]), -float(away[1])]
        return np.array(found, np.float32)


def rotation(
    before: npt.NDArray[np.floating], after: npt.NDArray[np.floating]
) -> npt.NDArray[np.float64]:
    """Return the (3, 3) rotation that turns points (K, 3) into others, size and place apart.

    It is the best one in the sense of Kabsch (1976).
    """
    one, other = (points.astype(np.float64) - points.mean(axis=0) for points in (before, after))
    left, _, right = np.linalg.svd(one.T @ other)
    flip = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    turn: npt.NDArray[np.float64] = (left @ flip @ right).T
    return turn


def eye_openings(points: FloatArray) -> FloatArray:
    """Return the distance of the lids of both eyes (2,) as a share of the eye's width."""
    shares = []
    for upper, lower, _ in _EYES:
        edges = points[list(upper[_LIDS])] - points[list(lower[_LIDS])]
        width = np.linalg.norm(points[upper[0]] - points[upper[-1]])
        shares.append(np.linalg.norm(edges, axis=1).mean() / max(float(width), 1e-6))
    return np.array(shares, np.float32)
