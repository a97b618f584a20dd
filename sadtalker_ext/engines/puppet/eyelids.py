"""The lids of one eye: the upper one comes down over the eyeball, the lower one rises a little.

As on a real eye, the fold above the lid and the skin up to the brow stay nearly where they are;
what comes down is the lid proper, most of which an open eye hides behind its fold. The picture does
not show it, so clean lid skin (`lid_skin.py`) fades in between the fold and the margin, shaded like
the ball underneath. The lashes are a layer of their own: they ride on the margin, look shorter as
they turn forward, and give way to a line of lashes pointing down. Everything is a continuous
function of the closure.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.lid_skin import LidSkin
from sadtalker_ext.engines.puppet.soft_fields import smoothstep, soft_switch
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import FloatArray, ImageArray

# In eye sizes.
_STRIP = 0.06  # height of the skin that moves with the margin without being stretched
_LOWER_RISE = 0.06  # of the lower lid in the middle of the eye
_LOWER_REACH = 0.35  # how far below the lower lid the skin still moves
_SEAM_BELOW = 0.08  # the closed lids meet this far below the lower margin of the open eye
_SHADOW = 0.05  # how far the closing lid's shadow reaches down the eyeball
# As shares.
_FOLD_SHARE = 0.22  # of the margin's way that the fold comes along
_FLATTENING = 0.7  # of the fold of a closed eye
_SHADOW_DEPTH = 0.3
_LINE_BELOW = 0.6  # of the thickness of the lash line that it lies below the margin
_FORESHORTENING = 0.6  # of the lashes that point at the viewer
# closures between which something fades
_PAINT_IN = (0.04, 0.45)
_FLATTENS = (0.2, 0.9)
_LASHES_TURN = (0.0, 0.7)
_LASHES_OUT = (0.40, 0.78)
_LINE_IN = (0.40, 0.78)
_LASHES_DOWN = (0.60, 0.95)


class Eyelids:
    """Draws the lids of one eye at any closure.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye.
        skin: The paint for its lids.
    """

    def __init__(self, patch: ImageArray, shape: EyeShape, skin: LidSkin) -> None:
        self._shape = shape
        bump = shape.bump
        opening = np.maximum(shape.lower - shape.upper, 0.0)
        self._bump = bump
        self._rise = np.minimum(_LOWER_RISE * bump, 0.3 * opening)
        self._travel = opening + (_SEAM_BELOW * smoothstep(0.0, 0.7, bump) - self._rise)
        gap = np.maximum(shape.upper - shape.brow, 0.08)
        self._roof = shape.upper - np.minimum(0.85 * gap, 0.42)
        self._fold = shape.upper - skin.fold
        self._strip = np.minimum(_STRIP, 0.3 * gap) * (0.4 + 0.6 * bump)
        self._colour = skin.colour
        # whole numbers, so that taking the lashes off and putting them back is exact
        lashes = (patch - skin.colour) * skin.lashes[..., None]
        self._lashes = np.round(lashes).astype(np.int16)
        self._lash_colour = skin.lash
        self._lash_height = skin.lash_thickness * (0.35 + 0.65 * bump)
        outward = shape.u * shape.outer
        self._lash_ends = smoothstep(0.55, 0.36, outward) * smoothstep(-0.50, -0.36, outward)
        self._sides = smoothstep(0.66, 0.49, np.abs(shape.u))
        self._round = 0.95 + 0.05 * bump  # the ball turns away from the light at its sides
        self._comb = _comb(shape)
        beyond = smoothstep(0.47, 0.53, np.abs(shape.u))
        self._edge = 1 + 0.12 * shape.size * beyond  # sharp over the eye, soft beside it
        height, width = shape.u.shape
        self._x = np.broadcast_to(np.arange(width, dtype=np.float32)[None], (height, width))
        self._y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))

    def draw(
        self, face: ImageArray, eyeball: FloatArray, closure: float, follow: float
    ) -> FloatArray:
        """Put the lids over the eyeball.

        Args:
            face: (h, w, 3) uint8 patch with the face around the eye.
            eyeball: (h, w, 3) float32 patch with the eyeball, valid wherever the lids are open.
            closure: 0 as in the picture .. 1 closed.
            follow: How far the upper margin goes down with the gaze, in eye sizes.

        Returns:
            (h, w, 3) float32 patch; exactly `face` outside of what moved.
        """
        shape = self._shape
        move = closure * self._travel + follow * self._bump
        margin = shape.upper + move
        rise = closure * self._rise - 0.3 * follow * self._bump
        lower = shape.lower - rise
        depth = (shape.v - margin) * shape.size  # pixels below the upper margin
        bare = cv2.subtract(face, self._lashes, dtype=cv2.CV_8U)
        out = self._moved(bare, self._way(move, margin, rise, lower), cv2.INTER_CUBIC)
        if closure > 0:
            out = self._with_lid(out, margin, depth, closure)
        self._add_lashes(out, move, margin, closure)
        opening = np.clip(depth + 0.5, 0, 1) * np.clip((lower - shape.v) * shape.size + 0.5, 0, 1)
        opening = opening * (np.abs(shape.u) < 0.5)
        if closure > 0:
            shadow = np.exp(-((depth / (_SHADOW * shape.size)) ** 2))
            light = 1 - _SHADOW_DEPTH * soft_switch(0.0, 0.3, closure) * shadow
            eyeball = eyeball * light[..., None]
        out += (eyeball - out) * opening[..., None]
        return self._with_lash_line(out, depth, closure) if closure > 0 else out

    def _moved(self, image: npt.NDArray[Any], way: FloatArray, method: int) -> FloatArray:
        """Move pixels down by (h, w) eye sizes."""
        way = way * self._shape.size
        map_x = self._x - way * self._shape.down[0]
        map_y = self._y - way * self._shape.down[1]
        return np.asarray(remap(image, map_x, map_y, method), np.float32)

    def _way(
        self, move: FloatArray, margin: FloatArray, rise: FloatArray, lower: FloatArray
    ) -> FloatArray:
        """Say how far the skin at each pixel has come down, (h, w) in eye sizes."""
        v = self._shape.v
        along = _FOLD_SHARE * move
        fold, strip = self._fold + along, margin - self._strip
        above = np.clip((v - self._roof) / np.maximum(fold - self._roof, 0.02), 0, 1)
        lid = np.clip((v - fold) / np.maximum(strip - fold, 0.02), 0, 1)
        fade = np.clip(1 - (v - lower) / _LOWER_REACH, 0, 1)
        upper_way = along * above + (move - along) * lid
        way = np.where(2 * v < margin + lower, upper_way, -rise * fade * fade)
        return np.asarray(way, dtype=np.float32)

    def _add_lashes(
        self, out: FloatArray, move: FloatArray, margin: FloatArray, closure: float
    ) -> None:
        """Put the picture's lashes on the margin, in place."""
        left = 1 - soft_switch(*_LASHES_OUT, closure)
        if left > 0:
            turned = 1 - _FORESHORTENING * soft_switch(*_LASHES_TURN, closure)
            above = np.maximum(margin - self._shape.v, 0)
            way = move + above * (1 / turned - 1)
            out += self._moved(self._lashes, way, cv2.INTER_LINEAR) * left

    def _with_lid(
        self, below: FloatArray, margin: FloatArray, depth: FloatArray, closure: float
    ) -> FloatArray:
        """Lay clean skin between the fold and the margin."""
        v = self._shape.v
        start = self._fold + _FOLD_SHARE * closure * self._travel
        along = np.clip((v - start) / np.maximum(margin - start, 0.02), 0, 1)
        shade = self._round + 0.06 * np.sin(np.pi * along) - 0.03 * along**3
        # the fold flattens as the lid is drawn out of it
        flat = _FLATTENING * soft_switch(*_FLATTENS, closure)
        flattened = flat * smoothstep(-0.17, -0.06, v - start)
        cover = self._sides * np.maximum(smoothstep(-0.05, 0.06, v - start), flattened)
        cover = cover * np.clip(0.5 - depth / self._edge, 0, 1) * soft_switch(*_PAINT_IN, closure)
        painted = below + (self._colour * shade[..., None] - below) * cover[..., None]
        return np.asarray(painted, dtype=np.float32)

    def _with_lash_line(self, below: FloatArray, depth: FloatArray, closure: float) -> FloatArray:
        """Draw the dark line of lashes that hang over the rim of the lower lid."""
        down = soft_switch(*_LASHES_DOWN, closure)
        distance = depth / (self._shape.size * self._lash_height) - _LINE_BELOW * down
        line = np.exp(-((distance / np.where(distance < 0, 0.6, 0.6 + 0.4 * down)) ** 2))
        fringe = down * self._comb * np.exp(-np.maximum(distance, 0) / 0.9) * (distance > 0)
        lashes = np.maximum(0.9 * line, fringe) * self._lash_ends * soft_switch(*_LINE_IN, closure)
        lined = below + (self._lash_colour - below) * lashes[..., None]
        return np.asarray(lined, dtype=np.float32)


def _comb(shape: EyeShape) -> FloatArray:
    """Vary the ends of the lashes along the lid, (h, w) about 0.5; even on eyes of few pixels."""
    spacing = 0.05
    if spacing * shape.width < 2.0:
        return np.full_like(shape.u, 0.5)
    place = np.arange(-1.2, 1.2, spacing)
    strength = np.random.default_rng(7).uniform(0.15, 0.85, len(place))
    # they fan out from the middle of the eye
    root = shape.u * (1 - 0.5 * np.clip(shape.v - shape.lower, 0, 0.3))
    return np.asarray(np.interp(root, place, strength), dtype=np.float32)
