"""How a blink looks, on any folder of faces.

``python -m benchmarks.blink_look --portraits DIR --json OUT`` draws every portrait (the example
without a folder) with its lids at several closures and measures each eye:

* new edges: share of the skin between brow and eye that gets a strong edge that the open eye does
  not have within a few pixels, 90th percentile over the closures (torn or painted lids have them);
* faint: the same share for weaker edges, which torn lids of low contrast have;
* seams: share of the shut lid itself that has an edge stronger than the skin above it;
* colour: distance of the shut lid's mean colour to the skin round it, in CIELAB;
* lash share: share of the skin between brow and eye that the lash mask takes;
* seen: share of the opening in which the shut eye is still seen, by its pixels (`seen_eyes`), null
  where the eye cannot be told from the skin; seen apart: largest difference between the closures
  of the two lids down to the half, by pixels as well;
* depth: gap between the lid curves of the shut eye as a share of the open one's, by the product's
  own tracker; apart: largest difference between the two lids' closures so measured;
* control: the depth that the tracker sees in eyes shut for certain: the skin beside them filled in
  over each eye, with one dark line along the lower lid. Where this is high the tracker is wrong
  about the picture, and a depth no higher says nothing against the lid.
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.faces import measure_by_command, measure_faces
from benchmarks.lids import lid_gaps
from benchmarks.seen_eyes import OpenEye
from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE, EyeIndices
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.portrait.mesh import region_of
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray

CLOSURES = tuple(np.linspace(0.3, 1.0, 8))
EYES = (LEFT_EYE, RIGHT_EYE)
STRONG, FAINT = (2.0, 12.0), (1.5, 6.0)
_HALF = 0.51
_SIDE = 160  # pixels of the square in which every eye is measured
_EYE = 0.55  # corner to corner, as a share of it


class EyeView(NamedTuple):
    """One eye, turned upright and scaled to the same size on every picture.

    Attributes:
        matrix: (2, 3) from picture to view pixels.
        above: (160, 160) bool, skin between brow and upper lid.
        opening: (160, 160) bool, what lies between the open lids.
        lid: (160, 160) bool, what the closing lid covers, without its lash line.
        ring: (160, 160) bool, skin round the eye.
    """

    matrix: FloatArray
    above: FloatArray
    opening: FloatArray
    lid: FloatArray
    ring: FloatArray

    def eye_in(self, opened: ImageArray) -> OpenEye:
        """Return the open eye of a view, to be looked for in others."""
        return OpenEye(opened, self.opening, self.above | self.ring, _SIDE * _EYE)

    def of(self, picture: ImageArray) -> ImageArray:
        """Return the eye's view of a picture, (160, 160, 3)."""
        method = cv2.INTER_AREA if np.linalg.norm(self.matrix[0, :2]) < 1 else cv2.INTER_LINEAR
        size = (_SIDE, _SIDE)
        return cv2.warpAffine(
            picture, self.matrix, size, flags=method, borderMode=cv2.BORDER_REPLICATE
        )


def eye_view(points: FloatArray, eye: EyeIndices) -> EyeView:
    """Lay the view over one eye of a (478, 3) mesh."""
    ends = points[[eye.upper[0], eye.upper[-1]], :2].astype(np.float64)
    left, right = ends if ends[0, 0] < ends[1, 0] else ends[::-1]
    across = right - left
    scale = _SIDE * _EYE / max(float(np.linalg.norm(across)), 1e-6)
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    middle = (left + right) / 2
    matrix = cv2.getRotationMatrix2D(middle.tolist(), angle, scale)
    matrix[:, 2] += np.array([_SIDE / 2, 0.62 * _SIDE]) - middle

    def line(ids: tuple[int, ...]) -> FloatArray:
        places = np.c_[points[list(ids), :2], np.ones(len(ids))] @ matrix.T
        return places[np.argsort(places[:, 0])]

    brow, upper, lower = line(eye.brow_bottom), line(eye.upper), line(eye.lower)
    above = _filled(np.r_[brow + np.array([0, 4]), (upper - np.array([0, 7]))[::-1]])
    opening = _filled(np.r_[upper, lower[::-1]])
    ring = cv2.dilate(opening, np.ones((25, 25))) & ~cv2.dilate(opening, np.ones((7, 7)))
    lid = _filled(np.r_[upper, (lower - np.array([0, 0.09 * _SIDE]))[::-1]]) & opening
    return EyeView(matrix, above > 0, opening > 0, lid > 0, ring > 0)


def _filled(outline: FloatArray) -> ImageArray:
    mask = np.zeros((_SIDE, _SIDE), np.uint8)
    cv2.fillPoly(mask, [np.round(outline).astype(np.int32)], 1)
    return mask


def slopes(view: ImageArray) -> FloatArray:
    """Return the steepest change of any CIELAB channel at every pixel, (h, w)."""
    lab = cv2.cvtColor(view, cv2.COLOR_RGB2LAB).astype(np.float32)
    lab = cv2.GaussianBlur(lab, (0, 0), 1.0)
    x, y = (cv2.Sobel(lab, cv2.CV_32F, 1 - i, i) for i in (0, 1))
    return np.hypot(x, y).max(-1)


def new_edges(
    opened: ImageArray, closing: ImageArray, where: FloatArray, least: tuple[float, float] = STRONG
) -> float:
    """Return the share of `where` with an edge that is not near one of the open eye.

    Args:
        opened: (160, 160, 3) view of the open eye.
        closing: The same view while the lid comes down.
        where: (160, 160) bool pixels that count.
        least: How many times the open eye's slope nearby and how much more make an edge.
    """
    return edges_beyond(slopes(opened), closing, where, least)


def edges_beyond(
    before: FloatArray, closing: ImageArray, where: FloatArray, least: tuple[float, float] = STRONG
) -> float:
    """Return the share of `where` with an edge that is not near one of given `slopes`."""
    if where.sum() < 40:
        return 0.0
    near = cv2.dilate(before, np.ones((9, 9)))
    return float((slopes(closing) > least[0] * near + least[1])[where].mean())


def seams(shut: ImageArray, view: EyeView) -> float:
    """Return the share of the shut lid with edges unlike the skin above it."""
    if view.lid.sum() < 20 or view.above.sum() < 40:
        return 0.0
    found = slopes(shut)
    return float((found > 12 + 2 * np.percentile(found[view.above], 90))[view.lid].mean())


def colour_distance(shut: ImageArray, view: EyeView) -> float:
    """Return the distance of the lid's mean colour to that of the skin round it, CIELAB."""
    lab = cv2.cvtColor(shut.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    if view.lid.sum() < 20 or view.ring.sum() < 20:
        return 0.0
    return float(np.linalg.norm(lab[view.lid].mean(0) - lab[view.ring].mean(0)))


def measure_lids(
    picture: ImageArray, points: FloatArray, models: FaceModels | None = None
) -> dict[str, Any]:
    """Measure the blink of one face; the worse eye counts.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        models: For the measures by the tracker, left out without.
    """
    layer = EyeLayer(picture, points)
    frames = []
    for closure in CLOSURES:
        frame = picture.copy()
        layer.apply(frame, (closure, closure), (0.0, 0.0), 0.0)
        frames.append(frame)
    row: dict[str, Any] = {"edges": 0.0, "faint": 0.0, "seams": 0.0, "colour": 0.0}
    eyes = []
    for eye in EYES:
        view = eye_view(points, eye)
        opened, drawn = view.of(picture), [view.of(frame) for frame in frames]
        eyes.append(_EyeRow(view.eye_in(opened), drawn))
        for name, least in (("edges", STRONG), ("faint", FAINT)):
            found = [new_edges(opened, one, view.above, least) for one in drawn]
            row[name] = max(row[name], float(np.percentile(found, 90)))
        row["seams"] = max(row["seams"], seams(drawn[-1], view))
        row["colour"] = max(row["colour"], colour_distance(drawn[-1], view))
    row |= _seen(eyes)
    row["lash_share"] = max(layer.lash_shares(), default=0.0)
    row["warnings"] = list(layer.warnings)
    if models is not None:
        row |= _tracked(picture, frames, points, models)
    return {key: round(one, 4) if isinstance(one, float) else one for key, one in row.items()}


class _EyeRow(NamedTuple):
    eye: OpenEye
    drawn: list[ImageArray]


def _seen(eyes: list[_EyeRow]) -> dict[str, float | None]:
    """Say what is seen of the shut eyes, and how far apart the two lids are on their way."""
    ends = [share for one in eyes if (share := one.eye.share(one.drawn[-1])) is not None]
    part = [number for number, closure in enumerate(CLOSURES) if closure <= _HALF]
    lids = [[one.eye.closure(one.drawn[number]) for number in part] for one in eyes]
    both = [(a, b) for a, b in zip(*lids, strict=True) if a is not None and b is not None]
    return {
        "seen": max(ends, default=None),
        "seen_apart": max((abs(a - b) for a, b in both), default=None),
    }


def _tracked(
    picture: ImageArray, frames: list[ImageArray], points: FloatArray, models: FaceModels
) -> dict[str, float]:
    """Follow the lids with the product's tracker."""
    shown = (picture, *frames, shut_for_certain(picture, points))
    meshes = [models.mesher.refine(frame, region_of(points)) for frame in shown]
    gaps = lid_gaps(np.stack([mesh.points for mesh in meshes]))
    shares = gaps[1:] / np.maximum(gaps[0], 1e-6)
    apart = np.abs(shares[:-1, 0] - shares[:-1, 1])
    depth, control = (float(one.mean()) for one in shares[-2:])
    return {"depth": depth, "apart": float(apart.max()), "control": control}


def shut_for_certain(picture: ImageArray, points: FloatArray) -> ImageArray:
    """Return the picture with skin and one dark line in place of both eyes."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    for eye in EYES:
        ring = points[[*eye.upper, *eye.lower[::-1]], :2]
        cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 1)
    thick = max(1, round(0.06 * float(np.ptp(points[list(LEFT_EYE.upper), 0]))))
    dark = np.percentile(picture[mask > 0], 5, axis=0) if mask.any() else np.zeros(3)
    wide = cv2.dilate(mask, np.ones((2 * thick + 1, 2 * thick + 1)))
    shut = cv2.inpaint(picture, wide, 5, cv2.INPAINT_TELEA)
    for eye in EYES:
        line = [np.round(points[list(eye.lower), :2] * 16).astype(np.int32)]
        cv2.polylines(shut, line, False, [float(one) for one in dark], thick, cv2.LINE_AA, 4)
    return shut


def run() -> dict[str, Any]:
    """Measure the example portrait."""
    return measure_faces(None, measure_lids)


if __name__ == "__main__":
    sys.exit(measure_by_command(__doc__, measure_lids))
