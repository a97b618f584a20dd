"""The talking mouth: lips, jaw, chin and cheeks move, and the inside of the mouth is painted."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.creases import Creases
from sadtalker_ext.engines.puppet.mouth.expression import ExpressionBasis
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, measure_mouth
from sadtalker_ext.engines.puppet.mouth.grid import make_grid
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.own_opening import OwnOpening
from sadtalker_ext.engines.puppet.mouth.picture_style import measure_style
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import Box, FloatArray, ImageArray

DRIVERS = ("jaw", "wide", "round", "upper", "press", "tuck", "tongue", "relax", "drop")
"""The controls this layer reads; others are ignored. `relax` 0..1 closes the smile of the picture
itself (see `relaxing.py`), `drop` 0..1 lowers the lower lip without the jaw."""

_WIDE_OPEN = (
    "The mouth is wide open in the picture: its lips close for speech, but less cleanly than lips "
    "that are at rest; they round little, and F and V are a shut mouth."
)
_PROFILE = (
    "The head is turned nearly to profile in the picture: its lips close less well than those of a "
    "face that is seen from the front."
)
_FORESHORTENED = 0.75
"""Of the face's sideways axis a head in profile shows less than this share: 0.64 in one of 44
portraits, 0.84 and more in the others."""

_NODES_PER_FACE = 64
_PARTED = (0.15, 1.3)
"""Pixels by which the lips must have parted for the inside to begin to show, and to show fully."""
_SMILES = (0.10, 0.30)
"""How far the middle of the lips lies below their corners, in half-widths, where a smile begins
and where it is broad: six faces at rest -0.15 to 0.08, five that smile or shout 0.16 to 0.53."""
_SEAM = 0.014
"""Half width of the shadow between closed lips, in mouth widths."""
_SEAM_SHADE = np.array([0.32, 0.44, 0.42], np.float32)
"""How much of each colour the shadow takes."""


class MouthLayer:
    """Moves the mouth of one picture.

    Args:
        picture: (H, W, 3) uint8 RGB, never modified.
        points: (478, 3) mesh points in pixels of this picture.

    Attributes:
        box: The only region `apply` writes to, picture pixels.
        style: What was measured of the picture's colours and lines.
        warnings: Sentences about what this mouth cannot do well.
    """

    def __init__(self, picture: ImageArray, points: FloatArray) -> None:
        points = np.asarray(points, np.float32)
        frame = measure_mouth(picture, points)
        style = measure_style(picture, points, frame)
        self._frame = frame
        self.style = style
        self._size = picture.shape[:2]
        stride = max(1, round(frame.face_width / _NODES_PER_FACE))
        self._warp, fade = make_grid(frame, points, stride, picture.shape)
        edge = tooth_edge(frame)
        basis = ExpressionBasis(frame, self._warp.nodes, edge)
        self._warp.set_fields(basis.fields * fade[None, None, ..., None])
        self._basis = basis
        self._own = OwnOpening(frame)
        self.warnings = _warnings(frame, self._own)
        self.box: Box = self._warp.box
        left, top, right, bottom = self.box
        # Pixels are counted from the box's corner. Distances to the two lip edges are sampled
        # wherever the warp comes from.
        self._pixels = pixel_grid(0, 0, right - left, bottom - top)
        corner = np.array([left, top], np.float32)
        self._edges = _lip_distances(frame, self._pixels + corner)
        self._creases = Creases(picture, frame, self._pixels + corner)
        self._node_edges = _lip_distances(frame, self._warp.nodes)
        self._cells = self._mouth_cells()
        self._inner = _in_pixels(self._cells, stride)
        inner = self._pixels[self._inner] + corner
        self._interior = MouthInterior(picture, frame, style, edge, inner)
        self._feather = float(np.clip(0.75 * style.blur, 0.6, 2.5))
        self._rim = max(self._feather, 0.035 * frame.half_width)
        x, y = frame.local(inner)
        beyond = (y - frame.curve(x, edge)) * frame.half_width
        self._teeth_above = np.clip(0.5 - beyond / (2 * self._feather), 0, 1) * (np.abs(x) < 0.95)

    @property
    def smile(self) -> float:
        """How broad the smile of the picture itself is, 0..1: how far its corners lie above."""
        third = len(self._frame.xs) // 3
        sag = float(self._frame.middle[third : 2 * third].mean())
        return float(smoothstep(*_SMILES, sag))

    def apply(self, canvas: ImageArray, controls: Mapping[str, float]) -> None:
        """Move the mouth on a canvas that shows the picture, in place.

        Args:
            canvas: (H, W, 3) uint8 RGB, the size of the constructor's picture. Only `box` changes.
            controls: Values of the puppet's controls by name; missing ones count as 0, and all
                zero leaves the canvas as it is.
        """
        if canvas.shape[:2] != self._size:
            raise ValueError(
                f"the canvas should have the picture's size {self._size}, found {canvas.shape[:2]}"
            )
        if self._frame.rest_gap <= 0:
            controls = {**controls, "relax": 0.0}
        if all(controls.get(name, 0.0) <= 0 for name in DRIVERS):
            return
        controls = self._own.possible(controls)
        # An opening of the picture itself is drawn anew as soon as anything moves: between lips
        # that come back to where they were the inside may be another one.
        strongest = max(controls.get(name, 0.0) for name in DRIVERS)
        drawn_anew = min(4 * strongest, 1.0) if self._frame.rest_gap > 0 else 0.0
        left, top, right, bottom = self.box
        region = canvas[top:bottom, left:right]
        source = region.copy()
        self._creases.relax(source, float(np.clip(controls.get("round", 0.0), 0, 1)))
        weights = self._basis.weights(controls)
        sheets = self._warp.offsets(weights)
        one, cells = self._one_sheet(sheets, drawn_anew)
        moved = self._warp.enlarge(one)[: bottom - top, : right - left]
        result = sample(source, self._pixels + moved, cv2.INTER_CUBIC)
        if cells is not None:
            jaw_way = self._basis.jaw_way(weights)
            self._paint_lips(source, result, sheets, cells, jaw_way, controls, drawn_anew)
        region[:] = result

    def _one_sheet(
        self, sheets: tuple[FloatArray, FloatArray], drawn_anew: float
    ) -> tuple[FloatArray, tuple[slice, slice] | None]:
        """Join the sheets, and find out where they have parted.

        Returns:
            (h, w, 2) one field of both sheets, good wherever the lips have not parted, and rows and
            columns of the cells where they have (None: nowhere).
        """
        stride = np.float32(self._warp.stride)
        upper, lower = (
            sample(edge, self._warp.grid + sheet / stride)
            for edge, sheet in zip(self._node_edges, sheets, strict=True)
        )
        apart = sheets[1] - sheets[0]
        one: FloatArray = sheets[0] + apart * _between(upper, -lower)[..., None]
        reach = 3 * self._rim + self._feather + stride
        parted = np.abs(apart).max(-1) > 0.5 * _PARTED[0]
        if drawn_anew > 0:
            parted |= (upper - lower) > _PARTED[0]
        parted &= (upper > -reach) & (lower < reach)
        parted[: self._cells[0].start] = parted[self._cells[0].stop :] = False
        parted[:, : self._cells[1].start] = parted[:, self._cells[1].stop :] = False
        rows, columns = np.flatnonzero(parted.any(1)), np.flatnonzero(parted.any(0))
        if not len(rows):
            return one, None
        row, column = self._cells
        return one, (
            slice(max(rows[0] - 1, row.start), min(rows[-1] + 2, row.stop)),
            slice(max(columns[0] - 1, column.start), min(columns[-1] + 2, column.stop)),
        )

    def _paint_lips(
        self,
        source: ImageArray,
        result: ImageArray,
        sheets: tuple[FloatArray, FloatArray],
        cells: tuple[slice, slice],
        jaw_way: FloatArray,
        controls: Mapping[str, float],
        drawn_anew: float,
    ) -> None:
        """Draw the two lips and the inside over the part of the result where they have parted."""
        pixels = _in_pixels(cells, self._warp.stride)
        here = self._pixels[pixels]
        height, width = here.shape[:2]
        part = _within(pixels, self._inner, height, width)
        moved = [self._warp.enlarge(s[cells].copy())[:height, :width] for s in sheets]
        parted = smoothstep(*_PARTED, np.abs(moved[0] - moved[1]).max(-1))
        upper_at, lower_at = here + moved[0], here + moved[1]
        below_upper = sample(self._edges[0], upper_at)
        above_lower = -sample(self._edges[1], lower_at)
        upper, lower = self._shares(below_upper, above_lower)
        tuck = float(np.clip(controls.get("tuck", 0.0), 0, 1))
        if tuck > 0:
            # F and V: the upper teeth stand in front of the lower lip.
            lower *= 1 - min(2 * tuck, 1) * self._teeth_above[part] * (1 - upper)
        inside = self._interior.draw(
            below_upper,
            above_lower,
            jaw_way,
            controls,
            part,
        )
        lips = inside * (1 - upper - lower)[..., None]
        # Beyond its edge a lip goes on with its own colour, not with what lay there; and its rim
        # stretches a little, because the rim in the picture has the dark of the closed mouth.
        across = self._frame.across
        for share, where, depth, back in (
            (upper, upper_at, below_upper, -across),
            (lower, lower_at, above_lower, across),
        ):
            pull = self._rim * np.clip(1 + depth / (3 * self._rim), 0, 1) + np.maximum(depth, 0)
            pull = pull[..., None] * back
            lips += sample(source, where + pull, cv2.INTER_CUBIC) * share[..., None]
        if drawn_anew > 0:
            gap = below_upper - sample(self._edges[1], upper_at)
            renewed = drawn_anew * smoothstep(*_PARTED, gap)
            parted = np.maximum(parted, renewed)
            lips *= self._seam(below_upper, above_lower, renewed)
        target = result[pixels]
        mixed = target + (lips - target) * parted[..., None]
        target[:] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)

    def _shares(
        self, below_upper: FloatArray, above_lower: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Opacity of the upper and of the lower lip; where both lie, the deeper one shows."""
        ramp = np.float32(1 / (2 * self._feather))
        upper = np.clip(0.5 - below_upper * ramp, 0, 1)
        lower = np.clip(0.5 - above_lower * ramp, 0, 1)
        deeper = np.clip(0.5 + (below_upper - above_lower) * (ramp / 2), 0, 1)
        return upper * (1 - lower * deeper), lower * (1 - upper * (1 - deeper))

    def _seam(
        self, below_upper: FloatArray, above_lower: FloatArray, strength: FloatArray
    ) -> FloatArray:
        """Shade (h, w, 3) of the line where lips meet that are apart in the picture."""
        width = max(0.9, _SEAM * self._frame.size)
        line = np.exp(-(((below_upper - above_lower) / (2 * width)) ** 2))
        touching = 1 - smoothstep(0.0, 2 * width, below_upper + above_lower)
        shade: FloatArray = 1 - (strength * line * touching)[..., None] * _SEAM_SHADE
        return shade

    def _mouth_cells(self) -> tuple[slice, slice]:
        """Rows and columns of the grid cells where the lips can part."""
        frame = self._frame
        reach = 0.40 * frame.size / frame.half_width
        top, bottom = float(frame.upper.min()) - 0.35, float(frame.lower.max()) + reach + 0.3
        corners = frame.picture(_single(-1.3, 1.3, -1.3, 1.3), _single(top, top, bottom, bottom))
        node = (corners - self._warp.nodes[0, 0]) / np.float32(self._warp.stride)
        count = np.array(self._warp.nodes.shape[1::-1])
        low = np.clip(np.floor(node.min(0)).astype(int), 0, count - 1)
        high = np.clip(np.ceil(node.max(0)).astype(int) + 1, low + 1, count)
        return slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))


def _warnings(frame: MouthFrame, own: OwnOpening) -> tuple[str, ...]:
    """Say what in the picture keeps its lips from closing well."""
    seen = (
        (own.shouts, _WIDE_OPEN),
        (float(np.linalg.norm(frame.lateral)) < _FORESHORTENED, _PROFILE),
    )
    return tuple(sentence for found, sentence in seen if found)


def _single(*values: float) -> FloatArray:
    return np.array(values, np.float32)


def _in_pixels(cells: tuple[slice, slice], stride: int) -> tuple[slice, slice]:
    """Slices of cells as slices of pixels."""
    rows, columns = cells
    return (
        slice(rows.start * stride, rows.stop * stride),
        slice(columns.start * stride, columns.stop * stride),
    )


def _within(
    inner: tuple[slice, slice], outer: tuple[slice, slice], height: int, width: int
) -> tuple[slice, slice]:
    """Where a region of height x width lies inside another one."""
    row, column = inner[0].start - outer[0].start, inner[1].start - outer[1].start
    return slice(row, row + height), slice(column, column + width)


def _lip_distances(frame: MouthFrame, where: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pixels below the edge of the upper lip, and below that of the lower lip; (h, w) each."""
    x, y = frame.local(where)
    half = np.float32(frame.half_width)
    upper = (y - frame.curve(x, frame.upper)) * half
    lower = (y - frame.curve(x, frame.lower)) * half
    return upper.astype(np.float32), lower.astype(np.float32)


def _between(below_upper: FloatArray, above_lower: FloatArray) -> FloatArray:
    """Share of the lower sheet: 0 on the upper lip, 1 on the lower one, linear in the gap."""
    spread = np.maximum(np.abs(below_upper) + np.abs(above_lower), 1e-3)
    share: FloatArray = 0.5 + 0.5 * (below_upper - above_lower) / spread
    return share
