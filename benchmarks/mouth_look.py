"""How the inside of a talking mouth looks, on any folder of faces.

``python -m benchmarks.mouth_look --portraits DIR --json OUT`` draws every portrait (the example
without a folder) with its mouth in several shapes and measures each:

* upper rows: bright bands of teeth down the middle of the mouth that do not lie on the lower lip,
  the most in any shape (two of them are double teeth);
* bright: brightness of the lit part of the teeth against the brightest skin beside the mouth;
* side: by how much (logarithm) the teeth's light on the left and on the right differs from the
  skin's, which is large where teeth are as bright on the shadow side;
* sharp: blur of the edges inside the mouth against that of the face's own edges;
* separate: change of light from tooth to tooth along the row against its brightness.

A value is null where the picture does not allow it to be measured (no colour, too few pixels).
"""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.faces import measure_by_command, measure_faces
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.mesh import region_of
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray

SHAPES = {
    "open": {"jaw": 0.9, "relax": 1.0},
    "half": {"jaw": 0.4, "relax": 1.0},
    "wide": {"jaw": 0.3, "wide": 0.8, "relax": 1.0},
    "as in the picture": {"jaw": 0.4},
}
_SIDE = 200  # pixels of a mouth width in which every mouth is measured
_STEP, _LEVEL = 0.25, 0.1  # logarithms of brightness: between two rows of teeth, and along one
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class MouthView(NamedTuple):
    """One mouth, turned upright and scaled to the same size on every picture.

    Attributes:
        matrix: (2, 3) from picture to view pixels.
        top: Row of the upper lip's inner edge in the middle.
        bottom: Row of the lower lip's inner edge.
        lips: Rows of the middle of each lip.
    """

    matrix: FloatArray
    top: float
    bottom: float
    lips: tuple[float, float]

    def of(self, picture: ImageArray) -> FloatArray:
        """Return the view of a picture, (400, 400, 3), the mouth in its middle."""
        method = cv2.INTER_AREA if np.linalg.norm(self.matrix[0, :2]) < 1 else cv2.INTER_LINEAR
        size = (2 * _SIDE, 2 * _SIDE)
        view = cv2.warpAffine(
            picture, self.matrix, size, flags=method, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(view, np.float32)


def mouth_view(points: FloatArray) -> MouthView:
    """Lay the view over the mouth of a (478, 3) mesh."""
    left, right = points[[topology.MOUTH_CORNER_LEFT, topology.MOUTH_CORNER_RIGHT], :2].astype(
        np.float64
    )
    if left[0] > right[0]:
        left, right = right, left
    across = right - left
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    scale = _SIDE / max(float(np.linalg.norm(across)), 1e-6)
    middle = (left + right) / 2
    matrix = cv2.getRotationMatrix2D(middle.tolist(), angle, scale)
    matrix[:, 2] += _SIDE - middle

    def row(number: int) -> float:
        return float(matrix[1] @ [*points[number, :2], 1.0])

    top, bottom = row(topology.LIP_MIDDLE_UPPER), row(topology.LIP_MIDDLE_LOWER)
    lips = (0.5 * (row(0) + top), 0.5 * (row(17) + bottom))
    return MouthView(matrix, top, max(bottom, top), lips)


def redness(view: FloatArray) -> FloatArray:
    """How much more red than grey (..., 3) values are."""
    return (view[..., 0] - view[..., 1:].mean(-1)) / (view @ _LUMA + 10)


def teeth_of(view: FloatArray, where: MouthView) -> FloatArray | None:
    """(400, 400) bool: pixels between the lips, or just above them, that are as pale as teeth."""
    soft = cv2.GaussianBlur(view, (0, 0), 1.0)
    red, light = redness(soft), soft @ _LUMA
    columns = slice(_SIDE - 50, _SIDE + 51)
    lips = [np.median(red[round(row) - 2 : round(row) + 3, columns]) for row in where.lips]
    bright = [np.median(light[round(row) - 2 : round(row) + 3, columns]) for row in where.lips]
    first, last = int(where.top - 0.1 * _SIDE), int(where.bottom + 0.03 * _SIDE)
    inside = red[first:last, columns][light[first:last, columns] > 0.4 * min(bright)]
    if inside.size < 50 or min(lips) - np.percentile(inside, 4) < 0.1:
        return None
    low = float(np.percentile(inside, 4))
    found = (red < low + 0.7 * (min(lips) - low)) & (light > 0.4 * min(bright))
    found[:first], found[last:] = False, False
    return found


def bands(column: FloatArray) -> list[tuple[int, int]]:
    """First and last row of each band of at least 4 set rows in a (h,) bool column."""
    closed = cv2.morphologyEx(column.astype(np.uint8)[:, None], cv2.MORPH_CLOSE, np.ones((9, 1)))
    edges = np.flatnonzero(np.diff(np.r_[0, closed[:, 0], 0].astype(int)))
    return [(a, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 4]


def upper_rows(view: FloatArray, found: FloatArray, where: MouthView) -> int:
    """Count the rows of upper teeth, as most lines down the mouth show them.

    A band on the lower lip is a row of lower teeth; one much darker than the first, or far below
    it, is a tongue.
    """
    first, last = int(where.top - 0.1 * _SIDE), int(where.bottom + 0.03 * _SIDE) - 1
    counts = []
    for column in range(_SIDE - 40, _SIDE + 41, 4):
        light = view[:, column] @ _LUMA
        rows = [b for b in bands(found[:, column]) if b[0] > first and b[1] < last]
        rows = [part for b in rows for part in _split(b, light)]
        bright = [float(light[a : b + 1].max()) for a, b in rows]
        counts.append(
            sum(
                a - rows[0][1] < 0.15 * _SIDE
                and 0.55 * bright[0] < one < 2.5 * bright[0]
                and (a == rows[0][0] or b < where.bottom - 0.07 * _SIDE)
                for (a, b), one in zip(rows, bright, strict=True)
            )
        )
    return int(np.percentile(counts, 70))


def _split(band: tuple[int, int], light: FloatArray) -> list[tuple[int, int]]:
    """Cut a band where its brightness steps from one level to another, as between two rows."""
    line = np.log(np.maximum(light, 1.0))
    best, cut = _STEP, 0
    for row in range(band[0] + 8, band[1] - 6):
        above, below = line[row - 8 : row - 2], line[row + 2 : row + 8]
        step = abs(float(above.mean() - below.mean()))
        if max(np.ptp(above), np.ptp(below)) < _LEVEL and step > best:
            best, cut = step, row
    return [band] if cut == 0 else [(band[0], cut - 1), (cut + 1, band[1])]


def skin_sides(view: FloatArray, where: MouthView) -> tuple[float, float, float]:
    """Light of the skin left and right of the mouth, and of the brightest skin near it."""
    light = view @ _LUMA
    low, high = int(where.lips[1] + 0.2 * _SIDE), int(where.lips[1] + 0.45 * _SIDE)
    sides = [light[low:high, a:b] for a, b in ((60, 150), (250, 340))]
    beside = [light[150:250, a:b] for a, b in ((20, 80), (320, 380))]
    values = [
        float(np.median(np.r_[s.ravel(), b.ravel()])) for s, b in zip(sides, beside, strict=True)
    ]
    near = np.r_[tuple(part.ravel() for part in (*sides, *beside))]
    return max(values[0], 1.0), max(values[1], 1.0), max(float(np.percentile(near, 97)), 1.0)


def edge_blur(grey: FloatArray, where: FloatArray) -> float | None:
    """Blur of the strong edges among (h, w) bool pixels, from their fall after one more blur."""
    first, second = (
        np.hypot(cv2.Sobel(g, cv2.CV_32F, 1, 0), cv2.Sobel(g, cv2.CV_32F, 0, 1))
        for g in (grey, cv2.GaussianBlur(grey, (0, 0), 1.5))
    )
    strong = where & (first > 8)
    if strong.sum() < 20:
        return None
    strong &= first > np.percentile(first[strong], 75)
    ratio = float(np.median(first[strong] / np.maximum(second[strong], 1e-3)))
    return float(1.5 / np.sqrt(max(ratio**2 - 1, 0.05)))


def measure_mouth_look(
    picture: ImageArray,
    points: FloatArray,
    models: FaceModels | None = None,
) -> dict[str, Any]:
    """Measure the mouth of one face.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        models: Find the lips of the drawn mouths; without them those of the picture count.
    """
    layer = MouthLayer(picture, points)
    row: dict[str, Any] = dict.fromkeys(("upper_rows", "bright", "side", "sharp", "separate"))
    for name, controls in SHAPES.items():
        frame = picture.copy()
        layer.apply(frame, controls)
        mesh = points
        if models is not None:
            mesh = models.mesher.refine(frame, region_of(points)).points
        where = mouth_view(mesh)
        view = where.of(frame)
        found = teeth_of(view, where)
        if found is not None:
            row["upper_rows"] = max(row["upper_rows"] or 0, upper_rows(view, found, where))
        if name == "open":
            row |= _of_open(picture, frame, mesh, view, where)
    return {key: round(one, 3) if isinstance(one, float) else one for key, one in row.items()}


def _of_open(
    picture: ImageArray,
    frame: ImageArray,
    mesh: FloatArray,
    view: FloatArray,
    where: MouthView,
) -> dict[str, float | None]:
    """Light and sharpness inside the open mouth."""
    inner = [*topology.LIPS_INNER_UPPER, *topology.LIPS_INNER_LOWER[-2:0:-1]]
    mask = np.zeros(frame.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(mesh[inner, :2]).astype(np.int32)], 1)
    around = cv2.dilate(mask, np.ones((3, 3)), iterations=max(2, round(mask.sum() ** 0.5)))
    core = cv2.erode(mask, np.ones((3, 3)), iterations=2)
    greys = [cv2.cvtColor(one, cv2.COLOR_RGB2GRAY).astype(np.float32) for one in (frame, picture)]
    inside, face = edge_blur(greys[0], core > 0), edge_blur(greys[1], around > 0)
    result: dict[str, float | None] = {"sharp": inside / face if inside and face else None}
    between = where.of(cv2.merge([core * 255] * 3))[..., 0] > 200
    between[int(0.5 * (where.top + where.bottom)) :] = False
    light = view @ _LUMA
    if between.sum() < 300:
        return result
    found = between & (light > 0.6 * np.percentile(light[between], 95))
    left, right, brightest = skin_sides(view, where)
    result["bright"] = float(np.percentile(light[found], 90)) / brightest
    halves = [light[:, part][found[:, part]] for part in (slice(0, _SIDE), slice(_SIDE, None))]
    if min(len(half) for half in halves) > 60:
        teeth = np.log([max(float(np.percentile(half, 75)), 1.0) for half in halves])
        result["side"] = float(abs(teeth[0] - teeth[1] - np.log(left / right)))
    result["separate"] = _separation(light, found)
    return result


def _separation(light: FloatArray, found: FloatArray) -> float | None:
    """Fine change of light along the row of teeth, against its brightness."""
    columns = np.flatnonzero(found.sum(0) >= 4)
    columns = columns[np.abs(columns - _SIDE) < 60]
    if len(columns) < 40:
        return None
    line = np.array([np.median(light[found[:, c], c]) for c in columns], np.float32)
    smooth = cv2.GaussianBlur(line[None], (0, 0), 8)[0]
    return float(np.std(line - smooth) / max(float(smooth.mean()), 1.0))


def run() -> dict[str, Any]:
    """Measure the example portrait."""
    return measure_faces(None, measure_mouth_look)


if __name__ == "__main__":
    sys.exit(measure_by_command(__doc__, measure_mouth_look))
