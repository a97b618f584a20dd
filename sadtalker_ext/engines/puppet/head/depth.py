"""Depth of the head and how much of its turn every pixel follows.

Both are computed once per portrait on a reduced grid. The head has its own axes in the picture
plane: `across` from the left to the right side of the picture, `down` from forehead to chin.
Lengths are measured in face widths (cheek to cheek), heights in face heights (hairline to chin).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fields import spread_colours
from sadtalker_ext.portrait.topology import CHEEK_LEFT, CHEEK_RIGHT, CHIN, FOREHEAD, triangles
from sadtalker_ext.types import FloatArray, ImageArray

_RELIEF = 1.12
"""The mesh is flatter than a head: from cheek to nose tip it is about 0.75 face widths deep,
measured heads (tragion to pronasale against bizygomatic breadth) about 0.9."""
_STEEPEST = 2.4
"""Steepest rise of the depth, face widths per face width: at 15 degrees of yaw the picture is
stretched or squeezed by 0.62 there, at 24 it would fold. Ears and the far side of a turned head
rise steeper and tore. Lower values make the turn smaller to the eye: a tracker sees 0.78 of it
without this limit, 0.70 with it and 0.65 with 1.5."""
_ROUNDNESS = 0.25
"""How steeply the skull rises at its outline; smaller is steeper (see `head_depth`)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HeadFrame:
    """Position, size and directions of a head in the picture.

    Attributes:
        across: (2,) unit vector from the left to the right side of the face.
        down: (2,) unit vector from the forehead to the chin.
        centre: (2,) middle of the face in pixels.
        chin: (2,) lowest point of the face in pixels.
        width: Face width in pixels.
        height: Face height in pixels.
        axis_depth: z of the skull's vertical axis, where the silhouette lies.
    """

    across: FloatArray
    down: FloatArray
    centre: FloatArray
    chin: FloatArray
    width: float
    height: float
    axis_depth: float

    @classmethod
    def from_points(cls, points: FloatArray) -> HeadFrame:
        """Measure a head from its (478, 3) mesh points."""
        spine = points[CHIN, :2] - points[FOREHEAD, :2]
        height = max(float(np.hypot(*spine)), 1.0)
        down = spine / height
        across = np.array([down[1], -down[0]], np.float32)
        cheeks = points[CHEEK_RIGHT] - points[CHEEK_LEFT]
        width = max(float(np.linalg.norm(cheeks)), 0.6 * height)
        ears = float(points[[CHEEK_LEFT, CHEEK_RIGHT], 2].mean())
        return cls(
            across=across,
            down=down.astype(np.float32),
            centre=np.asarray((points[CHIN, :2] + points[FOREHEAD, :2]) / 2, np.float32),
            chin=points[CHIN, :2].copy(),
            width=width,
            height=height,
            axis_depth=ears + 0.05 * width,
        )

    def local(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return positions as face widths across from the centre, face heights below the chin."""
        across = (x - self.centre[0]) * self.across[0] + (y - self.centre[1]) * self.across[1]
        below = (x - self.chin[0]) * self.down[0] + (y - self.chin[1]) * self.down[1]
        return across / self.width, below / self.height


def follow_weight(frame: HeadFrame, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how much of the head's turn each position follows, 1 on the head, 0 on the torso.

    Above the chin everything belongs to the head. Below, the neck follows less and less; beside
    the jaw the weight falls sideways so that raised shoulders and collars stay where they are.
    """
    across, below = frame.local(x, y)
    neck = 1.0 - smoothstep(-0.05, 0.62, below)
    beside = smoothstep(0.60, 1.25, np.abs(across)) * smoothstep(-0.55, 0.05, below)
    return np.asarray(neck * (1.0 - beside), np.float32)


def shoulder_weight(frame: HeadFrame, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how much collar and shoulders belong to the head's movements, 0..1."""
    across, below = frame.local(x, y)
    near = 1.0 - smoothstep(0.9, 1.5, np.abs(across))
    return np.asarray(
        near * smoothstep(-0.35, 0.1, below) * (1.0 - smoothstep(0.2, 0.6, below)), np.float32
    )


def chest_weight(frame: HeadFrame, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return how much of a breath shoulders and chest take, 0..1: less towards arms and belly."""
    across, below = frame.local(x, y)
    near = 1.0 - smoothstep(0.9, 1.7, np.abs(across))
    return np.asarray(
        near * smoothstep(-0.35, 0.1, below) * (1.0 - smoothstep(0.3, 1.0, below)), np.float32
    )


def fade_weight(frame: HeadFrame, x: FloatArray, y: FloatArray) -> FloatArray:
    """Return a weight that fades out around the head, for pictures without a usable mask."""
    across, below = frame.local(x, y)
    vertical = below + 0.6
    radius = np.hypot(across / 0.62, np.where(vertical < 0, vertical / 0.85, vertical / 0.8))
    return np.asarray(1.0 - smoothstep(1.0, 2.2, radius), np.float32)


def head_depth(
    frame: HeadFrame,
    points: FloatArray,
    inside: FloatArray,
    step: int,
) -> FloatArray:
    """Return the depth of every grid point, smooth, in pixels, negative towards the camera.

    The face takes the mesh's depth; the outline of hair and skull lies at the depth of the skull's
    axis; between them the depth bulges like an ellipsoid; the neck lies between chin and axis.

    Args:
        frame: The head.
        points: (478, 3) mesh points, in pixels of the full-size region.
        inside: (h, w) person's matte on the grid.
        step: Pixels per grid point; grid point i lies at pixel ``i * step + (step - 1) / 2``.
    """
    size: tuple[int, int] = inside.shape[:2]
    depth, known = _mesh_depth(points, size, step)
    rows, columns = np.indices(size).astype(np.float32) * step + (step - 1) / 2
    across, below = frame.local(columns, rows)
    # Heights above the axis, in face widths.
    height = _RELIEF * (frame.axis_depth - depth) / frame.width
    outline = (inside < 0.5) & (known == 0)
    height[outline], known[outline] = 0.0, 1.0
    throat = (np.abs(across) < 0.3) & (below > 0.3)
    height[throat], known[throat] = 0.35, 1.0
    # The squared height of an ellipsoid is a quadratic function of the place, so squares are
    # continued instead of heights; adding the roundness keeps the slope at the outline finite.
    square = np.sign(height) * ((np.abs(height) + _ROUNDNESS) ** 2 - _ROUNDNESS**2)
    square = spread_colours(square[..., None].astype(np.float32), known)[..., 0]
    height = np.sign(square) * (np.sqrt(np.abs(square) + _ROUNDNESS**2) - _ROUNDNESS)
    height = _no_steeper(np.asarray(height, np.float32), _STEEPEST * step / frame.width)
    full = frame.axis_depth - frame.width * height
    sigma = max(0.03 * frame.width / step, 0.5)
    return np.asarray(cv2.GaussianBlur(full, (0, 0), sigma), np.float32)


def _no_steeper(height: FloatArray, slope: float) -> FloatArray:
    """Raise what lies beside steep rises of (h, w) heights until nothing rises faster per point."""
    square = np.ones((3, 3), np.uint8)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    for turn in range(2 * max(height.shape)):
        # squares and crosses by turns grow an octagon, nearly a disc
        kernel, way = (square, np.sqrt(2.0)) if turn % 2 else (cross, 1.0)
        beside = cv2.dilate(height, kernel) - np.float32(slope * way)
        if (beside <= height).all():
            break
        height = np.maximum(height, beside)
    return height


def _mesh_depth(
    points: FloatArray, size: tuple[int, int], step: int
) -> tuple[FloatArray, FloatArray]:
    """Draw the mesh's depth, nearest triangle on top; return it and where it is known."""
    depth = np.zeros(size, np.float32)
    known: ImageArray = np.zeros(size, np.uint8)
    corners = np.round((points[:, :2] - (step - 1) / 2) / step * 16).astype(np.int32)
    corners_of = triangles()
    middle = points[corners_of, 2].mean(1)
    for index in np.argsort(-middle):
        corner = corners[corners_of[index]]
        cv2.fillConvexPoly(depth, corner, float(middle[index]), cv2.LINE_8, 4)
        cv2.fillConvexPoly(known, corner, 1, cv2.LINE_8, 4)
    return depth, known.astype(np.float32)
