"""How a frame must be bent so that its mouth gets another shape: one field for each lip.

Both fields say where a pixel comes from. They agree away from the lips and differ along them, where
the lips part or meet.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.cutout import Part
from sadtalker_ext.engines.puppet.dub.lips import LipLines
from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.filmed.places import CHIN_POINTS, LOWER_LIP, UPPER_LIP
from sadtalker_ext.portrait.thin_plate import through_each
from sadtalker_ext.types import Box, FloatArray

_STILL = (
    *topology.NOSE_BASE,
    *(4, 195, 6, 50, 280, 101, 330, 117, 346, 132, 361, 93, 323, 234, 454),
)
"""Nose, cheekbones and the jaw before the ears: they stay where the video has them."""
# fmt: off
_JAW_LINE = {
    152: 1.0, 148: 0.97, 377: 0.97, 176: 0.9, 400: 0.9, 149: 0.75, 378: 0.75, 150: 0.55, 379: 0.55,
    136: 0.36, 365: 0.36, 172: 0.2, 397: 0.2, 58: 0.06, 288: 0.06,
}
# fmt: on
"""Share of the chin's way that points of the jaw go."""
_LIP_BOTTOM = (84, 17, 314)
_CHIN_FRONT = (148, 152, 377)
_BETWEEN = (0.4, 0.75)
"""Places between the lower lip and the chin: the skin there lies on the jaw and does not fold."""
_WITH_LIP = (0.45, 1.0)
"""Least and most of the lower lip's way that the chin goes."""
_BEYOND = 0.42
"""Where the neck lies still: so much further out than the jaw line, from the mouth."""
_NODES = 36
"""Nodes across the face."""
_FADE = 0.14
"""Share of the box at its borders over which the fields fade."""


@dataclass(frozen=True, slots=True, eq=False)
class MouthFields:
    """Fields over a box of the frame.

    Attributes:
        both: (h, w, 2) where each pixel comes from, minus the pixel, right wherever the lips do
            not part.
        moved: (h, w) pixels by which the skin moves.
    """

    both: FloatArray
    moved: FloatArray
    _lips: FloatArray
    _stride: int

    def of_lips(self, part: Part) -> tuple[FloatArray, FloatArray]:
        """Return (h, w, 2) where pixels of each lip's side come from, minus the pixel."""
        pixels = _pixels_of(self._lips, self._stride, part)
        return pixels[..., :2], pixels[..., 2:]


def mouth_box(points: FloatArray, target: FloatArray) -> Box:
    """Return the box that fields can reach: from under the eyes to the neck.

    Args:
        points: (478, 3) mesh points of the frame.
        target: (478, 3) points of the speaking face.
    """
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    chin = np.maximum(points[topology.CHIN, :2], target[topology.CHIN, :2])
    reach = 0.16 * float(np.max(high - low))
    used = [*_STILL, *_JAW_LINE]
    left, top = points[used, :2].min(0) - reach * np.array([0.6, 0.0])
    right, bottom = np.maximum(points[used, :2].max(0), chin) + reach * np.array([0.6, 1.6])
    return int(left), int(top), int(np.ceil(right)) + 1, int(np.ceil(bottom)) + 1


def mouth_fields(
    points: FloatArray, target: FloatArray, after: LipLines, box: Box, amount: float
) -> MouthFields:
    """Return the fields that take the mouth of a frame to another shape.

    Args:
        points: (478, 3) mesh points of the frame.
        target: (478, 3) points of the speaking face in this frame.
        after: The edges of the lips as they will be.
        box: What `mouth_box` gave, inside the frame.
        amount: 0 leaves the frame as it is .. 1 is the whole way.
    """
    unit = max(float(np.ptp(points[:, 0])), 1.0)
    jaw_at, jaw_ways = _jaw(points, target)
    mouth = points[[13, 14], :2].mean(0)
    edge = points[list(_JAW_LINE), :2]
    neck = edge + _BEYOND * (edge - mouth)
    still = np.concatenate([points[list(_STILL), :2], neck])
    stride = max(1, round(unit / _NODES))
    nodes = _nodes(box, stride)
    fade = _window(nodes.shape[0], nodes.shape[1])
    around = np.concatenate([jaw_ways, np.zeros_like(still)]) * np.float32(amount)
    shared = (np.concatenate([jaw_at, still]) + around, -around)
    own = []
    for lip in (UPPER_LIP, LOWER_LIP):
        way = (target[lip, :2] - points[lip, :2]) * np.float32(amount)
        own.append((points[lip, :2] + way, -way))
    upper, lower = (field * fade[..., None] for field in through_each(own, shared, nodes, unit))
    below_upper, below_lower = after.below(nodes)
    spread = np.maximum(np.abs(below_upper) + np.abs(below_lower), 1e-3)
    share = 0.5 + 0.5 * (below_upper + below_lower) / spread
    both = upper + (lower - upper) * share[..., None]
    moved = np.maximum(
        np.hypot(upper[..., 0], upper[..., 1]), np.hypot(lower[..., 0], lower[..., 1])
    )
    whole = (slice(0, box[3] - box[1]), slice(0, box[2] - box[0]))
    return MouthFields(
        _pixels_of(both.astype(np.float32), stride, whole),
        _pixels_of(moved.astype(np.float32), stride, whole, cv2.INTER_LINEAR),
        np.concatenate([upper, lower], 2).astype(np.float32),
        stride,
    )


def _pixels_of(
    nodes: FloatArray, stride: int, part: Part, method: int = cv2.INTER_CUBIC
) -> FloatArray:
    """Return the pixels of a part of what is known at nodes so far apart."""
    near = tuple(
        slice(max(one.start // stride - 2, 0), min(-(-one.stop // stride) + 2, count))
        for one, count in zip(part, nodes.shape[:2], strict=True)
    )
    few = nodes[near]
    size = (few.shape[1] * stride, few.shape[0] * stride)
    rows, columns = (
        slice(one.start - at.start * stride, one.stop - at.start * stride)
        for one, at in zip(part, near, strict=True)
    )
    pixels = cv2.resize(few, size, interpolation=method)
    return np.asarray(pixels[rows, columns], np.float32)


def _jaw(points: FloatArray, target: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (N, 2) points of the jaw in the frame, and how far they go.

    The mesh loses the chin of a wide open mouth: it comes too near to the lip. The chin lies as far
    below the lip as it does in the target, and goes about as far as the lip does.
    """
    down = points[topology.CHIN, :2] - points[topology.NOSE_TIP, :2]
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    lip, chin = list(_LIP_BOTTOM), list(_CHIN_FRONT)
    ways = target[:, :2] - points[:, :2]
    lip_way = float((ways[lip] @ down).mean())
    low, high = sorted(share * lip_way for share in _WITH_LIP)
    chin_way = float(np.clip((ways[list(CHIN_POINTS)] @ down).mean(), low, high))
    apart = [float(((p[chin, :2] - p[lip, :2]) @ down).mean()) for p in (points, target)]
    missing = max(apart[1] - apart[0], 0.0)
    shares = np.array(list(_JAW_LINE.values()), np.float32)[:, None]
    line = points[list(_JAW_LINE), :2] + shares * (missing * down)
    line_ways = shares * (chin_way * down)
    ends = points[chin, :2] + missing * down
    at, going = [line], [line_ways]
    for share in _BETWEEN:
        at.append(points[lip, :2] + share * (ends - points[lip, :2]))
        going.append((1 - share) * ways[lip] + share * chin_way * down)
    return np.concatenate(at).astype(np.float32), np.concatenate(going).astype(np.float32)


def _nodes(box: Box, stride: int) -> FloatArray:
    """(h, w, 2) coordinates of the middles of cells."""
    columns, rows = -(-(box[2] - box[0]) // stride), -(-(box[3] - box[1]) // stride)
    x = box[0] + (stride - 1) / 2 + stride * np.arange(columns, dtype=np.float32)
    y = box[1] + (stride - 1) / 2 + stride * np.arange(rows, dtype=np.float32)
    return np.dstack(np.meshgrid(x, y)).astype(np.float32)


def _window(rows: int, columns: int) -> FloatArray:
    """1 inside, falling to 0 at the borders."""
    ramps = []
    for count in (rows, columns):
        place = (np.arange(count) + 0.5) / count
        ramps.append(smoothstep(0.0, _FADE, np.minimum(place, 1 - place)))
    return np.asarray(ramps[0][:, None] * ramps[1][None], np.float32)
