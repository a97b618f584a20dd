"""Two lips that have parted, and the inside of the mouth between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fine import SCALE
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.interior import MouthInterior
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle
from sadtalker_ext.engines.puppet.mouth.sheet_warp import Cells, Way
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import FloatArray, ImageArray

PARTED = (0.15, 1.3)
"""Pixels by which the lips must have parted for the inside to begin to show, and to show fully."""
_RIM = 0.035
"""Width of a lip's rim that has the dark of the closed mouth, half-widths."""
_LINE = 0.09
"""Width of the line that a pen drawing has there, half-widths: it stays with the upper lip."""
_SEAM = 0.014
"""Half width of the shadow between closed lips, in mouth widths."""
_SEAM_SHADE = (0.32, 0.44, 0.42)
"""How much of each colour the shadow takes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parting:
    """How far the lips have parted in one frame.

    Attributes:
        read: Gives the picture, (h, w, 3) uint8, at x and y of its fine pixels.
        ways: Where the pixels of the part come from on the upper and on the lower sheet.
        jaw_way: (2,) movement of the lower jaw in pixels.
        controls: Values of the puppet's controls by name.
        drawn_anew: How far an opening of the picture itself is drawn anew, 0..1.
    """

    read: Callable[[FloatArray, FloatArray], ImageArray]
    ways: tuple[Way, Way]
    jaw_way: FloatArray
    controls: Mapping[str, float]
    drawn_anew: float


class PartedLips:
    """Draws the lips of one mouth where they have parted.

    Args:
        frame: The mouth.
        style: What was measured of the picture's colours and lines.
        interior: The inside.
        edges: Pixels below the edge of the upper and of the lower lip, (h, w) in the layer's box.
        tooth_edge: (N,) y of the upper teeth's edge on `frame.xs`, in half-widths.
        inner: (h, w, 2) picture coordinates of the pixels where lips can part.
        where: Rows and columns of these in the box.

    Attributes:
        feather: Half width of the lips' soft edges in pixels.
        rim: Width of the rim of a lip that stretches, in pixels.
    """

    def __init__(
        self,
        frame: MouthFrame,
        style: PictureStyle,
        interior: MouthInterior,
        edges: tuple[FloatArray, FloatArray],
        tooth_edge: FloatArray,
        inner: FloatArray,
        where: Cells,
    ) -> None:
        self._frame, self._interior, self._edges, self._where = frame, interior, edges, where
        self.feather = float(np.clip(0.75 * style.blur, 0.6, 2.5))
        self.rim = max(self.feather, _RIM * frame.half_width)
        self._line = style.lined * _LINE * frame.half_width
        x, y = frame.local(inner)
        beyond = (y - frame.curve(x, tooth_edge)) * frame.half_width
        self._teeth_above = np.clip(0.5 - beyond / (2 * self.feather), 0, 1) * (np.abs(x) < 0.95)

    def paint(self, region: ImageArray, part: Cells, parting: Parting) -> None:
        """Draw the two lips and the inside over a part of the box, in place.

        Args:
            region: (h, w, 3) uint8 pixels of the layer's box.
            part: Rows and columns of it that the ways are for.
            parting: What has moved.
        """
        upper_at, lower_at = parting.ways
        below_upper = np.asarray(remap(self._edges[0], *upper_at), np.float32)
        above_lower = -np.asarray(remap(self._edges[1], *lower_at), np.float32)
        apart = [np.abs(one - other) for one, other in zip(upper_at, lower_at, strict=True)]
        parted = smoothstep(*PARTED, np.maximum(*apart))
        upper, lower = self._shares(below_upper, above_lower)
        rows, columns = (
            slice(axis.start - whole.start, axis.stop - whole.start)
            for axis, whole in zip(part, self._where, strict=True)
        )
        tuck = float(np.clip(parting.controls.get("tuck", 0.0), 0, 1))
        if tuck > 0:
            # F and V: the upper teeth stand in front of the lower lip.
            lower *= 1 - min(2 * tuck, 1) * self._teeth_above[rows, columns] * (1 - upper)
        inside = self._interior.draw(
            below_upper, above_lower, parting.jaw_way, parting.controls, (rows, columns)
        )
        clear = 1 - upper - lower
        lips = [plane * clear for plane in cv2.split(inside)]
        # Beyond its edge a lip goes on with its own colour, not with what lay there; and its rim
        # stretches a little, because the rim in the picture has the dark of the closed mouth.
        across = self._frame.across
        for share, at, depth, back, drawn in (
            (upper, upper_at, below_upper, -across, 0.0),
            (lower, lower_at, above_lower, across, self._line),
        ):
            rim = max(self.rim, drawn)
            pull: npt.NDArray[Any] = rim * np.clip(1 + depth / (3 * rim), 0, 1)
            if drawn > 0:
                pull = pull * smoothstep(0.0, 2 * drawn, below_upper + above_lower)
            pull = pull + np.maximum(depth, 0)
            places = [SCALE * (axis + pull * way) for axis, way in zip(at, back, strict=True)]
            for plane, colour in zip(lips, cv2.split(parting.read(*places)), strict=True):
                np.add(plane, colour * share, out=plane)
        if parting.drawn_anew > 0:
            gap = below_upper - np.asarray(remap(self._edges[1], *upper_at), np.float32)
            renewed = parting.drawn_anew * smoothstep(*PARTED, gap)
            parted = np.maximum(parted, renewed)
            line = self._seam(below_upper, above_lower) * renewed
            for plane, shade in zip(lips, _SEAM_SHADE, strict=True):
                np.multiply(plane, 1 - np.float32(shade) * line, out=plane)
        target = region[part]
        mixed = [
            under + (plane - under) * parted
            for plane, under in zip(lips, cv2.split(target), strict=True)
        ]
        target[:] = np.clip(cv2.merge(mixed) + 0.5, 0, 255).astype(np.uint8)

    def _shares(
        self, below_upper: FloatArray, above_lower: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Opacity of the upper and of the lower lip; where both lie, the deeper one shows."""
        ramp = np.float32(1 / (2 * self.feather))
        upper = np.clip(0.5 - below_upper * ramp, 0, 1)
        lower = np.clip(0.5 - above_lower * ramp, 0, 1)
        deeper = np.clip(0.5 + (below_upper - above_lower) * (ramp / 2), 0, 1)
        return upper * (1 - lower * deeper), lower * (1 - upper * (1 - deeper))

    def _seam(self, below_upper: FloatArray, above_lower: FloatArray) -> FloatArray:
        """Say where lips meet that are apart in the picture, (h, w) 0..1."""
        width = max(0.9, _SEAM * self._frame.size)
        line = np.exp(-(((below_upper - above_lower) / (2 * width)) ** 2))
        touching = 1 - smoothstep(0.0, 2 * width, below_upper + above_lower)
        return np.asarray(line * touching, np.float32)
