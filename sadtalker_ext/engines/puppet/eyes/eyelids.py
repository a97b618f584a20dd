"""The lids of one eye: the upper one unfolds over the eyeball, the lower one rises a little.

The picture's own skin is carried down: between brow and margin it is stretched by a smooth field
that moves the margin all the way and the brow not at all. What has come far is new skin out of the
fold: there crease and lines flatten into the shading of the skin around them, with the grain of the
picture's own skin. The lashes are a layer of their own: they ride on the margin, look shorter as
they turn forward, and give way to a line of lashes pointing down. Everything is a continuous
function of the closure.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.eyes.lid_skin import LidSkin
from sadtalker_ext.engines.puppet.fields import fine_planes, planes
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, soft_switch, widen
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import FloatArray, ImageArray

# In eye sizes.
_LOWER_RISE = 0.09  # of the lower lid in the middle of the eye
_LOWER_REACH = 0.35  # how far below the lower lid the skin still moves
_SEAM_BELOW = 0.05  # the closed lids meet this far below the lower margin of the open eye
_EDGE = 0.012  # softness of the margins of the opening, where that is more than a pixel
_SHADOW = 0.05  # how far the closing lid's shadow reaches down the eyeball
_HIGHEST = 0.55  # skin higher above the margin than this never moves
_FLATTENS = (0.02, 0.20)  # ways between which the skin loses its lines
_FLATTENS_PAPER = (0.0, 0.12)  # hatching is not stretched, it fades out
# As shares.
_FLATTEST = 0.92  # of new skin
_INK_FADES = 0.5  # of the way from brow to margin, over which the ink below the brow fades out
_UNDER_BROW = 0.07  # darkness of the paper there: as light as the cheek, a lid is a blank eyeball
_SMOOTHEST = 0.68  # of the crease, a trace of which stays
_TIPS_OUT = 0.92  # of tips of lashes above their band: they point down when the lid is shut
_SHADOW_DEPTH = 0.3
_BEHIND_HAIR = 0.45  # of lashes is seen behind hair
_SQUINT = (0.6, 0.8)  # of the room above and below the pupil that the margins take at a squint of 1
_BULGE = 0.05  # the lid over the middle of the ball catches this much more light
_LINE_BELOW = 0.4  # of the thickness of the lash line that it lies below the margin
_FORESHORTENING = 0.6  # of the lashes that point at the viewer
_TIP_HEIGHTS = (0.30, 0.20)  # above the margin, in eye sizes; dark lines further up are a crease
_TIP_WIDE = 0.09  # no tip of a lash is wider, in eye sizes
_TIP_DARKER = (3.0, 14.0)  # grey levels by which tips of lashes are darker than the skin there
# Low-frequency change by smoothing, grey levels: median 28, 5 % to 95 % 12 to 66 over both eyes of
# 44 portraits. Above are 96 (a brow right on the lid) and 430 to 450 (a pen drawing).
_WIDE = (120.0, 50.0)
# Closures between which something fades.
_SMOOTHS = (0.2, 0.8)
_LASHES_TURN = (0.0, 0.7)
_LASHES_OUT = (0.20, 0.65)
_LINE_IN = (0.20, 0.65)
_LASHES_DOWN = (0.60, 0.95)


class Eyelids:
    """Draws the lids of one eye at any closure.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye.
        skin: The skin of its lids.
    """

    def __init__(self, patch: ImageArray, shape: EyeShape, skin: LidSkin) -> None:
        self._shape = shape
        bump = shape.bump
        opening = np.maximum(shape.lower - shape.upper, 0.0)
        self._bump = bump
        self._rise = np.minimum(_LOWER_RISE * bump, 0.3 * opening)
        self._travel = opening + (_SEAM_BELOW * smoothstep(0.0, 0.7, bump) - self._rise)
        self._rooms = shape.rooms()
        self._opening = opening * np.sqrt(bump)
        self._roof = np.maximum(shape.brow, shape.upper - _HIGHEST)
        self._gap = np.maximum(shape.upper - self._roof, 0.05)
        self._glasses = skin.glasses
        self._paper = skin.paper
        low, high = np.array(_FLATTENS) + skin.paper * np.subtract(_FLATTENS_PAPER, _FLATTENS)
        self._flattens = float(low), float(high)
        self._flat = np.clip(skin.flat + 0.5, 0, 255).astype(np.uint8)
        self._grain = skin.detail
        # whole numbers, so that taking the lashes off and putting them back is exact
        over = np.round(patch - skin.bare).astype(np.int16)
        self._over = over
        on_margin = np.clip(1.5 + (shape.upper - shape.v) * shape.size, 0, 1)
        lashes = over * (skin.lashes.mask * on_margin)[..., None]
        self._lashes = np.round(lashes).astype(np.int16)
        self._lash_colour = skin.lashes.colour
        self._lash_height = skin.lashes.thickness * (0.5 + 0.5 * bump)
        outward = shape.u * shape.outer
        ends = smoothstep(0.60, 0.42, outward) * smoothstep(-0.51, -0.42, outward)
        # lashes behind hair are hardly seen
        self._behind = (1 - _BEHIND_HAIR) * (1 - skin.open_air)
        self._lash_opacity = ends * skin.lashes.strength * np.float32(1 - self._behind)
        self._comb = _comb(shape)
        self._around = self._lash_zone(skin)
        height, width = shape.u.shape
        self._x = np.broadcast_to(np.arange(width, dtype=np.float32)[None], (height, width))
        self._y = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], (height, width))

    def _lash_zone(self, skin: LidSkin) -> FloatArray:
        """Say how much tips of lashes and the crease, which move too little for it, flatten."""
        shape = self._shape
        outward = shape.u * shape.outer
        above = shape.upper - shape.v
        height = above / np.minimum(0.32, 0.8 * self._gap)
        zone = smoothstep(1.0, 0.4, height) * smoothstep(0.10, -0.03, -above)
        zone = zone * smoothstep(0.74, 0.5, outward) * smoothstep(-0.58, -0.34, outward)
        # thin things only: what is dark all over stays as dark as it is
        wide = np.abs(blur(luma(skin.flat) - luma(skin.bare), 0.08 * shape.size))
        thin = smoothstep(*_WIDE, wide * np.maximum(0.4 / self._gap, 1.0))
        tips = self._tips(luma(skin.bare)) * smoothstep(1.0, 0.8, height) * (1.0 - skin.paper)
        return np.asarray(np.maximum(_SMOOTHEST * zone, _TIPS_OUT * tips) * thin, np.float32)

    def _tips(self, bright: FloatArray) -> FloatArray:
        """Say where the skin above the band of lashes still shows their tips, (h, w) 0..1."""
        shape = self._shape
        side = max(3, round(_TIP_WIDE * shape.size)) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        darker = np.asarray(cv2.morphologyEx(bright, cv2.MORPH_BLACKHAT, kernel), np.float32)
        tips = blur(widen(smoothstep(*_TIP_DARKER, darker), side), max(0.8, 0.02 * shape.size))
        above, outward = shape.upper - shape.v, shape.u * shape.outer
        tips = tips * smoothstep(*_TIP_HEIGHTS, above) * smoothstep(0.02, 0.07, above)
        return tips * smoothstep(0.78, 0.62, outward) * smoothstep(-0.58, -0.34, outward)

    def draw(
        self,
        face: ImageArray,
        eyeball: FloatArray,
        closure: float,
        follow: float,
        squint: float = 0.0,
        lifted: float = 0.0,
    ) -> FloatArray:
        """Put the lids over the eyeball.

        Args:
            face: (h, w, 3) uint8 patch with the face around the eye.
            eyeball: (3, h, w) float32 patch with the eyeball, valid wherever the lids are open.
            closure: 0 as in the picture .. 1 closed.
            follow: How far the upper margin goes down with the gaze, in eye sizes; the lower one
                follows it a little.
            squint: How far both margins are tightened, 0..1.
            lifted: How far the upper margin alone is raised, in eye sizes.

        Returns:
            (3, h, w) float32 patch; exactly `face` outside of what moved.
        """
        shape = self._shape
        over, under = self._tightened(squint, closure)
        down = follow - lifted * (1 - closure)
        move = closure * self._travel + down * self._bump + over * self._opening
        margin = shape.upper + move
        rise = closure * self._rise - 0.3 * follow * self._bump + under * self._opening
        lower = shape.lower - rise
        depth = (shape.v - margin) * shape.size  # pixels below the upper margin
        bare = cv2.subtract(face, self._over, dtype=cv2.CV_8U)
        way = self._way(move, margin, rise, lower, closure)
        maps = self._maps(way)
        out = fine_planes(np.asarray(bare, np.uint8), maps)
        if closure > 0:
            out = self._unfolded(out, way, maps, margin, closure)
        self._add_lashes(out, move, margin, closure)
        if self._glasses:
            # beside a rim its pixels are not bare skin: they change only where skin comes along
            before = planes(face)
            out = before + (out - before) * smoothstep(0.0, 0.03, np.abs(way))
        edge = np.float32(max(1.0, _EDGE * shape.size))
        above_lower = (lower - shape.v) * shape.size
        opening = np.clip(depth / edge + 0.5, 0, 1) * np.clip(above_lower / edge + 0.5, 0, 1)
        opening = opening * (np.abs(shape.u) < 0.5)
        if closure > 0:
            shadow = np.exp(-((depth / (_SHADOW * shape.size)) ** 2))
            light = 1 - _SHADOW_DEPTH * soft_switch(0.0, 0.3, closure) * shadow
            eyeball = eyeball * light
        out += (eyeball - out) * opening
        return self._with_lash_line(out, depth, closure) if closure > 0 else out

    def _tightened(self, squint: float, closure: float) -> tuple[float, float]:
        """Return the shares of the opening that the upper and the lower margin take for a squint.

        A lid that has come down has less room above the pupil left.
        """
        above, below = self._rooms
        tight = squint * (1 - closure)
        return _SQUINT[0] * tight * max(above - closure, 0.0), _SQUINT[1] * tight * below

    def _maps(self, way: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Turn ways down in eye sizes into the places to read from."""
        way = way * self._shape.size
        map_x = (self._x - way * self._shape.down[0]).astype(np.float32)
        map_y = (self._y - way * self._shape.down[1]).astype(np.float32)
        return map_x, map_y

    def _moved(self, image: npt.NDArray[Any], maps: tuple[FloatArray, FloatArray]) -> FloatArray:
        return planes(remap(image, *maps))

    def _way(
        self,
        move: FloatArray,
        margin: FloatArray,
        rise: FloatArray,
        lower: FloatArray,
        closure: float,
    ) -> FloatArray:
        """Say how far the skin at each pixel has come down, (h, w) in eye sizes.

        Skin at the share x of the height from brow to margin moves by x * x of the margin's way; a
        pixel y below the brow shows the skin where gap * x + move * x * x = y.
        """
        v, gap = self._shape.v, self._gap
        below = np.clip(v - self._roof, 0, None)
        x = 2 * below / (gap + np.sqrt(np.maximum(gap * gap + 4 * move * below, 1e-6)))
        x = np.minimum(x, 1.0)
        fade = np.clip(1 - (v - lower) / _LOWER_REACH, 0, 1)
        # the upper lid closes over the lower one, as far as the middle of the line of lashes
        under = _LINE_BELOW * soft_switch(*_LASHES_DOWN, closure) * self._lash_height
        seam = np.maximum(margin + under, (margin + lower) / 2)
        way = np.where(v < seam, move * x * x, -rise * fade * fade)
        return np.asarray(way, dtype=np.float32)

    def _unfolded(
        self,
        carried: FloatArray,
        way: FloatArray,
        maps: tuple[FloatArray, FloatArray],
        margin: FloatArray,
        closure: float,
    ) -> FloatArray:
        """Flatten the skin that has come far, and give it grain and the light of the ball."""
        flat = self._moved(self._flat, maps)
        smooth = soft_switch(*_SMOOTHS, closure) * self._around
        share = np.maximum(_FLATTEST * smoothstep(*self._flattens, way), smooth)
        along = np.clip((self._shape.v - self._roof) / (margin - self._roof), 0, 1)
        light = 1 + share * self._bump * (_BULGE * (1 - self._paper)) * np.sin(np.pi * along)
        light = light * (1 - self._paper * _UNDER_BROW * (1 - along))
        share = share * (1 - self._paper * (1 - smoothstep(0, _INK_FADES, along)))
        target = flat * light + self._grain
        return np.asarray(carried + (target - carried) * share, dtype=np.float32)

    def _add_lashes(
        self, out: FloatArray, move: FloatArray, margin: FloatArray, closure: float
    ) -> None:
        """Put the picture's lashes on the margin, in place."""
        left = 1 - soft_switch(*_LASHES_OUT, closure)
        if left > 0:
            turned = 1 - _FORESHORTENING * soft_switch(*_LASHES_TURN, closure)
            above = np.maximum(margin - self._shape.v, 0)
            way = move + above * (1 / turned - 1)
            left *= 1 - self._behind * soft_switch(*_LINE_IN, closure)
            out += self._moved(self._lashes, self._maps(way)) * left

    def _with_lash_line(self, below: FloatArray, depth: FloatArray, closure: float) -> FloatArray:
        """Draw the dark line of lashes that hang over the rim of the lower lid."""
        down = soft_switch(*_LASHES_DOWN, closure)
        distance = depth / (self._shape.size * self._lash_height) - _LINE_BELOW * down
        line = np.exp(-((distance / np.where(distance < 0, 0.6, 0.6 + 0.4 * down)) ** 2))
        fringe = 1.2 * down * self._comb * np.exp(-np.maximum(distance, 0) / 1.2) * (distance > 0)
        lashes = np.maximum(line, fringe) * self._lash_opacity * soft_switch(*_LINE_IN, closure)
        lined = below + (self._lash_colour[:, None, None] - below) * lashes
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
