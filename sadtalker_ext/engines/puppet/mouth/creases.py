"""The folds beside a smiling mouth, which flatten when the lips round or let go of the smile."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fine import FinePicture
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.soft_fields import blur
from sadtalker_ext.types import Box, FloatArray, ImageArray

_WIDEST = 0.16
"""Width in mouth widths of the widest fold; what is dark over more is shading of the cheek."""
_FINEST = 0.02
"""The blur, in mouth widths, before which pores, stubble and grain are no folds."""
_DEEPEST = 40.0
"""Grey levels that a fold is lightened by at most; deeper ones are hair or the face's outline."""
_SHARE = 0.65
"""How much of a fold goes: people's do not go altogether."""
_LEAST = 0.02
"""Rounding below this changes nothing that can be seen."""


class Creases:
    """Lightens the folds between nose and mouth corners.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        pixels: (h, w, 2) picture coordinates of the region that is changed.
    """

    def __init__(self, picture: ImageArray, frame: MouthFrame, pixels: FloatArray) -> None:
        left, top = (int(v) for v in pixels[0, 0])
        height, width = pixels.shape[:2]
        region = picture[top : top + height, left : left + width]
        soft = blur(region.astype(np.float32), max(0.5, _FINEST * frame.size))
        side = max(3, round(_WIDEST * frame.size)) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        dark = cv2.morphologyEx(soft, cv2.MORPH_CLOSE, kernel) - soft
        # what is far darker than any fold is left alone
        depth = dark.max(-1, keepdims=True)
        dark *= smoothstep(1.6 * _DEEPEST, _DEEPEST, depth) * _zone(frame, pixels)[..., None]
        light = np.asarray(_SHARE * dark + 0.5, np.uint8)
        self._light = FinePicture(light) if light.any() else None
        self._boxes = _lit_sides(light)

    def cells(self, stride: int) -> tuple[slice, slice]:
        """Return rows and columns of cells of so many pixels that hold all folds."""
        if not self._boxes:
            return slice(0, 0), slice(0, 0)
        lefts, tops, rights, bottoms = zip(*self._boxes, strict=True)
        rows = slice(min(tops) // stride, -(-max(bottoms) // stride))
        return rows, slice(min(lefts) // stride, -(-max(rights) // stride))

    def relaxed(
        self, moved: ImageArray, places: tuple[FloatArray, FloatArray], amount: float
    ) -> ImageArray:
        """Flatten the folds in pixels that were read from the fine picture of the region.

        Args:
            moved: (h, w, 4) uint8, as `FinePicture.read` gives them.
            places: x and y, (h, w) each, that they were read at.
            amount: 0 as in the picture .. 1 rounded lips.
        """
        if amount < _LEAST or self._light is None:
            return moved
        light = self._light.read(*places)
        return np.asarray(cv2.addWeighted(moved, 1.0, light, min(amount, 1.0), 0.0), np.uint8)

    def relax(
        self,
        moved: ImageArray,
        places: tuple[FloatArray, FloatArray],
        amount: float,
        corner: tuple[int, int],
        reach: int,
    ) -> None:
        """Do the same in place, where folds can have come.

        Args:
            moved: (h, w, 4) uint8, pixels of a part of the region.
            places: x and y that they were read at.
            amount: As for `relaxed`.
            corner: Left and top of the part in the region.
            reach: Pixels from which they come at most.
        """
        if amount < _LEAST:
            return
        for left, top, right, bottom in self._boxes:
            part = np.s_[
                max(top - reach - corner[1], 0) : max(bottom + reach - corner[1], 0),
                max(left - reach - corner[0], 0) : max(right + reach - corner[0], 0),
            ]
            if (here := moved[part]).size:
                here[:] = self.relaxed(here, (places[0][part], places[1][part]), amount)


def _lit_sides(light: ImageArray) -> list[Box]:
    """Return the boxes around what is lightened on the left and the right side of the mouth."""
    boxes = []
    middle = light.shape[1] // 2
    for first, side in ((0, light[:, :middle]), (middle, light[:, middle:])):
        lit = np.asarray(side.max(axis=-1) > 0, np.bool_)
        rows, columns = np.flatnonzero(lit.any(1)), np.flatnonzero(lit.any(0))
        if len(rows):
            left, right = first + int(columns[0]), first + int(columns[-1]) + 1
            boxes.append((left, int(rows[0]), right, int(rows[-1]) + 1))
    return boxes


def _zone(frame: MouthFrame, pixels: FloatArray) -> FloatArray:
    """Say where the folds can lie, (h, w) 0..1: from the nose's wings down beside the corners."""
    x, y = frame.local(pixels)
    v = frame.height(x, y, frame.middle)
    u = np.abs(frame.sideways(x, v))
    beside = smoothstep(0.7, 1.0, u + 0.4 * np.minimum(v, 0) ** 2) * smoothstep(2.1, 1.7, u)
    high = smoothstep(-0.8, -0.55, v) * smoothstep(0.5, 0.25, v)
    # the dark of the corners belongs to the mouth
    corner = np.exp(-(((u - 1) / 0.18) ** 2) - (v / 0.16) ** 2)
    return np.asarray(beside * high * (1 - corner), np.float32)
