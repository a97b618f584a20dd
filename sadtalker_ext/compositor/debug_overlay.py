"""Mesh and key points drawn over frames, to see what the program sees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray, PointFinder

_MESH_COLOUR = (64, 224, 128)
_POINT_COLOUR = (255, 255, 255)
_IRIS_COLOUR = (255, 64, 64)
_IRISES = 468
"""Points from here on belong to the irises."""
_MESH_OPACITY = 0.35
_SHIFT = 4
"""OpenCV draws at sixteenths of a pixel."""


class PointOverlay:
    """Draws the face's mesh over every frame, and the number of the frame.

    Args:
        find_points: Follows the face.
        triangles: (K, 3) point numbers of the mesh.
    """

    def __init__(self, find_points: PointFinder, triangles: npt.NDArray[np.int64]) -> None:
        self._find_points = find_points
        self._triangles = triangles

    def frames(self, frames: Iterable[ImageArray]) -> Iterator[ImageArray]:
        """Yield (H, W, 3) uint8 RGB frames with the drawing, as new arrays."""
        for number, frame in enumerate(frames):
            points = self._find_points(frame)
            text = f"{number}" if points is not None else f"{number}  no face"
            yield _captioned(self.drawn(frame, points), text)

    def drawn(self, frame: ImageArray, points: FloatArray | None) -> ImageArray:
        """Return a copy of a frame with the mesh (478, 3) over it."""
        import cv2

        result = frame.copy()
        if points is None:
            return result
        spots = np.rint(points[:, :2] * 2**_SHIFT).astype(np.int32)
        lines = frame.copy()
        cv2.polylines(
            lines, list(spots[self._triangles]), True, _MESH_COLOUR, 1, cv2.LINE_AA, _SHIFT
        )
        result = np.asarray(
            cv2.addWeighted(lines, _MESH_OPACITY, result, 1 - _MESH_OPACITY, 0), np.uint8
        )
        radius = max(float(np.ptp(points[:, 0])) / 250, 0.8)
        for place, (x, y) in enumerate(spots.tolist()):
            colour = _IRIS_COLOUR if place >= _IRISES else _POINT_COLOUR
            cv2.circle(result, (x, y), round(radius * 2**_SHIFT), colour, -1, cv2.LINE_AA, _SHIFT)
        return result


def _captioned(frame: ImageArray, text: str) -> ImageArray:
    """Write into the upper left corner, dark behind light so that it reads on anything."""
    import cv2

    scale = max(min(frame.shape[:2]) / 600, 0.4)
    place = (round(10 * scale), round(28 * scale))
    for colour, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        thickness = max(round(width * scale), 1 + (width > 1))
        cv2.putText(
            frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thickness, cv2.LINE_AA
        )
    return frame
