"""The talking mouth: lips, jaw, chin and cheeks move, and the inside of the mouth is painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fine import SCALE, FinePicture
from sadtalker_ext.engines.puppet.mouth.creases import Creases
from sadtalker_ext.engines.puppet.mouth.expression import ExpressionBasis
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, measure_mouth
from sadtalker_ext.engines.puppet.mouth.grid import make_grid
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.own_opening import OwnOpening
from sadtalker_ext.engines.puppet.mouth.parted_lips import PARTED, PartedLips, Parting
from sadtalker_ext.engines.puppet.mouth.picture_style import measure_style
from sadtalker_ext.engines.puppet.mouth.sheet_warp import Cells, Way, pixel_grid
from sadtalker_ext.engines.puppet.mouth.teeth import tooth_edge
from sadtalker_ext.engines.puppet.mouth.tongue_out import TongueOut
from sadtalker_ext.types import Box, FloatArray, ImageArray

DRIVERS = ("jaw", "wide", "round", "upper", "press", "tuck", "tongue", "relax", "drop")
"""The controls this layer reads; others are ignored. `relax` 0..1 closes the smile of the picture
itself (see `relaxing.py`), `drop` 0..1 lowers the lower lip without the jaw; `tongue_out` 0..1
puts out the tongue of a mouth that these open."""

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

_NODES_PER_FACE = 48
_STILL_PX = 0.02
"""Pixels: what moves less looks as it does in the picture."""
_SMILES = (0.10, 0.30)
"""How far the middle of the lips lies below their corners, in half-widths, where a smile begins
and where it is broad: six faces at rest -0.15 to 0.08, five that smile or shout 0.16 to 0.53."""


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
        warp, fade = make_grid(frame, points, stride, picture.shape)
        self._warp = warp
        self.box: Box = warp.box
        edge = tooth_edge(frame)
        self._basis = basis = ExpressionBasis(frame, warp.nodes, edge)
        self._own = OwnOpening(frame)
        self.warnings = _warnings(frame, self._own)
        self._cells = rows, columns = self._mouth_cells()
        # Above the mouth the upper sheet is all there is, and below it the lower one.
        needed = slice(0, rows.stop), slice(rows.start, warp.nodes.shape[0])
        warp.set_fields(basis.fields * fade[None, None, ..., None], needed)
        # Distances to the two lip edges are sampled wherever the warp comes from.
        self._node_edges = _lip_distances(frame, warp.nodes)
        left, top, right, bottom = self.box
        pixels = pixel_grid(left, top, right - left, bottom - top)
        self._fine = FinePicture(picture[top:bottom, left:right])
        self._creases = Creases(picture, frame, pixels)
        self._folded = self._creases.cells(warp.stride)
        where = warp.pixels(rows, columns)
        interior = MouthInterior(picture, frame, style, edge, pixels[where])
        edges = _lip_distances(frame, pixels)
        self._lips = PartedLips(frame, style, interior, edges, edge, pixels[where], where)
        self._tongue_out: Callable[[], TongueOut] = cache(
            lambda: TongueOut(
                picture, frame, style, edge, pixel_grid(left, top, right - left, bottom - top)
            )
        )

    @property
    def smile(self) -> float:
        """How broad the smile of the picture itself is, 0..1: how far its corners lie above."""
        third = len(self._frame.xs) // 3
        sag = float(self._frame.middle[third : 2 * third].mean())
        return float(smoothstep(*_SMILES, sag))

    def apply(self, canvas: ImageArray, controls: Mapping[str, float]) -> Box:
        """Move the mouth on a canvas that shows the picture, in place.

        Args:
            canvas: (H, W, 3) uint8 RGB, the size of the constructor's picture. Only `box` changes.
            controls: Values of the puppet's controls by name; missing ones count as 0, and all
                zero leaves the canvas as it is.

        Returns:
            The part of `box` that may have changed.
        """
        if canvas.shape[:2] != self._size:
            raise ValueError(
                f"the canvas should have the picture's size {self._size}, found {canvas.shape[:2]}"
            )
        if self._frame.rest_gap <= 0:
            controls = {**controls, "relax": 0.0}
        if all(controls.get(name, 0.0) <= 0 for name in DRIVERS):
            return self.box[0], self.box[1], self.box[0], self.box[1]
        controls = self._own.possible(controls)
        # An opening of the picture itself is drawn anew as soon as anything moves: between lips
        # that come back to where they were the inside may be another one.
        strongest = max(controls.get(name, 0.0) for name in DRIVERS)
        drawn_anew = min(4 * strongest, 1.0) if self._frame.rest_gap > 0 else 0.0
        rounded = float(np.clip(controls.get("round", 0.0), 0, 1))

        def read(x: FloatArray, y: FloatArray) -> ImageArray:
            moved = self._creases.relaxed(self._fine.read(x, y), (x, y), rounded)
            return np.asarray(cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB), np.uint8)

        weights = self._basis.weights(controls)
        sheets = self._warp.offsets(weights)
        one, cells = self._one_sheet(sheets, drawn_anew)
        left, top, right, bottom = self.box
        region = canvas[top:bottom, left:right]
        part = self._moving(one, cells)
        self._move(region, one, part, rounded)
        if cells is not None:
            upper, lower = (self._warp.places(sheet, cells) for sheet in sheets)
            parting = Parting(
                read=read,
                ways=(upper, lower),
                jaw_way=self._basis.jaw_way(weights),
                controls=controls,
                drawn_anew=drawn_anew,
            )
            self._lips.paint(region, self._warp.pixels(*cells), parting)
        put_out = float(controls.get("tongue_out", 0.0))
        if put_out > 0:
            self._tongue_out().lay(region, min(put_out, 1.0), self._basis.jaw_way(weights))
            return self.box
        down, across = self._warp.pixels(*part)
        return left + across.start, top + down.start, left + across.stop, top + down.stop

    def _moving(self, one: Way, parted: Cells | None) -> Cells:
        """Return rows and columns of the cells that may look different from the picture."""
        moves = (np.abs(one[0]) > _STILL_PX) | (np.abs(one[1]) > _STILL_PX)
        # rounding lips flatten folds also where nothing moves
        moves[self._folded] = True
        if parted is not None:
            moves[parted] = True
        edges = []
        for axis in (1, 0):
            places = np.flatnonzero(moves.any(axis))
            first, last = (int(places[0]), int(places[-1])) if len(places) else (0, 0)
            edges.append(slice(max(first - 1, 0), min(last + 2, moves.shape[1 - axis])))
        return edges[0], edges[1]

    def _move(self, region: ImageArray, one: Way, part: Cells, rounded: float) -> None:
        """Draw the lips as one sheet, in some cells."""
        down, across = self._warp.pixels(*part)
        places = self._warp.places(one, part, SCALE)
        moved = self._fine.read(*places)
        reach = int(np.ceil(max(np.abs(one[0][part]).max(), np.abs(one[1][part]).max()))) + 1
        self._creases.relax(moved, places, rounded, (across.start, down.start), reach)
        region[down, across] = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)

    def _one_sheet(self, sheets: tuple[Way, Way], drawn_anew: float) -> tuple[Way, Cells | None]:
        """Join the sheets, and find out where they have parted.

        Returns:
            One field of both sheets, good wherever the lips have not parted, and rows and columns
            of the cells where they have (None: nowhere).
        """
        rows, columns = self._cells
        upper, lower = (
            self._warp.moved(edge, sheet, rows)
            for edge, sheet in zip(self._node_edges, sheets, strict=True)
        )
        share = _between(upper, -lower)
        one, apart = [], np.zeros_like(share)
        for first, second in zip(*sheets, strict=True):
            way = second[rows] - first[rows]
            joined = np.concatenate([first[: rows.stop], second[rows.stop :]])
            joined[rows] += way * share
            one.append(joined)
            apart = np.maximum(apart, np.abs(way))
        reach = 3 * self._lips.rim + self._lips.feather + self._warp.stride
        parted = apart > 0.5 * PARTED[0]
        if drawn_anew > 0:
            parted |= (upper - lower) > PARTED[0]
        parted &= (upper > -reach) & (lower < reach)
        parted = parted[:, columns]
        down, across = np.flatnonzero(parted.any(1)), np.flatnonzero(parted.any(0))
        if not len(down):
            return (one[0], one[1]), None
        return (one[0], one[1]), (
            slice(rows.start + max(down[0] - 1, 0), min(rows.start + down[-1] + 2, rows.stop)),
            slice(
                columns.start + max(across[0] - 1, 0),
                min(columns.start + across[-1] + 2, columns.stop),
            ),
        )

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
