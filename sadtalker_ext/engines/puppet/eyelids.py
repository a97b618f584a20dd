"""The lids of one eye: the upper one comes down over the eyeball, the lower one rises a little.

The first part of the way the lid's own pixels are moved: lashes and liner keep their shape while
the skin above them is pulled out of the crease. Further down no more skin can be pulled, so clean
lid skin (`lid_skin.py`) fades in over the moved pixels, shaded like the ball underneath, and a lash
line runs along the margin. Everything is a continuous function of the closure.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.lid_skin import LidSkin
from sadtalker_ext.engines.puppet.soft_fields import smoothstep, soft_switch
from sadtalker_ext.types import FloatArray, ImageArray

# In eye sizes.
_STRIP = 0.09  # height of the lashes that move with the margin without being stretched
_LOWER_RISE = 0.035  # of the lower lid in the middle of the eye
_LOWER_REACH = 0.35  # how far below the lower lid the skin still moves
# closures between which paint fades in: over the skin, over the lash strip; and the lash line
_PAINT_TIMES = ((0.10, 0.60), (0.42, 0.78), (0.30, 0.62))
_SEAM_BELOW = 0.05  # the closed lids meet this far below the lower margin of the open eye


class Eyelids:
    """Draws the lids of one eye at any closure.

    Args:
        shape: The eye.
        skin: The paint for its lids.
    """

    def __init__(self, shape: EyeShape, skin: LidSkin) -> None:
        self._shape = shape
        bump = shape.bump
        opening = np.maximum(shape.lower - shape.upper, 0.0)
        self._bump = bump
        self._rise = np.minimum(_LOWER_RISE * bump, 0.3 * opening)
        self._travel = opening + (_SEAM_BELOW * smoothstep(0.0, 0.6, bump) - self._rise)
        gap = np.maximum(shape.upper - shape.brow, 0.08)
        self._roof = shape.upper - np.minimum(0.85 * gap, 0.42)
        self._strip = np.minimum(_STRIP, 0.35 * gap)
        self._cover = self._lid_cover(skin)
        beyond = smoothstep(0.47, 0.53, np.abs(shape.u))
        self._edge = 1 + 0.12 * shape.size * beyond  # sharp over the eye, soft beside it
        self._stray_beyond = skin.stray * beyond
        self._crease = self._crease_line(gap)
        self._colour = skin.colour
        self._lash_colour = skin.lash
        self._lash_height = skin.lash_thickness * (0.35 + 0.65 * bump)
        outward = shape.u * shape.outer
        self._lash_ends = smoothstep(0.55, 0.36, outward) * smoothstep(-0.50, -0.36, outward)
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
        skin = self._moved_skin(face, move, margin, rise, lower)
        depth = (shape.v - margin) * shape.size  # pixels below the upper margin
        opening = np.clip(depth + 0.5, 0, 1) * np.clip((lower - shape.v) * shape.size + 0.5, 0, 1)
        opening = (opening * (np.abs(shape.u) < 0.5))[..., None]
        out = skin + (eyeball - skin) * opening
        return self._painted(out, margin, depth, closure) if closure > 0 else out

    def _moved_skin(
        self,
        face: ImageArray,
        move: FloatArray,
        margin: FloatArray,
        rise: FloatArray,
        lower: FloatArray,
    ) -> FloatArray:
        """Pull the lids' own pixels along, each by at most the way of its margin."""
        shape = self._shape
        span = np.maximum(margin - self._strip - self._roof, 0.02)
        pulled = move * np.clip((shape.v - self._roof) / span, 0, 1)
        fade = np.clip(1 - (shape.v - lower) / _LOWER_REACH, 0, 1)
        way = np.where(2 * shape.v < margin + lower, pulled, -rise * fade * fade) * shape.size
        map_x = (self._x - way * shape.down[0]).astype(np.float32)
        map_y = (self._y - way * shape.down[1]).astype(np.float32)
        moved = cv2.remap(face, map_x, map_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(moved, dtype=np.float32)

    def _painted(
        self, below: FloatArray, margin: FloatArray, depth: FloatArray, closure: float
    ) -> FloatArray:
        """Lay clean skin and the lash line over the pulled lid."""
        shape = self._shape
        start = shape.upper - 0.08
        along = np.clip((shape.v - start) / np.maximum(margin - start, 0.02), 0, 1)
        crease = (0.08 - 0.05 * closure) * self._crease
        shade = 1 + 0.05 * np.sin(np.pi * along) - 0.12 * along**3 - crease
        # the lashes keep their own pixels longer than the skin above them
        early, late, line_in = (soft_switch(low, high, closure) for low, high in _PAINT_TIMES)
        strip = np.clip(1 + depth / (shape.size * self._strip), 0, 1)
        strength = early + (late - early) * strip
        above = np.clip(0.5 - depth / self._edge, 0, 1)
        cover = np.maximum(self._cover * above, self._stray_beyond)
        cover = (cover * strength)[..., None]
        out = below + (self._colour * shade[..., None] - below) * cover
        distance = depth / shape.size / self._lash_height
        line = np.where(distance < 0, np.exp(-((distance / 0.6) ** 2)), np.exp(-(distance**2)))
        fringe = 0.4 * np.exp(-np.maximum(distance, 0) / 1.3) * (distance > 0)
        lashes = np.maximum(0.85 * line, fringe) * self._lash_ends * line_in
        return np.asarray(out + (self._lash_colour - out) * lashes[..., None], dtype=np.float32)

    def _lid_cover(self, skin: LidSkin) -> FloatArray:
        """Where the closed lid is painted, (h, w) 0..1, as if there were no lower edge."""
        shape = self._shape
        solid = shape.upper - 0.06
        height = np.maximum(solid - self._roof, 0.02)
        ramp = np.clip((shape.v - self._roof) / height, 0, 1)
        ramp = ramp * ramp * (3 - 2 * ramp)
        ramp = ramp * smoothstep(0.70, 0.49, np.abs(shape.u))
        return np.asarray(np.maximum(ramp, skin.stray), dtype=np.float32)

    def _crease_line(self, gap: FloatArray) -> FloatArray:
        """Draw the fold above the lid, (h, w) 0..1."""
        shape = self._shape
        fold = shape.upper - np.minimum(0.13, 0.5 * gap)
        line = np.exp(-(((shape.v - fold) / 0.03) ** 2))
        return np.asarray(line * self._bump, dtype=np.float32)
