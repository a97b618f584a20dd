"""The mouth's own coordinates, and where the lips part.

Conventions
    Local coordinates (x, y): origin half way between the inner mouth corners, x along the line from
    the corner on the picture's left to the one on the right, y perpendicular to it (down the face),
    both in half-widths of the mouth as seen in the picture. The inner corners are at x = -1, 1.
    Face coordinates (u, v): u is x with the foreshortening of a turned head undone (0 on the
    midline, -1 and 1 at the corners), v is 0 on the lip line, 1 at the chin, negative above.
    Displacements are in picture pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.mouth.lip_line import find_lower_edge, find_seam
from sadtalker_ext.engines.puppet.mouth.own_teeth import MouthStrip, OwnTeeth, gentle
from sadtalker_ext.pixels import sample
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import FloatArray, ImageArray

Array = npt.NDArray[Any]

CURVE_SAMPLES = 257
CLOSED_GAP = 0.05
"""Inner lips closer than this share of the mouth width are taken as touching in the picture."""
_LUMP = 0.5
"""Openings of the mesh beyond this height, in half-widths, are never lumps of lip."""

_TRUSTED = 0.03
"""Differences from the mesh, in half-widths, below which the mesh is right about a lip's edge."""

_EYE_OUTER = (33, 263)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MouthFrame:
    """Axes, sizes and lip curves of one mouth.

    Attributes:
        origin: (2,) middle between the inner mouth corners, picture pixels.
        along: (2,) unit vector from the left corner to the right one.
        across: (2,) unit vector down the face, perpendicular to `along`.
        half_width: Half the distance between the inner corners, pixels.
        lateral: (2,) the face's own sideways axis, seen in the picture (shorter when turned).
        vertical: (2,) the face's own axis towards the chin, seen in the picture.
        outward: (2,) the axis out of the face, seen in the picture.
        size: Mouth width of this face at rest, undistorted, pixels; the unit of movements.
        chin: Distance from the lip line to the chin along `across`, pixels.
        midline: x of the middle of the lips.
        chin_shift: Change of x along the midline from the lips to the chin.
        xs: (N,) x of the curve samples, from -1 to 1.
        upper: (N,) y of the lower edge of the upper lip.
        lower: (N,) y of the upper edge of the lower lip.
        mesh_gap: (N,) opening the mesh sees, in half-widths; at least `lower - upper`.
        lip_upper: Thickness of the upper lip in half-widths.
        lip_lower: Thickness of the lower lip in half-widths.
        face_width: Width of the face, undistorted, pixels.
        teeth: The upper teeth that the picture shows, if any.
    """

    origin: FloatArray
    along: FloatArray
    across: FloatArray
    half_width: float
    lateral: FloatArray
    vertical: FloatArray
    outward: FloatArray
    size: float
    chin: float
    midline: float
    chin_shift: float
    xs: FloatArray
    upper: FloatArray
    lower: FloatArray
    mesh_gap: FloatArray
    lip_upper: float
    lip_lower: float
    face_width: float
    teeth: OwnTeeth | None = None

    @property
    def middle(self) -> FloatArray:
        """(N,) y half way between the lips' edges."""
        return ((self.upper + self.lower) / 2).astype(np.float32)

    @property
    def rest_gap(self) -> float:
        """Largest opening in the picture, in half-widths; 0 when the lips touch."""
        return float((self.lower - self.upper).max())

    def local(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turn (..., 2) picture points into local x and y."""
        offset = np.asarray(points, np.float32) - self.origin
        x = (offset @ self.along) / np.float32(self.half_width)
        y = (offset @ self.across) / np.float32(self.half_width)
        return x.astype(np.float32), y.astype(np.float32)

    def picture(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Turn local x and y into (..., 2) picture points."""
        unit = np.float32(self.half_width)
        points = self.origin + unit * (x[..., None] * self.along + y[..., None] * self.across)
        return np.asarray(points, np.float32)

    def curve(self, x: FloatArray, samples: FloatArray) -> FloatArray:
        """A lip curve at any x; beyond the corners it goes on and levels out."""
        inside = np.interp(x, self.xs, samples)
        reach = np.float32(0.3)
        beyond = np.maximum(np.abs(x) - 1, 0)
        step = max(1, len(self.xs) // 16)
        left = (samples[step] - samples[0]) / (self.xs[step] - self.xs[0])
        right = (samples[-1] - samples[-1 - step]) / (self.xs[-1] - self.xs[-1 - step])
        slope = np.where(x < 0, -left, right)
        result: FloatArray = inside + slope * reach * (1 - np.exp(-beyond / reach))
        return result.astype(np.float32)

    def sideways(self, x: FloatArray, v: FloatArray) -> FloatArray:
        """Face coordinate u of local x, on the height v."""
        shifted = x - np.float32(self.chin_shift) * np.clip(v, -0.6, 1.3)
        inside = shifted - np.float32(self.midline) * (1 - np.minimum(shifted**2, 1))
        slope = 1 + 2 * np.float32(self.midline) * np.sign(shifted)
        beyond = np.maximum(np.abs(shifted) - 1, 0)
        u = np.clip(inside, -1, 1) + np.sign(shifted) * slope * beyond
        result: FloatArray = u.astype(np.float32)
        return result

    def height(self, x: FloatArray, y: FloatArray, samples: FloatArray) -> FloatArray:
        """Face coordinate v of local (x, y), measured from one lip curve.

        Far from the lips the curve flattens, so that a smile does not bend the chin.
        """
        middle = float(np.interp(self.midline, self.xs, samples))
        from_middle = y - np.float32(middle)
        bend = (self.curve(x, samples) - middle) * np.exp(-((from_middle / 1.1) ** 2))
        result: FloatArray = (from_middle - bend) * np.float32(self.half_width / self.chin)
        return result.astype(np.float32)


def measure_mouth(picture: ImageArray, points: FloatArray) -> MouthFrame:
    """Find axes, sizes and lip curves.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points in pixels of this picture.
    """
    mesh = np.asarray(points, np.float64)
    origin, along, across, half_width = _mouth_axes(mesh)

    def to_local(where: Array) -> Array:
        offset = where[..., :2] - origin
        return np.stack([offset @ along, offset @ across], -1) / half_width

    xs = np.linspace(-1, 1, CURVE_SAMPLES)
    upper = _smooth_curve(xs, to_local(mesh[list(topology.LIPS_INNER_UPPER)]))
    lower = np.maximum(_smooth_curve(xs, to_local(mesh[list(topology.LIPS_INNER_LOWER)])), upper)
    lateral, vertical, outward = _face_axes(mesh)
    width = _distance(mesh, topology.MOUTH_CORNER_LEFT, topology.MOUTH_CORNER_RIGHT)
    face_width = _distance(mesh, topology.CHEEK_LEFT, topology.CHEEK_RIGHT)
    between = (mesh[topology.LIP_MIDDLE_UPPER] + mesh[topology.LIP_MIDDLE_LOWER]) / 2
    middle = to_local(between)
    chin = to_local(mesh[topology.CHIN])
    gap = lower - upper
    lip_upper = max(float(middle[1] - gap.max() / 2 - to_local(mesh[0])[1]), 0.08)
    lip_lower = max(float(to_local(mesh[17])[1] - middle[1] - gap.max() / 2), 0.1)

    def look(x: Array, y: Array) -> Array:
        where = origin + half_width * (x[..., None] * along + y[..., None] * across)
        return sample(picture, where.astype(np.float32))

    touching = bool(gap.max() * half_width < CLOSED_GAP * width)
    sizes = (lip_upper, lip_lower, 1 / half_width)
    upper, lower, teeth = _parting(look, xs, (upper, lower), sizes, touching=touching)
    gap = np.minimum(gap, 2 * CLOSED_GAP) if upper is lower else np.maximum(gap, lower - upper)
    single = np.float32
    return MouthFrame(
        origin=origin.astype(single),
        along=along.astype(single),
        across=across.astype(single),
        half_width=half_width,
        lateral=lateral[:2].astype(single),
        vertical=vertical[:2].astype(single),
        outward=outward[:2].astype(single),
        # A smile is wider and a pout narrower than the mouth they belong to: half of the measure
        # comes from the face (a mouth is about 0.37 of the face's width).
        size=float(np.clip(0.5 * width + 0.185 * face_width, 0.8 * width, 1.25 * width)),
        chin=max(float(chin[1] - middle[1]), 0.8) * half_width,
        midline=float(np.clip(middle[0], -0.22, 0.22)),
        chin_shift=float(np.clip(chin[0] - middle[0], -0.6, 0.6)),
        xs=xs.astype(single),
        upper=upper.astype(single),
        lower=lower.astype(single),
        mesh_gap=gap.astype(single),
        lip_upper=lip_upper,
        lip_lower=lip_lower,
        face_width=face_width,
        teeth=teeth,
    )


def _distance(mesh: Array, one: int, other: int) -> float:
    return float(np.linalg.norm(mesh[other] - mesh[one]))


def _mouth_axes(mesh: Array) -> tuple[Array, Array, Array, float]:
    """Return the middle between the corners, the axes along and across the mouth, and its half."""
    left, right = mesh[[topology.LIPS_INNER_UPPER[0], topology.LIPS_INNER_UPPER[-1]], :2]
    half_width = max(float(np.linalg.norm(right - left)) / 2, 1.0)
    along = (right - left) / (2 * half_width)
    across = np.array([-along[1], along[0]])
    if (mesh[topology.CHIN, :2] - mesh[topology.FOREHEAD, :2]) @ across < 0:
        across = -across
    return (left + right) / 2, along, across, half_width


def _parting(
    look: Callable[[Array, Array], Array],
    xs: Array,
    curves: tuple[Array, Array],
    sizes: tuple[float, float, float],
    *,
    touching: bool,
) -> tuple[Array, Array, OwnTeeth | None]:
    """Return where the lips part, told by the picture's pixels, and the teeth between them.

    Closed lips give the same curve twice.

    Args:
        look: Gives the picture's colours at places in half-widths.
        xs: (N,) places along the mouth.
        curves: (N,) lower edge of the upper lip and upper edge of the lower lip, by the mesh.
        sizes: Heights of the lips and of a pixel in half-widths.
        touching: Whether the mesh says that the lips touch.
    """
    upper, lower = curves
    strip = MouthStrip(look, xs, upper, lower, sizes[:2], sizes[2])
    teeth = strip.teeth(touching=touching)
    widest = float((lower - upper).max())
    if teeth is None and (touching or (widest < _LUMP and not strip.dark())):
        # A lump of lip that the mesh took for an opening is lip.
        seam = find_seam(look, xs, (upper + lower) / 2, 0.0 if touching else widest / 2)
        return seam, seam, None
    lower = np.maximum(find_lower_edge(look, xs, lower, sizes[1]), upper)
    if teeth is not None:
        upper, lower = _around_teeth(teeth, upper, strip.lower_edge(teeth, upper, lower))
    return upper, lower, teeth


def _around_teeth(teeth: OwnTeeth, upper: Array, lower: Array) -> tuple[Array, Array]:
    """Move the lips' edges to where the picture's own teeth come out and end.

    The upper lip often ends in its own shadow on the teeth; where no teeth are seen the mesh knows
    better.
    """
    wide = len(upper) / 20
    off = np.clip(teeth.top - upper, -0.16, 0.14)
    off -= np.clip(off, -_TRUSTED, _TRUSTED)
    upper = upper + gentle(teeth.shown * off, wide)
    lower = lower + gentle(teeth.shown * np.maximum(teeth.bottom - lower, 0), wide)
    return upper, np.maximum(lower, upper)


def _face_axes(mesh: Array) -> tuple[Array, Array, Array]:
    """Unit axes of the face in 3-D: sideways, down, and out of the face (towards the viewer)."""
    lateral = mesh[_EYE_OUTER[1]] - mesh[_EYE_OUTER[0]]
    lateral = lateral / max(float(np.linalg.norm(lateral)), 1e-6)
    vertical = mesh[topology.CHIN] - mesh[topology.FOREHEAD]
    vertical = vertical - lateral * (vertical @ lateral)
    vertical = vertical / max(float(np.linalg.norm(vertical)), 1e-6)
    outward = -np.cross(lateral, vertical)
    return lateral, vertical, outward


def _smooth_curve(xs: Array, points: Array) -> Array:
    """A smooth curve through (K, 2) local points that run from corner to corner."""
    order = np.argsort(points[:, 0])
    curve = np.interp(xs, points[order, 0], points[order, 1])
    radius = len(xs) // 20
    kernel = np.exp(-0.5 * (np.arange(-2 * radius, 2 * radius + 1) / radius) ** 2)
    kernel /= kernel.sum()
    # Odd reflection keeps both ends where they are.
    head = 2 * curve[0] - curve[2 * radius : 0 : -1]
    tail = 2 * curve[-1] - curve[-2 : -2 * radius - 2 : -1]
    smooth: Array = np.convolve(np.concatenate([head, curve, tail]), kernel, "valid")
    return smooth
