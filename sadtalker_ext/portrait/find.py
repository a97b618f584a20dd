"""From a picture to its faces, with advice when there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.errors import FaceTooSmall, NoFaceFound, NoSuchFace
from sadtalker_ext.portrait.detect import Detection
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.portrait.placed import mesh_of_68, mesh_through
from sadtalker_ext.types import Box, Face, FloatArray, ImageArray, Picture

MIN_FACE_PX: Final = 32
"""Narrower faces have too few pixels for lips and eyes to be moved."""
MOST_FACES: Final = 32
"""On each level of the search; 94 faces took minutes."""
_MIN_MESH_SCORE: Final = 0.9
_MAX_SPREAD: Final = 0.012
_SAME_FACE: Final = 0.4
_ENOUGH: Final = (0.25, 0.12)
"""Tiles of a half (a quarter) of the picture's side are searched only when no face is wider than
this part of its long side: a portrait needs one look, a crowd needs many."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Candidate:
    points: FloatArray
    box: Box
    score: float


def track_points(frames: Iterable[ImageArray], models: FaceModels) -> Iterator[FloatArray | None]:
    """Follow one face: yield the (478, 3) mesh points per frame, or None where there is none."""
    for mesh in models.mesher.track(frames, models.detector):
        yield None if mesh is None else mesh.points


def find_faces(picture: Picture, models: FaceModels) -> list[Face]:
    """Return all faces of a picture, largest first; empty when there is none.

    A detection counts only when the mesh network says that it looks at a face, finds it where the
    detector did, and finds it at the same place again when it looks from slightly elsewhere.

    A face that a person placed - by named points, or by 68 landmarks - is the only one; what is
    found at its place gives it the shape between the points.
    """
    found = _looked_for(picture, models)
    if picture.face_points or picture.landmarks is not None:
        return [_placed(picture, found)]
    found.sort(key=lambda face: -_area(face.box))
    return [
        Face(points=face.points, box=face.box, score=face.score, index=index, count=len(found))
        for index, face in enumerate(found)
    ]


def _looked_for(picture: Picture, models: FaceModels) -> list[_Candidate]:
    """Return what the networks see as faces."""
    found: list[_Candidate] = []
    long_side = max(picture.size)
    for level, detections in enumerate(models.detector.levels(picture.pixels)):
        # of a crowd only the largest: each look at a face takes its time, and nobody animates the
        # fiftieth
        largest = sorted(detections, key=lambda face: -face.side)[:MOST_FACES]
        for detection in sorted(largest, key=lambda face: -face.score):
            candidate = _verified(picture, detection, models)
            if candidate is not None and not any(
                _overlap(candidate.box, other.box) > _SAME_FACE for other in found
            ):
                found.append(candidate)
        widest = max((face.box[2] - face.box[0] for face in found), default=0)
        if level < len(_ENOUGH) and widest > _ENOUGH[level] * long_side:
            break
    return found


def _placed(picture: Picture, found: list[_Candidate]) -> Face:
    """Return the face through the points that came with the picture."""
    points, landmarks = picture.face_points, picture.landmarks

    def through(base: FloatArray | None) -> FloatArray:
        if points:
            return mesh_through(points, picture.size, base)
        return mesh_of_68(np.asarray(landmarks, np.float32), base)

    mesh = through(None)
    box = box_of(mesh)
    near = max(found, key=lambda one: _overlap(one.box, box), default=None)
    if near is not None and _overlap(near.box, box) > _SAME_FACE:
        mesh = through(near.points)
    return Face(points=mesh, box=box_of(mesh), score=1.0)


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
    return choose_face(find_faces(picture, models), picture, index)


def choose_face(faces: Sequence[Face], picture: Picture, index: int) -> Face:
    """Return one of the faces that were found in a picture.

    Raises:
        NoFaceFound: There is none.
        NoSuchFace: There are fewer faces than `index` asks for.
        FaceTooSmall: The face has too few pixels.
    """
    if not faces:
        width, height = picture.size
        tiny = min(width, height) < 2 * MIN_FACE_PX
        size = f", which has only {width} x {height} pixels" if tiny else ""
        raise NoFaceFound(
            f"No face found in {picture.name}{size}.",
            hint="Try a larger or more frontal face, or mark eyes, mouth and chin yourself.",
            remedy="face_points",
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


def _verified(picture: Picture, detection: Detection, models: FaceModels) -> _Candidate | None:
    """Return the face behind a detection, or None when it is something else."""
    mesh = models.mesher(picture.pixels, detection)
    if mesh.score < _MIN_MESH_SCORE or not _agree(detection, mesh.points):
        return None
    mesh = models.mesher.settle(picture.pixels, mesh)
    if mesh.score < _MIN_MESH_SCORE or mesh.spread > _MAX_SPREAD:
        return None
    return _Candidate(points=mesh.points, box=box_of(mesh.points), score=detection.score)


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
