"""Follow one face through finished frames."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait.detect import Detection
from sadtalker_ext.portrait.mesh import region_of
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray

_SURE = 0.5
"""Mesh scores below this mean that the square shows no face."""


class FaceFollower:
    """Gives the mesh of the same face in frame after frame; a `PointFinder`.

    Args:
        models: The face models.
        start: (478, 3) points near which the face lies in the first frame; without them the
            largest face is followed.
    """

    def __init__(self, models: FaceModels, start: FloatArray | None = None) -> None:
        self._models = models
        self._last = start

    def __call__(self, frame: ImageArray) -> FloatArray | None:
        """Return the (478, 3) float32 points in a (H, W, 3) uint8 RGB frame, or None."""
        if self._last is not None:
            mesh = self._models.mesher.refine(frame, region_of(self._last))
            if mesh.score >= _SURE:
                self._last = mesh.points
                return mesh.points
        faces = self._models.detector(frame)
        if not faces:
            return None
        mesh = self._models.mesher(frame, self._nearest(faces))
        if mesh.score < _SURE:
            return None
        self._last = mesh.points
        return mesh.points

    def _nearest(self, faces: list[Detection]) -> Detection:
        """Choose the face nearest to the last place, or the largest before there is one."""
        if self._last is None:
            return faces[0]
        x, y = self._last[:, :2].mean(axis=0)
        return min(faces, key=lambda face: float(np.hypot(face.x - x, face.y - y)))
