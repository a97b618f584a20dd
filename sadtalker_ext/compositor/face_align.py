"""Faces cut out as face restorers expect them, and the way back.

Convention: a restorer sees a square of 512 pixels in which eyes, nose and mouth corners lie at
fixed places, the layout of the FFHQ data set (arXiv:1812.04948). The map from frame to square is a
similarity: shift, turn and one scale, never a shear.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import Box, FloatArray, ImageArray

SIDE = 512
"""Side of the aligned square in pixels."""

TEMPLATE = np.array(
    [
        [192.98138, 239.94708],
        [318.90277, 240.1936],
        [256.63416, 314.01935],
        [201.26117, 371.41043],
        [313.08905, 371.15118],
    ],
    np.float64,
)
"""(5, 2) where the square has the left and the right eye, the nose tip and the mouth corners; the
figures all published restorers were trained with."""

# numbers of the mesh (see portrait.topology): two corners per eye, because lids and irises move
_EYES = ((33, 133), (362, 263))
_NOSE = 4
_MOUTH = (61, 291)

_GRID = 128
_FEATHER = (-10.0, 38.0)
"""The face's edge fades from this far outside to this far inside its outline, in square pixels."""
_MARGIN = 12.0
"""Width of the fade along the border of the square."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """A similarity from frame to square: x' = a*x - b*y + x0, y' = b*x + a*y + y0.

    Attributes:
        a: Scale times the cosine of the turn.
        b: Scale times its sine.
        x0: Shift to the right.
        y0: Shift down.
    """

    a: float
    b: float
    x0: float
    y0: float

    @property
    def scale(self) -> float:
        """Square pixels per frame pixel."""
        return float(np.hypot(self.a, self.b))

    @property
    def matrix(self) -> npt.NDArray[np.float64]:
        """The (2, 3) map from frame to square."""
        return np.array([[self.a, -self.b, self.x0], [self.b, self.a, self.y0]])

    def box(self, size: tuple[int, int]) -> Box:
        """Return the part of a frame of this width and height that the square covers."""
        inverse = np.linalg.inv(self.matrix[:, :2])
        corners = np.array([[0, 0], [SIDE, 0], [0, SIDE], [SIDE, SIDE]]) - (self.x0, self.y0)
        spots = corners @ inverse.T
        left, top = np.floor(spots.min(axis=0)).astype(int)
        right, bottom = np.ceil(spots.max(axis=0)).astype(int) + 1
        limit_x, limit_y = size
        return (
            min(max(int(left), 0), limit_x),
            min(max(int(top), 0), limit_y),
            min(max(int(right), 0), limit_x),
            min(max(int(bottom), 0), limit_y),
        )


def five_points(points: FloatArray) -> FloatArray:
    """Reduce the (478, 3) mesh to (5, 2): the eyes, the nose tip, the mouth corners."""
    flat = points[:, :2]
    eyes = [flat[list(pair)].mean(axis=0) for pair in _EYES]
    found: FloatArray = np.stack([*eyes, flat[_NOSE], *flat[list(_MOUTH)]]).astype(np.float32)
    return found


def align(points: FloatArray) -> Alignment:
    """Fit the square to the mesh (478, 3) by least squares over the five points."""
    seen = five_points(points).astype(np.float64)
    centre, target = seen.mean(axis=0), TEMPLATE.mean(axis=0)
    x, y = (seen - centre).T
    u, v = (TEMPLATE - target).T
    spread = max(float((x * x + y * y).sum()), 1e-9)
    a = float((x * u + y * v).sum()) / spread
    b = float((x * v - y * u).sum()) / spread
    return Alignment(
        a=a,
        b=b,
        x0=float(target[0] - a * centre[0] + b * centre[1]),
        y0=float(target[1] - b * centre[0] - a * centre[1]),
    )


def mean_alignment(alignments: Sequence[Alignment], weights: Sequence[float]) -> Alignment:
    """Return the weighted mean; for alignments of neighbouring frames, which differ little."""
    table = np.array([(one.a, one.b, one.x0, one.y0) for one in alignments])
    share = np.array(weights) / sum(weights)
    a, b, x0, y0 = (float(value) for value in share @ table)
    return Alignment(a=a, b=b, x0=x0, y0=y0)


def cut(frame: ImageArray, alignment: Alignment) -> ImageArray:
    """Return the (512, 512, 3) uint8 square of a frame; outside the frame its edge is mirrored."""
    import cv2

    from sadtalker_ext.pixels import mirrored_border

    left, top, right, bottom = alignment.box((frame.shape[1], frame.shape[0]))
    part = frame[top:bottom, left:right]
    if not part.size:
        return np.zeros((SIDE, SIDE, 3), np.uint8)
    if alignment.scale < 1:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), _blur(1 / alignment.scale)), np.uint8)
    square = cv2.warpAffine(
        part,
        _moved(alignment, left, top),
        (SIDE, SIDE),
        flags=cv2.INTER_CUBIC,
        borderMode=mirrored_border(part),
    )
    return np.asarray(square, np.uint8)


def spread(square: FloatArray, alignment: Alignment, box: Box) -> FloatArray:
    """Bring a (512, 512, C) float32 square back into a box of the frame, (h, w, C).

    Outside the square there is zero.
    """
    import cv2

    if alignment.scale > 1:
        square = np.asarray(cv2.GaussianBlur(square, (0, 0), _blur(alignment.scale)), np.float32)
    left, top, right, bottom = box
    found = cv2.warpAffine(
        square,
        _moved(alignment, left, top),
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(0, 0, 0, 0),
    )
    return np.asarray(found, np.float32)


def face_mask(points: FloatArray, alignment: Alignment) -> FloatArray:
    """Return how much of the square is face, (512, 512) float32 0..1 with soft edges.

    Args:
        points: (478, 3) mesh in the frame.
        alignment: Frame to square.
    """
    import cv2

    matrix = alignment.matrix
    placed = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    cell = SIDE / _GRID
    hull = np.asarray(cv2.convexHull((placed / cell).astype(np.float32)))
    inside = np.zeros((_GRID, _GRID), np.uint8)
    cv2.fillConvexPoly(inside, np.rint(hull * 16).astype(np.int32), 255, cv2.LINE_8, 4)
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    depth = depth - cv2.distanceTransform(255 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    low, high = _FEATHER
    share = np.clip((depth * cell - low) / (high - low), 0, 1)
    ramp = np.clip((np.minimum(np.arange(_GRID), np.arange(_GRID)[::-1]) * cell) / _MARGIN, 0, 1)
    soft = share * share * (3 - 2 * share) * ramp[:, None] * ramp
    mask = cv2.resize(soft.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    return np.asarray(mask, np.float32)


def _moved(alignment: Alignment, left: int, top: int) -> npt.NDArray[np.float64]:
    """Return the map to the square from a part of the frame whose corner lies at (left, top)."""
    matrix = alignment.matrix
    matrix[:, 2] += matrix[:, :2] @ (left, top)
    return matrix


def _blur(shrink: float) -> float:
    """Standard deviation that keeps a picture from aliasing when it is shrunk by a factor."""
    return max(0.5 * float(np.sqrt(max(shrink * shrink - 1, 0))), 0.05)
