"""Blending that keeps the picture everywhere outside a soft mask around the face.

Unlike the gradient-domain blend it cannot tint the whole face when the border of the frame has
moved, and it never touches shoulders or background outside the mask. The frame's colours are
matched to the picture along the soft edge, where both show the same skin and hair. When the head
has turned, the picture around it follows (see `follow.py`), so that hair and hats do not show
twice where one fades into the other.

Convention: the mask is worked out on a small grid over the paste area, because it is smooth; all
its lengths are shares of the face's size.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from sadtalker_ext.compositor.bend import Bender, BentGrid
from sadtalker_ext.compositor.colours import matched_colours
from sadtalker_ext.compositor.device_layers import DeviceLayers
from sadtalker_ext.compositor.follow import (
    STILL,
    HeadFollower,
    affine_between,
    shifted,
)
from sadtalker_ext.compositor.workers import OwnArrays
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.errors import is_out_of_memory
from sadtalker_ext.types import Box, FloatArray, ImageArray

_GRID = 128
"""Longer side of the grid for mask and colours, in cells."""
_COVER = 0.10
"""How far the mask stays opaque outside the face."""
_FADE = 0.14
_FADE_BELOW = 0.30
"""Width of the soft edge outside that: narrow at the hair, wide at the neck."""
_CHIN = 0.25
"""The edge widens over this much of the face's size above its lowest point."""
_BORDER_FADE = 0.12
"""Width of the fade along the border of the area, as a share of its shorter side."""
_FOLLOWS, _STAYS = 0.45, 1.0
"""The picture follows the head entirely up to the first distance from the face, and not at all
from the second one on."""
_NECK = 0.50
"""Below the chin nothing follows from this distance on: shoulders stay."""
Outline = FloatArray
"""(K, 2) float32 points around the face, in pixels of the paste area."""


class SoftBlend:
    """Blends frames into one area of one picture; several threads may do so at once.

    Args:
        background: (H, W, 3) uint8, the paste area with as much of the picture around it as may
            follow the head.
        outline: Points of the face in the picture; their convex hull is the face.
        open_sides: Whether the left, top, right and bottom border of the paste area is also the
            border of the picture: nothing lies beyond, so nothing has to fade.
        paste: The paste area in the background; all of it when left out.
        open_around: The same for the borders of the background.
        device: Torch's name of a device that takes the large steps.
    """

    def __init__(
        self,
        background: ImageArray,
        outline: Outline,
        open_sides: tuple[bool, bool, bool, bool] = (False, False, False, False),
        paste: Box | None = None,
        open_around: tuple[bool, bool, bool, bool] = (False, False, False, False),
        device: str | None = None,
    ) -> None:
        import cv2

        height, width = background.shape[:2]
        self._paste = paste or (0, 0, width, height)
        left, top, right, bottom = self._paste
        picture = background[top:bottom, left:right]
        width, height = right - left, bottom - top
        scale = min(_GRID / max(height, width), 1.0)
        self._grid = (max(round(width * scale), 2), max(round(height * scale), 2))
        self._scale = np.array([self._grid[0] / width, self._grid[1] / height], np.float32)
        self._outline = outline
        self._face_size = _hull_size(outline * self._scale)
        self._border = _border_fade(self._grid, open_sides)
        self._still_mask = self.mask(outline)
        inside = self._hull([outline])
        within = np.asarray(cv2.distanceTransform(inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
        distance = np.where(inside > 0, -within, self._outside(inside)) / self._face_size
        self._follower = HeadFollower(picture, distance.astype(np.float32))
        self._bender = Bender(background, self._following(background.shape[:2], open_around))
        self._behind = BentGrid(background, self._paste, self._grid, self._bender)
        self._layers: DeviceLayers | None = None
        fine = self._bender.fine if device is not None else None
        if device is not None and fine is not None:
            with self._unless_full():
                self._layers = DeviceLayers(fine, self._paste, device)
        self._own = OwnArrays()

    def mask(self, outline: Outline) -> FloatArray:
        """Return how much of the frame shows on the grid, 0 to 1.

        Both places of the face are covered: where it is in the picture, so that no second face
        shows behind the frame's, and where it is now.
        """
        inside = self._hull([self._outline, outline])
        rows = np.flatnonzero(inside.any(axis=1))
        chin = float(rows[-1]) if len(rows) else 0.0
        row: FloatArray = np.arange(self._grid[1], dtype=np.float32)
        below = (row - np.float32(chin)) / np.float32(_CHIN * self._face_size)
        lowness = smoothstep(0, 1, below + np.float32(1))
        fade = _FADE + (_FADE_BELOW - _FADE) * lowness[:, None]
        share = 1 - (self._outside(inside) / self._face_size - _COVER) / fade
        found: FloatArray = smoothstep(0, 1, share) * self._border
        return found

    def blend_into(
        self,
        frame: ImageArray,
        whole: ImageArray,
        outline: Outline | None = None,
        rendered: ImageArray | None = None,
    ) -> None:
        """Blend in place.

        Args:
            frame: (h, w, 3) uint8, the frame at the size of the paste area.
            whole: (H, W, 3) uint8 copy of the background.
            outline: The face's points in this frame as the head's angles have them; None when
                they are not known.
            rendered: The frame at another size, where that is known: one that is nearer to the
                grid's is looked at sooner.
        """
        import cv2

        expected = STILL if outline is None else affine_between(self._outline, outline)
        near = frame if rendered is None or rendered.size > frame.size else rendered
        seen = np.asarray(cv2.resize(near, self._grid, interpolation=cv2.INTER_AREA), np.uint8)
        motion = self._follower.measure(seen, expected)
        moved = self._outline @ motion[:, :2].T + motion[:, 2]
        mask = self.mask(moved.astype(np.float32))
        left, top, right, bottom = self._paste
        field = self._bender.field(shifted(motion, (left, top)))
        gain, shift = matched_colours(seen, self._behind.bent(field), mask, self._face_size)
        weight = mask[:, :, None]
        gain, shift = weight * gain, weight * shift
        layers = self._layers
        if layers is not None:
            with self._unless_full():
                whole[:] = layers.mixed(layers.bent(field), frame, gain, shift, mask)
                return
        if field is not None:
            self._bender.bend_into(field, whole)
        self._mix(frame, whole[top:bottom, left:right], gain, shift, mask)

    @contextmanager
    def _unless_full(self) -> Iterator[None]:
        """Do without the device from where it has no room."""
        try:
            yield
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._layers = None

    def _mix(
        self,
        frame: ImageArray,
        picture: ImageArray,
        gain: FloatArray,
        shift: FloatArray,
        mask: FloatArray,
    ) -> None:
        """Set the picture to itself where the mask is 0, else to gain x frame + shift.

        Gain and shift (h, w, 3) on the grid are already weighted by the mask. Its zeros are exact
        zeros: there the picture is kept bit by bit.
        """
        import cv2

        size = (frame.shape[1], frame.shape[0])
        total, part = self._own.of(frame.shape, frame.shape)
        cv2.resize(gain, size, part)
        cv2.multiply(frame, part, total, dtype=cv2.CV_32F)
        cv2.resize(shift, size, part)
        cv2.accumulate(part, total)
        cv2.resize(cv2.merge([1 - mask] * 3), size, part)
        cv2.multiply(picture, part, part, dtype=cv2.CV_32F)
        cv2.add(part, total, picture, dtype=cv2.CV_8U)

    def _hull(self, outlines: list[Outline]) -> ImageArray:
        """Return the faces filled on the grid, 255 inside."""
        import cv2

        inside = np.zeros((self._grid[1], self._grid[0]), np.uint8)
        for points in outlines:
            hull = cv2.convexHull((points * self._scale).astype(np.float32))
            cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 255)
        return inside

    @staticmethod
    def _outside(inside: ImageArray) -> FloatArray:
        """Return the distance from the face in cells, 0 inside."""
        import cv2

        found: FloatArray = np.asarray(
            cv2.distanceTransform(255 - inside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32
        )
        return found

    def _following(
        self, shape: tuple[int, ...], open_around: tuple[bool, bool, bool, bool]
    ) -> FloatArray:
        """Return how much of the head's motion the background takes part in, on a grid over it."""
        import cv2

        left, top, _, _ = self._paste
        whole = (round(shape[1] * self._scale[0]), round(shape[0] * self._scale[1]))
        inside = np.zeros((max(whole[1], 2), max(whole[0], 2)), np.uint8)
        points = (self._outline + np.array([left, top], np.float32)) * self._scale
        hull = cv2.convexHull(points.astype(np.float32))
        cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 255)
        far = self._outside(inside) / self._face_size
        near = 1 - (far - _FOLLOWS) / (_STAYS - _FOLLOWS)
        below = (np.arange(len(inside), dtype=np.float32) - points[:, 1].max()) / self._face_size
        neck = smoothstep(0, 1, np.float32(1) - below / np.float32(_NECK))[:, None]
        edge = _border_fade((inside.shape[1], inside.shape[0]), open_around)
        found: FloatArray = smoothstep(0, 1, near) * neck * edge
        return found


def default_outline(width: int, height: int) -> Outline:
    """Return a face-shaped outline for an area whose face points are not known."""
    angle = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ellipse = np.stack([0.5 + 0.27 * np.cos(angle), 0.52 + 0.34 * np.sin(angle)], axis=1)
    return (ellipse * (width, height)).astype(np.float32)


def _hull_size(points: FloatArray) -> float:
    """Side of a square as large as the box around the points, in their units."""
    extent = points.max(axis=0) - points.min(axis=0)
    return max(float(np.sqrt(extent[0] * extent[1])), 1.0)


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
    return smoothstep(0, 1, (np.arange(length) / reach).astype(np.float32))
