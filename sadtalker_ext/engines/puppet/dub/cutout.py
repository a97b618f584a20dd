"""A part of a frame, cut out: its pixels, and where they lie in the frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.mouth.picture_style import edge_blur
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray

Part = tuple[slice, slice]
"""Rows and columns of a box."""


@dataclass(frozen=True, eq=False)
class Cutout:
    """Pixels of a frame in a box.

    Attributes:
        picture: (h, w, 3) float32 RGB.
        box: Where they lie in the frame.
    """

    picture: FloatArray
    box: Box

    @cached_property
    def grid(self) -> FloatArray:
        """(h, w, 2) places of the pixels in the frame."""
        left, top, right, bottom = self.box
        return pixel_grid(left, top, right - left, bottom - top)

    @cached_property
    def blur(self) -> float:
        """How sharp it is, as the standard deviation of a blur in pixels."""
        return edge_blur(np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY), np.float32))

    def box_of(self, part: Part) -> Box:
        """Return where a part of it lies in the frame."""
        (rows, columns), (left, top) = part, self.box[:2]
        return left + columns.start, top + rows.start, left + columns.stop, top + rows.stop

    def take(self, where: FloatArray, method: int = cv2.INTER_CUBIC) -> FloatArray:
        """Read (..., 2) places of the frame."""
        x, y = (where[..., axis] - np.float32(self.box[axis]) for axis in (0, 1))
        taken = remap(self.picture, x, y, method, border=cv2.BORDER_REPLICATE)
        return np.asarray(np.clip(taken, 0, 255, out=taken), np.float32)
