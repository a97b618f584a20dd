"""Blending that keeps the picture everywhere outside a soft mask around the face.

Unlike the gradient-domain blend it cannot tint the whole face when the border of the frame has
moved, and it never touches shoulders or background outside the mask. The frame's colours are
matched to the picture along the soft edge, where both show the same skin and hair.

Convention: the mask is worked out on a small grid over the paste area, because it is smooth; all
its lengths are shares of the face's size.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.types import FloatArray, ImageArray

_GRID = 128
"""Longer side of the grid for mask and colours, in cells."""
_COVER = 0.10
"""How far the mask stays opaque outside the face."""
_FADE = 0.30
"""Width of the soft edge outside that."""
_BORDER_FADE = 0.12
"""Width of the fade along the border of the area, as a share of its shorter side."""
_COLOUR_REACH = 0.22
"""Standard deviation of the blur that carries colours from the soft edge inwards."""
_MATCH_ROUNDS = 2
_LARGEST_GAIN = 1.5
_LARGEST_SHIFT = 48.0
"""Grey levels; cells that still differ by more show other things, such as an opened mouth."""

Outline = FloatArray
"""(K, 2) float32 points around the face, in pixels of the paste area."""


class SoftBlend:
    """Blends frames into one area of one picture.

    Args:
        background: (H, W, 3) uint8, the picture inside the paste area.
        outline: Points of the face in the picture; their convex hull is the face.
        open_sides: Whether the left, top, right and bottom border of the area is also the border
            of the picture: nothing lies beyond, so nothing has to fade.
    """

    def __init__(
        self,
        background: ImageArray,
        outline: Outline,
        open_sides: tuple[bool, bool, bool, bool] = (False, False, False, False),
    ) -> None:
        import cv2

        self._area = background
        self._picture = background.astype(np.float32)
        height, width = background.shape[:2]
        scale = min(_GRID / max(height, width), 1.0)
        self._grid = (max(round(width * scale), 2), max(round(height * scale), 2))
        self._scale = np.array([self._grid[0] / width, self._grid[1] / height], np.float32)
        self._small: FloatArray = np.asarray(
            cv2.resize(self._picture, self._grid, interpolation=cv2.INTER_AREA), np.float32
        )
        self._outline = outline
        self._face_size = _hull_size(outline * self._scale)
        self._border = _border_fade(self._grid, open_sides)
        self._still_mask = self.mask(outline)

    def mask(self, outline: Outline) -> FloatArray:
        """Return how much of the frame shows on the grid, 0 to 1.

        Both places of the face are covered: where it is in the picture, so that no second face
        shows behind the frame's, and where it is now.
        """
        import cv2

        inside = np.zeros((self._grid[1], self._grid[0]), np.uint8)
        for points in (self._outline, outline):
            hull = cv2.convexHull((points * self._scale).astype(np.float32))
            cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 255)
        outside: FloatArray = np.asarray(
            cv2.distanceTransform(255 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32
        )
        share = 1 - (outside / self._face_size - _COVER) / _FADE
        found: FloatArray = _smooth_step(share) * self._border
        return found

    def blend(self, frame: ImageArray, outline: Outline | None = None) -> ImageArray:
        """Return the blended area as a new array.

        Args:
            frame: (H, W, 3) uint8, the frame at the size of the area.
            outline: The face's points in this frame; None when the head does not turn.
        """
        import cv2

        mask = self._still_mask if outline is None else self.mask(outline)
        rendered = frame.astype(np.float32)
        small: FloatArray = np.asarray(
            cv2.resize(rendered, self._grid, interpolation=cv2.INTER_AREA), np.float32
        )
        size = (frame.shape[1], frame.shape[0])
        gain, shift = self._colours(small, mask)
        rendered *= gain
        rendered += cv2.resize(shift, size)
        weight = cv2.resize(mask, size)[:, :, None]
        blended: FloatArray = self._picture + weight * (rendered - self._picture)
        np.clip(blended, 0, 255, out=blended)
        levels: ImageArray = np.rint(blended).astype(np.uint8)
        # the mask's zeros are exact zeros: there the picture is kept bit by bit
        return levels

    def _colours(self, small: FloatArray, mask: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the gain (3,) and the smooth offset (h, w, 3) that give the picture's colours.

        Gain and constant offset give the frame's face the picture's mean and contrast. Means and
        deviations, unlike a fit cell by cell, do not suffer when the head has moved. What is left
        along the soft edge is carried inwards by a wide blur.
        """
        import cv2

        gain, offset = np.ones(3, np.float32), np.zeros(3, np.float32)
        same = np.ones(mask.shape, bool)
        for _ in range(_MATCH_ROUNDS):
            gain, offset = _matched(small, self._small, mask * same)
            difference = np.asarray(self._small - (small * gain + offset), np.float32)
            same = np.abs(difference).max(axis=2) < _LARGEST_SHIFT
        weight = (4 * mask * (1 - mask) * same + 1e-6).astype(np.float32)
        sigma = _COLOUR_REACH * self._face_size
        carried = cv2.GaussianBlur(difference * weight[:, :, None], (0, 0), sigma)
        total = cv2.GaussianBlur(weight, (0, 0), sigma)[:, :, None]
        return gain, np.asarray(carried / total + offset, np.float32)


def _matched(
    frame: FloatArray, picture: FloatArray, weight: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return gain and offset (3,) that match mean and deviation of the weighted cells."""
    share = (weight / max(float(weight.sum()), 1e-6))[:, :, None]
    frame_mean, picture_mean = (frame * share).sum((0, 1)), (picture * share).sum((0, 1))
    frame_spread = (share * (frame - frame_mean) ** 2).sum((0, 1))
    picture_spread = (share * (picture - picture_mean) ** 2).sum((0, 1))
    ratio = np.sqrt((picture_spread + 1) / (frame_spread + 1))
    gain: FloatArray = np.clip(ratio, 1 / _LARGEST_GAIN, _LARGEST_GAIN).astype(np.float32)
    return gain, picture_mean - gain * frame_mean


def default_outline(width: int, height: int) -> Outline:
    """Return a face-shaped outline for an area whose face points are not known."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ellipse = np.stack([0.5 + 0.27 * np.cos(angle), 0.52 + 0.34 * np.sin(angle)], axis=1)
    return (ellipse * (width, height)).astype(np.float32)


def _hull_size(points: FloatArray) -> float:
    """Side of a square as large as the box around the points, in their units."""
    extent = points.max(axis=0) - points.min(axis=0)
    return max(float(np.sqrt(extent[0] * extent[1])), 1.0)


def _smooth_step(share: FloatArray) -> FloatArray:
    part = np.clip(share, 0, 1)
    found: FloatArray = (part * part * (3 - 2 * part)).astype(np.float32)
    return found


def _border_fade(grid: tuple[int, int], open_sides: tuple[bool, bool, bool, bool]) -> FloatArray:
    """Return 1 inside and 0 along every closed border of the grid, (h, w) float32."""
    width, height = grid
    reach = max(_BORDER_FADE * min(grid), 1.0)
    left, top, right, bottom = open_sides
    across = _ramp(width, reach, opens=left) * _ramp(width, reach, opens=right)[::-1]
    down = _ramp(height, reach, opens=top) * _ramp(height, reach, opens=bottom)[::-1]
    return down[:, None] * across


def _ramp(length: int, reach: float, *, opens: bool) -> FloatArray:
    if opens:
        return np.ones(length, np.float32)
    return _smooth_step((np.arange(length) / reach).astype(np.float32))
