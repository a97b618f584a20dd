"""From a picture to its faces, with advice when there is none."""

from __future__ import annotations

from typing import Final

import numpy as np

from sadtalker_ext.errors import FaceTooSmall, NoFaceFound, NoSuchFace
from sadtalker_ext.portrait.detect import Detection
from sadtalker_ext.portrait.mesh import FaceMesh
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import Box, Face, FloatArray, Picture

MIN_FACE_PX: Final = 32
"""Narrower faces have too few pixels for lips and eyes to be moved."""
_MIN_MESH_SCORE: Final = 0.5
_SAME_FACE: Final = 0.4


def find_faces(picture: Picture, models: FaceModels) -> list[Face]:
    """Return all faces of a picture, largest first; empty when there is none.

    A detection counts only when the mesh network agrees that it looks at a face and finds it where
    the detector did.
    """
    found: list[tuple[Detection, FaceMesh, Box]] = []
    for detection in models.detector(picture.pixels):
        mesh = models.mesher(picture.pixels, detection)
        box = box_of(mesh.points)
        if mesh.score < _MIN_MESH_SCORE or not _agree(detection, mesh.points):
            continue
        if any(_overlap(box, other) > _SAME_FACE for _, _, other in found):
            continue
        found.append((detection, mesh, box))
    found.sort(key=lambda item: -_area(item[2]))
    return [
        Face(points=mesh.points, box=box, score=detection.score, index=index, count=len(found))
        for index, (detection, mesh, box) in enumerate(found)
    ]


def find_face(picture: Picture, models: FaceModels, index: int = 0) -> Face:
    """Return one face of a picture.

    Args:
        picture: The picture.
        models: The face models.
        index: Which face, by size; 0 is the largest.

    Raises:
        NoFaceFound: There is none.
        NoSuchFace: There are fewer faces than `index` asks for.
        FaceTooSmall: The face has too few pixels.
        WeightsMissing: The face models were not fetched yet.
    """
    faces = find_faces(picture, models)
    if not faces:
        raise NoFaceFound(
            f"No face found in {picture.name}.",
            hint="Try a larger or more frontal face, or another picture.",
        )
    if not 0 <= index < len(faces):
        count = "only one face" if len(faces) == 1 else f"{len(faces)} faces"
        raise NoSuchFace(
            f"Face {index} was asked for, but {picture.name} has {count}.",
            hint=f"Faces are counted by size from 0: choose 0 to {len(faces) - 1}."
            if len(faces) > 1
            else "Choose face 0.",
        )
    face = faces[index]
    width = face.box[2] - face.box[0]
    if width < MIN_FACE_PX:
        raise FaceTooSmall(
            f"The face in {picture.name} is {width} pixels wide, and {MIN_FACE_PX} are needed.",
            hint="Use a larger picture, or upscale this one first.",
        )
    return face


def box_of(points: FloatArray) -> Box:
    """Return the tight box around points, in whole pixels; it may reach beyond the picture."""
    low = np.floor(points[:, :2].min(0))
    high = np.ceil(points[:, :2].max(0)) + 1
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _agree(detection: Detection, points: FloatArray) -> bool:
    """Say whether a mesh lies where the detector saw the face, at a similar size."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    x, y = (low + high) / 2
    ratio = float((high - low).max()) / detection.side
    apart = float(np.hypot(x - detection.x, y - detection.y)) / detection.side
    return 0.5 < ratio < 2.0 and apart < 0.5


def _area(box: Box) -> int:
    return max(box[2] - box[0], 0) * max(box[3] - box[1], 0)


def _overlap(a: Box, b: Box) -> float:
    both = _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))
    return both / (_area(a) + _area(b) - both)
