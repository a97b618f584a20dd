"""The 478-point mesh of one face, in a picture or through a video.

The network is MediaPipe's face mesh with attention (arXiv:2006.10962): it looks at a turned square
around the face and refines lips, eyes and irises in branches of their own.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.detect import Detection, Detector
from sadtalker_ext.portrait.graph import Graph
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.types import FloatArray, ImageArray

SIZE: Final = 192
_MARGIN: Final = 1.5
"""The network was trained on squares this much larger than the face."""
_PASSES: Final = 2
"""The second pass looks at a square placed by the first one's points, not by the detector."""
_LOST_SCORE: Final = 0.5
_LOOK_SHIFT: Final = 0.012
_LOOK_SCALE: Final = 0.025
_LOOK_TURN_RAD: Final = 0.03
_SHARPEST_SCORE: Final = 50.0

_EYE_OUTER_LEFT, _EYE_OUTER_RIGHT = topology.EYE_LEFT_UPPER[0], topology.EYE_RIGHT_UPPER[0]
_REFINEMENTS: Final = (
    ("output_lips", topology.REFINED_LIPS),
    ("output_left_eye", topology.REFINED_EYE_LEFT),
    ("output_right_eye", topology.REFINED_EYE_RIGHT),
    ("output_left_iris", topology.IRIS_LEFT),
    ("output_right_iris", topology.IRIS_RIGHT),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceMesh:
    """The points of one face.

    Attributes:
        points: (478, 3) float32 in picture pixels; z has the same scale and is negative towards
            the camera; the irises have the z of their lids.
        score: How sure the network is that its square shows a face, 0 to 1.
        spread: How far the points move between looks at slightly different squares, as a part of
            the face's width; about 0.004 on faces, more than 0.015 on anything else. Infinite when
            there was one look only.
    """

    points: FloatArray
    score: float
    spread: float = math.inf


class Mesher:
    """The attention mesh. Safe to call from several threads.

    Args:
        path: The model file.
    """

    def __init__(self, path: Path) -> None:
        self.graph = Graph(path, often=True)

    def __call__(self, picture: ImageArray, face: Detection) -> FaceMesh:
        """Return the mesh of a detected face.

        Args:
            picture: (H, W, 3) uint8 RGB.
            face: Where to look.
        """
        region = Region(x=face.x, y=face.y, side=face.side * _MARGIN, angle_rad=face.angle_rad)
        return self.refine(picture, region, passes=_PASSES)

    def settle(self, picture: ImageArray, mesh: FaceMesh) -> FaceMesh:
        """Return a steadier mesh: the mean of eight looks at slightly different squares.

        Moving the square by a pixel moves the points by about 0.35 % of the face's width; the mean
        of eight is three times as steady. Worth it once per picture, too slow for a video. The
        eight squares are a balanced design: every shift, scale and turn appears as often with
        either sign, so that what depends on one of them linearly cancels.

        Args:
            picture: (H, W, 3) uint8 RGB.
            mesh: The mesh so far.
        """
        base = region_of(mesh.points)
        looks = [
            self._look(
                picture,
                Region(
                    x=base.x + across * _LOOK_SHIFT * base.side,
                    y=base.y + down * _LOOK_SHIFT * base.side,
                    side=base.side * (1 + grow * _LOOK_SCALE),
                    angle_rad=base.angle_rad + across * down * grow * _LOOK_TURN_RAD,
                ),
            )
            for across, down, grow in itertools.product((-1, 1), repeat=3)
        ]
        stack = np.stack([look.points for look in looks])
        points = np.asarray(stack.mean(axis=0), np.float32)
        distances = np.linalg.norm(stack[..., :2] - points[:, :2], axis=-1)
        return FaceMesh(
            points=points,
            score=sum(look.score for look in looks) / len(looks),
            spread=float(distances.mean() / np.ptp(points[:, 0])),
        )

    def refine(self, picture: ImageArray, region: Region, *, passes: int = 1) -> FaceMesh:
        """Return the mesh of the face in a region, following it for some passes."""
        mesh = self._look(picture, region)
        for _ in range(passes - 1):
            mesh = self._look(picture, region_of(mesh.points))
        return mesh

    def track(self, frames: Iterable[ImageArray], detector: Detector) -> Iterator[FaceMesh | None]:
        """Yield the mesh of the largest face of every frame, or None where there is none.

        Each frame is searched where the previous one had its face; the detector is asked only at
        the beginning and after the face was lost.

        Args:
            frames: (H, W, 3) uint8 RGB each.
            detector: Finds the face at first.
        """
        last: FaceMesh | None = None
        for frame in frames:
            if last is not None:
                last = self.refine(frame, region_of(last.points))
            if last is None or last.score < _LOST_SCORE:
                faces = detector(frame)
                last = self(frame, faces[0]) if faces else None
            yield last

    def _look(self, picture: ImageArray, region: Region) -> FaceMesh:
        outputs = self.graph((region.cut(picture, SIZE) / 255.0)[None])
        points = np.zeros((topology.MESH_POINTS, 3), np.float32)
        points[: topology.SURFACE_POINTS] = outputs["output_mesh_identity"].reshape(-1, 3)
        for name, places in _REFINEMENTS:
            points[list(places), :2] = outputs[name].reshape(-1, 2)
        for iris, upper, lower in (
            (topology.IRIS_LEFT, topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
            (topology.IRIS_RIGHT, topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
        ):
            points[list(iris), 2] = points[list(topology.ring(upper, lower)), 2].mean()
        points[:, :2] = region.to_picture(points[:, :2], SIZE)
        points[:, 2] *= region.side / SIZE
        logit = float(outputs["conv_faceflag"].reshape(-1)[0])
        limited = min(max(logit, -_SHARPEST_SCORE), _SHARPEST_SCORE)
        return FaceMesh(points=points, score=1.0 / (1.0 + math.exp(-limited)))


def region_of(points: FloatArray) -> Region:
    """Return the square around mesh points that the network likes best: upright, with margin."""
    dx, dy = points[_EYE_OUTER_RIGHT, :2] - points[_EYE_OUTER_LEFT, :2]
    angle = math.atan2(float(dy), float(dx))
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    upright = points[: topology.SURFACE_POINTS, :2] @ turn.T
    low, high = upright.min(0), upright.max(0)
    x, y = turn.T @ ((low + high) / 2)
    return Region(x=float(x), y=float(y), side=float((high - low).max()) * _MARGIN, angle_rad=angle)
