"""Where one eye lies in the picture: its own axes, lid margins and iris.

Convention: eye coordinates (u, v) are measured from the middle between the two corners. u runs
along the line through the corners, from the corner on the left of the picture (-0.5) to the one on
the right (+0.5). v runs at right angles to it, towards the chin, in units of `size` (about one eye
width). A far eye in a three-quarter view is narrow but not low, so `size` never falls far below the
width of the other eye.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from sadtalker_ext.portrait import topology
from sadtalker_ext.types import Box, FloatArray


class EyeIndices(NamedTuple):
    """Mesh points of one eye, each chain from the outer corner to the inner one."""

    upper: topology.Chain
    lower: topology.Chain
    brow_bottom: topology.Chain
    brow_top: topology.Chain
    iris: topology.Chain


LEFT_EYE = EyeIndices(
    upper=topology.EYE_LEFT_UPPER,
    lower=topology.EYE_LEFT_LOWER,
    brow_bottom=topology.BROW_LEFT_LOWER,
    brow_top=topology.BROW_LEFT_UPPER,
    iris=topology.IRIS_LEFT,
)
RIGHT_EYE = EyeIndices(
    upper=topology.EYE_RIGHT_UPPER,
    lower=topology.EYE_RIGHT_LOWER,
    brow_bottom=topology.BROW_RIGHT_LOWER,
    brow_top=topology.BROW_RIGHT_UPPER,
    iris=topology.IRIS_RIGHT,
)

# Skin farther from the eye than this never moves: below the lower lid in eye sizes, and towards the
# nose and the temple in eye widths from the middle.
MOVING_BELOW = 0.36
MOVING_INWARD, MOVING_OUTWARD = 0.60, 0.76
_PUPIL = 0.28  # of the radius of the iris
_MOST_ROOM = 0.5  # an iris that rolls away, or a mesh that errs, is no reason to shut an eye
_CURVE_U = np.linspace(-0.5, 0.5, 65)
_PATCH_SIDE = 0.95  # the patch reaches this far left and right of the eye's middle, in eye widths
_OUTER_EXTRA = 0.06  # the mesh ends a little before the outer corner, as a share of the width
_PATCH_BELOW = 0.55  # and this far below the lower lid, in sizes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EyeShape:
    """One eye of the picture, with per-pixel maps over its patch.

    Attributes:
        box: The patch: every pixel this eye may touch.
        size: Pixels per unit of v.
        width: Pixels per unit of u (corner to corner).
        across: (2,) unit vector along u in picture coordinates.
        down: (2,) unit vector along v in picture coordinates.
        outer: Sign of u at the temple side.
        u: (h, w) float32 eye coordinate of every pixel of the patch.
        v: (h, w) float32 eye coordinate of every pixel of the patch.
        upper: (h, w) float32 v of the open upper margin at each pixel's u.
        lower: (h, w) float32 v of the open lower margin at each pixel's u.
        brow: (h, w) float32 v of the lower edge of the brow at each pixel's u.
        iris: Centre x, y and radius in patch pixels.
        openness: Largest distance between the margins, in units of `width`.
    """

    box: Box
    size: float
    width: float
    across: FloatArray
    down: FloatArray
    outer: float
    u: FloatArray
    v: FloatArray
    upper: FloatArray
    lower: FloatArray
    brow: FloatArray
    iris: tuple[float, float, float]
    openness: float

    @property
    def middle(self) -> FloatArray:
        """(2,) x, y of the point u = v = 0 in picture coordinates."""
        offset = self.u[0, 0] * self.width * self.across + self.v[0, 0] * self.size * self.down
        return np.asarray(np.array(self.box[:2]) - offset, dtype=np.float32)

    @property
    def bump(self) -> FloatArray:
        """(h, w) 1 at the middle of the eye, falling to 0 at its corners."""
        return np.asarray(np.clip(1.0 - (2.0 * self.u) ** 2, 0.0, 1.0), dtype=np.float32)

    def rooms(self) -> tuple[float, float]:
        """Return which shares of the opening lie above and below the pupil, each 0..`_MOST_ROOM`.

        So far the lids can come together and the eye still looks out.
        """
        x, y, radius = self.iris
        rows, columns = self.u.shape
        at = min(max(round(y), 0), rows - 1), min(max(round(x), 0), columns - 1)
        opening = max(float(self.lower[at] - self.upper[at]), 1e-3)
        half = _PUPIL * radius / self.size
        above = (float(self.v[at] - self.upper[at]) - half) / opening
        below = (float(self.lower[at] - self.v[at]) - half) / opening
        return min(max(above, 0.0), _MOST_ROOM), min(max(below, 0.0), _MOST_ROOM)

    def moving_part(self) -> tuple[slice, slice]:
        """Return the rows and columns of the patch in which a blink or a glance moves anything."""
        inside = (self.v > self.brow - 0.05) & (self.v < self.lower + MOVING_BELOW)
        outward = self.u * self.outer
        inside &= (outward > -MOVING_INWARD) & (outward < MOVING_OUTWARD)
        rows, columns = np.nonzero(inside)
        return _span(rows, inside.shape[0]), _span(columns, inside.shape[1])

    def cropped(self, part: tuple[slice, slice]) -> EyeShape:
        """Return the same eye over a smaller patch."""
        rows, columns = part
        left, top = self.box[0] + columns.start, self.box[1] + rows.start
        right, bottom = self.box[0] + columns.stop, self.box[1] + rows.stop
        x, y, radius = self.iris
        return dataclasses.replace(
            self,
            box=(left, top, right, bottom),
            iris=(x - columns.start, y - rows.start, radius),
            u=np.ascontiguousarray(self.u[part]),
            v=np.ascontiguousarray(self.v[part]),
            upper=np.ascontiguousarray(self.upper[part]),
            lower=np.ascontiguousarray(self.lower[part]),
            brow=np.ascontiguousarray(self.brow[part]),
        )


def _span(places: npt.NDArray[np.intp], whole: int) -> slice:
    return slice(int(places.min()), int(places.max()) + 1) if len(places) else slice(0, whole)


def measure_eye(
    points: FloatArray, indices: EyeIndices, picture_size: tuple[int, int], other_width: float
) -> EyeShape | None:
    """Lay the eye coordinates over the picture.

    Args:
        points: (478, 3) mesh points in picture pixels.
        indices: Which eye.
        picture_size: Width and height of the picture.
        other_width: Corner-to-corner distance of the other eye in pixels.

    Returns:
        The shape, or None when the eye is outside the picture or only a few pixels wide.
    """
    flat = np.asarray(points[:, :2], dtype=np.float64)
    corners = flat[[indices.upper[0], indices.upper[-1]]]
    corners[0] += _OUTER_EXTRA * (corners[0] - corners[1])
    outer = -1.0 if indices is LEFT_EYE else 1.0
    left, right = (corners[0], corners[1]) if outer < 0 else (corners[1], corners[0])
    width = float(np.linalg.norm(right - left))
    if width < 6.0:
        return None
    across = (right - left) / width
    down = np.array([-across[1], across[0]])
    middle = (left + right) / 2
    size = max(width, 0.85 * other_width)

    def local(ids: tuple[int, ...]) -> FloatArray:
        offset = flat[list(ids)] - middle
        return np.stack([offset @ across / width, offset @ down / size], axis=1)

    upper, lower, brow = (
        _curve(local(ids)) for ids in (indices.upper, indices.lower, indices.brow_bottom)
    )
    lower = np.maximum(lower, upper)
    brow = np.minimum(brow, upper - 0.08)
    box = _patch_box(middle, across, down, width, size, (brow.min(), lower.max()), picture_size)
    if box is None:
        return None
    x = np.arange(box[0], box[2], dtype=np.float32)[None] - np.float32(middle[0])
    y = np.arange(box[1], box[3], dtype=np.float32)[:, None] - np.float32(middle[1])
    u = (x * across[0] + y * across[1]).astype(np.float32) / np.float32(width)
    v = (x * down[0] + y * down[1]).astype(np.float32) / np.float32(size)
    iris = flat[list(indices.iris)]
    radius = float(np.mean(np.linalg.norm(iris[1:] - iris[0], axis=1)))
    return EyeShape(
        box=box,
        size=size,
        width=width,
        across=across.astype(np.float32),
        down=down.astype(np.float32),
        outer=outer,
        u=u,
        v=v,
        upper=np.interp(u, _CURVE_U, upper).astype(np.float32),
        lower=np.interp(u, _CURVE_U, lower).astype(np.float32),
        brow=np.interp(u, _CURVE_U, brow).astype(np.float32),
        iris=(float(iris[0, 0] - box[0]), float(iris[0, 1] - box[1]), radius),
        openness=float((lower - upper).max() * size / width),
    )


def eye_width(points: FloatArray, indices: EyeIndices) -> float:
    """Measure the distance between the corners of an eye in pixels."""
    ends = points[[indices.upper[0], indices.upper[-1]], :2]
    return float(np.linalg.norm(ends[1] - ends[0]))


def _curve(samples: FloatArray) -> FloatArray:
    """Resample (N, 2) points (u, v) to v at `_CURVE_U`, rounding the corners of the polyline."""
    order = np.argsort(samples[:, 0])
    u, v = samples[order, 0].copy(), samples[order, 1]
    u[0], u[-1] = -0.5, 0.5
    values = np.interp(_CURVE_U, u, v).astype(np.float32)
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2.5) ** 2)
    smooth = np.convolve(np.pad(values, 6, mode="edge"), kernel / kernel.sum(), mode="valid")
    keep_ends = np.minimum(1.0, (0.5 - np.abs(_CURVE_U)) * 10)
    return np.asarray(values + (smooth - values) * keep_ends, dtype=np.float32)


def _patch_box(
    middle: FloatArray,
    across: FloatArray,
    down: FloatArray,
    width: float,
    size: float,
    rows: tuple[float, float],
    picture_size: tuple[int, int],
) -> Box | None:
    """Enclose the eye, the skin up to the brow and the bag below; None if outside the picture."""
    ends_v = np.array([min(rows[0] - 0.05, -0.4), max(rows[1], 0.0) + _PATCH_BELOW])
    corners = np.array([[s * _PATCH_SIDE * width, v * size] for s in (-1, 1) for v in ends_v])
    where = middle + corners @ np.stack([across, down])
    low = np.floor(np.maximum(where.min(0), 0)).astype(int)
    high = np.ceil(np.minimum(where.max(0) + 1, picture_size)).astype(int)
    if (high - low).min() < 6:
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
