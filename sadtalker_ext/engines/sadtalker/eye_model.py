"""The eyes of one drawn face: painted at rest, and carried over to the pose of every frame.

The painted eyes P and the eyes as the renderer draws them by itself O, both at rest, differ where
something is asked. With A the affine map between the surroundings of an eye at rest and in the
frame F, and m how far P and O differ there,

    F + m (A P + (F - A O around the eye) - F),

so that where nothing is asked nothing changes, however large the error of the map.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import Box, FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import EyesAsked, PaintEyes

Doubles = npt.NDArray[np.float64]

_BRIDGE: Final = (168, 6, 197)
_AROUND: Final = (
    (33, 133, 25, 110, 24, 23, 22, 26, 112, 111, 117, 118, 119, 35, 143, 193, 122, *_BRIDGE),
    (263, 362, 255, 339, 254, 253, 252, 256, 341, 340, 346, 347, 348, 265, 372, 417, 351, *_BRIDGE),
)
"""Mesh points beside and below the eye on the left side of the picture, and of the other: lids and
brows do not move them."""
_CORNERS: Final = ((33, 133), (263, 362))
_ROOM: Final = 0.75
"""An eye's surroundings reach this far from its corners, in widths of the eye."""
_FAINT, _CLEAR = 1.5, 12.0
"""Levels of difference below which nothing is laid over, and above which all is."""
_GROWN, _SOFT = 0.05, 0.03
"""How far what differs is widened and softened, in widths of the eye."""


class EyeModel:
    """The eyes of one face.

    Args:
        picture: (H, W, 3) uint8 RGB the face at rest; not modified.
        points: (478, 3) its mesh points.
        paint: Paints its eyes.
    """

    def __init__(self, picture: ImageArray, points: FloatArray, paint: PaintEyes) -> None:
        self._picture = picture
        self._points = np.asarray(points[:, :2], np.float64)
        self._paint = paint
        self._boxes = [self._box(side) for side in range(2)]

    def over(
        self, frame: ImageArray, points: FloatArray, asked: EyesAsked, own: EyesAsked
    ) -> ImageArray:
        """Return a frame with the asked eyes.

        Args:
            frame: (H, W, 3) uint8 RGB the same face in another pose; not modified.
            points: (478, 3) its mesh points.
            asked: What the eyes are to do.
            own: What they do in the frame.
        """
        wanted, shown = self._painted(asked), self._painted(own)
        result = frame.copy()
        for side, box in enumerate(self._boxes):
            left, top, right, bottom = box
            if right - left < 3 or bottom - top < 3:
                continue
            part = (slice(top, bottom), slice(left, right))
            share = self._share(wanted[part], shown[part], side)
            if share.max() > 0:
                corner = np.array([left, top], np.float64)
                way = self._map(np.asarray(points[:, :2], np.float64), side, corner)
                _lay(result, wanted[part], shown[part], share, way)
        return result

    def _painted(self, asked: EyesAsked) -> ImageArray:
        if not any(asked.lids) and not any(asked.gaze) and not asked.face.any():
            return self._picture
        canvas = self._picture.copy()
        self._paint(canvas, asked)
        return canvas

    def _width(self, side: int) -> float:
        outer, inner = self._points[list(_CORNERS[side])]
        return max(float(np.linalg.norm(outer - inner)), 1.0)

    def _box(self, side: int) -> Box:
        """Return the surroundings of an eye, within the picture."""
        room = _ROOM * self._width(side)
        corners = self._points[list(_CORNERS[side])]
        low, high = np.floor(corners.min(0) - room), np.ceil(corners.max(0) + room)
        height, width = self._picture.shape[:2]
        low = np.clip(low, 0, (width, height)).astype(int)
        high = np.clip(high, 0, (width, height)).astype(int)
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def _share(self, wanted: ImageArray, shown: ImageArray, side: int) -> FloatArray:
        """Return (h, w) 0..1 how far what is painted differs from what is drawn."""
        change = cv2.absdiff(wanted, shown).max(axis=2).astype(np.float32)
        if change.max() <= _FAINT:
            return np.zeros_like(change)
        width = self._width(side)
        reach = 2 * max(1, round(_GROWN * width)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        change = cv2.GaussianBlur(cv2.dilate(change, kernel), (0, 0), max(0.6, _SOFT * width))
        return np.asarray(smoothstep(_FAINT, _CLEAR, np.asarray(change, np.float32)), np.float32)

    def _map(self, points: Doubles, side: int, corner: Doubles) -> Doubles:
        """Return the (2, 3) affine map from an eye's box at rest to a frame, by least squares."""
        around = list(_AROUND[side])
        rest = np.column_stack([self._points[around] - corner, np.ones(len(around))])
        found, *_ = np.linalg.lstsq(rest, points[around], rcond=None)
        return np.asarray(found.T, np.float64)


def _lay(
    result: ImageArray, wanted: ImageArray, shown: ImageArray, share: FloatArray, way: Doubles
) -> None:
    """Lay one eye over a frame, in place.

    Args:
        result: (H, W, 3) uint8.
        wanted: (h, w, 3) uint8 the painted eye at rest.
        shown: (h, w, 3) uint8 the eye at rest as the renderer draws it.
        share: (h, w) 0..1 how far they differ.
        way: (2, 3) affine map from the eye's pixels to those of the frame.
    """
    height, width = share.shape
    ends = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]) @ way.T
    low = np.maximum(np.floor(ends.min(0)), 0).astype(int)
    high = np.minimum(np.ceil(ends.max(0)), (result.shape[1], result.shape[0])).astype(int)
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    if min(size) < 1:
        return
    here = way - np.array([[0, 0, low[0]], [0, 0, low[1]]])

    def warped(layer: ImageArray | FloatArray, border: int) -> FloatArray:
        moved = cv2.warpAffine(
            np.asarray(layer, np.float32), here, size, flags=cv2.INTER_CUBIC, borderMode=border
        )
        return np.asarray(moved, np.float32)

    part = result[low[1] : high[1], low[0] : high[0]]
    drawn = part.astype(np.float32)
    inside = warped(np.ones_like(share), cv2.BORDER_CONSTANT)
    laid = np.clip(warped(share, cv2.BORDER_CONSTANT), 0, 1)
    around = np.clip(inside, 0, 1) * (1 - laid) + 1e-6
    apart = drawn - warped(shown, cv2.BORDER_REPLICATE)
    light = (apart * around[..., None]).sum(axis=(0, 1)) / around.sum()
    new = warped(wanted, cv2.BORDER_REPLICATE) + light
    mixed = drawn + laid[..., None] * (new - drawn)
    part[:] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
