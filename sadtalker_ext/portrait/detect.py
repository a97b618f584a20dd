"""Find faces with the short-range detector, in the whole picture and in overlapping tiles.

The detector (BlazeFace, arXiv:1907.05047) sees 128x128 pixels and finds faces from about a tenth
of that up. Tiles of a half and a quarter of the picture's side bring smaller faces into its
range.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait.network import Network
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.types import FloatArray, ImageArray

SIZE: Final = 128
MIN_SCORE: Final = 0.5
_OVERLAP: Final = 0.3
"""Boxes that share more than this part of their union are the same face."""
TILE_SHARES: Final = (0.5, 0.25)
"""Sides of the tiles, as parts of the picture's long side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Detection:
    """One face as the detector sees it, in picture coordinates.

    Attributes:
        score: 0 to 1.
        x: Centre of the box.
        y: Centre of the box.
        width: Of the box, which spans about brows to chin.
        height: Of the box.
        keypoints: (6, 2) float32: eye on the left of the picture, eye on the right, nose tip,
            mouth, ear on the left, ear on the right.
    """

    score: float
    x: float
    y: float
    width: float
    height: float
    keypoints: FloatArray

    @property
    def side(self) -> float:
        """Length of the longer side of the box."""
        return max(self.width, self.height)

    @property
    def angle_rad(self) -> float:
        """Roll of the head, clockwise as the viewer sees it."""
        dx, dy = self.keypoints[1] - self.keypoints[0]
        return float(np.arctan2(dy, dx))


class Detector:
    """The short-range face detector. Safe to call from several threads.

    Args:
        path: The model file.
    """

    def __init__(self, path: Path) -> None:
        self._network = Network(path, ("regressors", "classificators"))
        self._anchors = _anchors()

    def __call__(self, picture: ImageArray) -> list[Detection]:
        """Return the faces of the coarsest level that shows any, largest first.

        Args:
            picture: (H, W, 3) uint8 RGB.
        """
        return next(filter(None, self.levels(picture)), [])

    def levels(self, picture: ImageArray) -> Iterator[list[Detection]]:
        """Yield the faces seen in the whole picture, in its half tiles, in its quarter tiles.

        The tiles of a level are searched only when it is asked for. A face may be seen on several
        levels, and not every detection is a face.

        Args:
            picture: (H, W, 3) uint8 RGB.
        """
        height, width = picture.shape[:2]
        yield _by_size(self._search(picture, _whole(width, height)))
        for share in TILE_SHARES:
            found = []
            for region in _tiles(width, height, share * max(height, width)):
                found += self._search(picture, region, inner=True)
            yield _by_size(found)

    def _search(
        self, picture: ImageArray, region: Region, *, inner: bool = False
    ) -> list[Detection]:
        """Return the faces of one square; of a tile, only those that are not cut by its edge."""
        image = region.cut(picture, SIZE, fill=0) / 127.5 - 1.0
        boxes, logits = self._network(image)
        scores = 1.0 / (1.0 + np.exp(-np.clip(logits.reshape(-1), -50, 50)))
        chosen = np.flatnonzero(scores > MIN_SCORE)
        if not chosen.size:
            return []
        # per anchor: centre, size, then six points, all relative to the anchor but the size
        values = boxes.reshape(-1, 8, 2)[chosen].astype(np.float64)
        values[:, 0] += self._anchors[chosen]
        values[:, 2:] += self._anchors[chosen][:, None]
        faces = []
        for value, score in zip(values, scores[chosen], strict=True):
            if inner and _is_cut(value, picture, region):
                continue
            scale = region.side / SIZE
            points = region.to_picture(value[[0, *range(2, 8)]].astype(np.float32), SIZE)
            faces.append(
                Detection(
                    score=float(score),
                    x=float(points[0, 0]),
                    y=float(points[0, 1]),
                    width=float(value[1, 0] * scale),
                    height=float(value[1, 1] * scale),
                    keypoints=points[1:],
                )
            )
        return faces


def _by_size(faces: Sequence[Detection]) -> list[Detection]:
    return sorted(merge(faces), key=lambda face: -face.side)


def merge(faces: Sequence[Detection]) -> list[Detection]:
    """Join detections of the same face into their mean, weighted by score."""
    waiting = sorted(faces, key=lambda face: -face.score)
    joined = []
    while waiting:
        best = waiting[0]
        group = [face for face in waiting if face is best or _shared(best, face) > _OVERLAP]
        waiting = [face for face in waiting if not any(face is member for member in group)]
        weights = np.array([face.score for face in group])
        weights /= weights.sum()
        table = np.array(
            [[f.x, f.y, f.width, f.height, *f.keypoints.ravel()] for f in group], np.float64
        )
        mean = weights @ table
        joined.append(
            Detection(
                score=best.score,
                x=float(mean[0]),
                y=float(mean[1]),
                width=float(mean[2]),
                height=float(mean[3]),
                keypoints=mean[4:].reshape(6, 2).astype(np.float32),
            )
        )
    return joined


def _shared(a: Detection, b: Detection) -> float:
    """Return the part of the union of two boxes that both cover; 1 when one lies in the other."""
    across = min(a.x + a.width / 2, b.x + b.width / 2) - max(a.x - a.width / 2, b.x - b.width / 2)
    down = min(a.y + a.height / 2, b.y + b.height / 2) - max(a.y - a.height / 2, b.y - b.height / 2)
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    areas = a.width * a.height, b.width * b.height
    # a part of a face seen by a small tile lies inside the box of the whole face
    return max(both / (sum(areas) - both), both / min(areas) - 0.5)


def _is_cut(value: npt.NDArray[np.float64], picture: ImageArray, region: Region) -> bool:
    """Say whether a box touches an edge of its tile that is not an edge of the picture."""
    low, high = value[0] - value[1] / 2, value[0] + value[1] / 2
    height, width = picture.shape[:2]
    half = region.side / 2
    margin = 0.02 * SIZE
    return bool(
        (low[0] < margin and region.x - half > 1)
        or (low[1] < margin and region.y - half > 1)
        or (high[0] > SIZE - margin and region.x + half < width - 1)
        or (high[1] > SIZE - margin and region.y + half < height - 1)
    )


def _whole(width: int, height: int) -> Region:
    return Region(x=(width - 1) / 2, y=(height - 1) / 2, side=max(width, height))


def _tiles(width: int, height: int, side: float) -> Iterator[Region]:
    """Yield squares that cover the picture, each overlapping its neighbours by half."""
    for y in _centres(height, side):
        for x in _centres(width, side):
            yield Region(x=x, y=y, side=side)


def _centres(length: int, side: float) -> list[float]:
    if side >= length:
        return [(length - 1) / 2]
    count = int(np.ceil((length - side) / (side / 2))) + 1
    return [float(centre) - 0.5 for centre in np.linspace(side / 2, length - side / 2, count)]


def _anchors() -> npt.NDArray[np.float64]:
    """Return the (896, 2) anchor centres in pixels: two per cell of 16x16, six per cell of 8x8."""
    rows = []
    for cells, repeats in ((16, 2), (8, 6)):
        line = (np.arange(cells) + 0.5) * (SIZE / cells)
        y, x = np.meshgrid(line, line, indexing="ij")
        rows.append(np.repeat(np.stack([x, y], axis=-1).reshape(-1, 2), repeats, axis=0))
    return np.concatenate(rows)
