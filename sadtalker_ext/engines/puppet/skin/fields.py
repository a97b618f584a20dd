"""Displacement fields of the skin, one per blendshape, and their safe sum.

Fields say where a point of the picture goes. Their sum is made gentle before it is used: where
skin would be squeezed or stretched too much it moves less, so that nothing folds however many
muscles pull at once.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.engines.puppet.mouth.sheet_warp import SheetWarp, Way
from sadtalker_ext.engines.puppet.skin.frame import SkinFrame
from sadtalker_ext.engines.puppet.skin.pushes import MOVED, Push, sided_pushes
from sadtalker_ext.types import FloatArray

_SQUEEZED, _STRETCHED = 0.75, 1.2
"""Largest loss of length when skin is squeezed (at 1 it would fold), and largest stretch."""
_PASSES = 4
"""How often the sum is made gentler; smaller movement beside larger is a slope of its own."""
_RIM_CELLS = 4.0
_INNER_BROWS = (((55, 190), (107, 157)), ((285, 414), (336, 384)))
"""Points of the inner end of a brow and of the lid below, left and right."""
_ROOM, _ROOM_COUNTS = 0.10, (0.85, 1.6)
"""How far they are apart in face widths on a usual face, and how much of that counts at most: seven
portraits have 0.08 to 0.16."""
_LID_SKIN = {"browInnerUp": ((55, 190), (285, 414)), "browOuterUp": ((52, 159), (282, 386))}
"""Points of the lower edge of a brow and of the lid below, left and right, where it is raised."""
_LID_ROOM, _LEAST_RAISED = 0.07, 0.75
"""How far these are apart in face widths where a brow rises all its way, and how much of it the
lowest brows rise: their skin would be twice as long. 0.04 to 0.19 on 42 brows of 21 portraits."""


class SkinFields:
    """The fields of one face.

    Args:
        frame: The face.
        free: (h, w) float32 on the nodes, 0 where nothing may move.
    """

    def __init__(self, frame: SkinFrame, free: FloatArray) -> None:
        rows, columns = frame.nodes.shape[:2]
        rim = free * _border(rows, columns)
        self._columns = np.array([COLUMN[name] for name in MOVED])
        fields = [
            sum((_pushed(frame, *_fitted(frame, *push, name)) for push in sided_pushes(name)), 0.0)
            for name in MOVED
        ]
        scale = rim[..., None] / np.float32(frame.stride)
        self._fields = np.stack([np.asarray(field * scale, np.float32) for field in fields])
        self._warp = SheetWarp(frame.box, frame.stride)

    def forward(self, weights: FloatArray) -> FloatArray | None:
        """Return where the nodes go for (52,) weights, (h, w, 2) cells; None: nothing moves."""
        used = weights[self._columns]
        # Not a matrix product: that would wake the linear algebra library's threads per frame.
        total: FloatArray | None = None
        for weight, field in zip(used, self._fields, strict=True):
            if abs(weight) > 1e-4:
                total = field * weight if total is None else total + field * weight
        return None if total is None else _gentle(total)

    def sources(self, forward: FloatArray, scale: float = 1.0) -> Way:
        """Return where every pixel of the box comes from, from its corner; see `SheetWarp`."""
        way = self._warp.inverse((forward[..., 0], forward[..., 1]))
        return self._warp.places(way, self._warp.cells, scale)


def _fitted(frame: SkinFrame, push: Push, side: int, name: str) -> tuple[Push, int]:
    """Return a push as far as this face has room.

    High brows come down farther than low ones, and rise farther: there is more lid skin below them.
    """
    base = name.removesuffix("Left").removesuffix("Right")
    if base in _LID_SKIN:
        brow, lid = (frame.points[point] for point in _LID_SKIN[base][side > 0])
        room = float(np.linalg.norm(brow - lid)) / frame.unit / _LID_ROOM
        return push._replace(up=push.up * float(np.clip(room, _LEAST_RAISED, 1.0))), side
    if base != "browDown":
        return push, side
    pairs = _INNER_BROWS[side > 0]
    room = np.mean([np.linalg.norm(frame.points[a] - frame.points[b]) for a, b in pairs])
    scale = float(np.clip(room / frame.unit / _ROOM, *_ROOM_COUNTS))
    reach = push.reach[0], push.reach[1] * max(scale, 1.0)
    return push._replace(reach=reach, up=push.up * scale), side


def _pushed(frame: SkinFrame, push: Push, side: int) -> FloatArray:
    """Return (h, w, 2) pixels: the way of every node for one push on one side."""
    origin = frame.points[push.right if side > 0 else push.left]
    across, along = frame.offsets(origin, frame.nodes)
    weight = np.exp(-((across / push.reach[0]) ** 2) - (along / push.reach[1]) ** 2)
    way = frame.way(push.out * side + push.shift, push.up, push.front)
    return np.asarray(weight[..., None] * way, np.float32)


def _gentle(field: FloatArray) -> FloatArray:
    """Return the field, smaller where it would squeeze or stretch the skin too much."""
    for _ in range(_PASSES):
        right = np.diff(field, axis=1, append=field[:, -1:])
        down = np.diff(field, axis=0, append=field[-1:])
        squeezed = np.maximum(-right[..., 0], -down[..., 1]) / _SQUEEZED
        sheared = np.maximum(np.abs(right).max(-1), np.abs(down).max(-1)) / _STRETCHED
        excess = np.maximum(squeezed, sheared)
        if float(excess.max()) <= 1:
            break
        share = (1 / np.maximum(excess, 1)).astype(np.float32)
        # the smallest share nearby, spread smoothly, so that the limit makes no edge of its own
        share = cv2.blur(cv2.erode(share, np.ones((7, 7), np.uint8)), (7, 7))
        field = np.asarray(field * share[..., None], np.float32)
    return field


def _border(rows: int, columns: int) -> FloatArray:
    """Return (rows, columns) float32, 0 at the border of the grid."""
    x = np.minimum(np.arange(columns), np.arange(columns)[::-1]) / _RIM_CELLS
    y = np.minimum(np.arange(rows), np.arange(rows)[::-1]) / _RIM_CELLS
    return np.clip(np.minimum(x[None], y[:, None]), 0, 1).astype(np.float32)
