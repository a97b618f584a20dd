"""The skin that a closing lid is made of: the picture's own, without lashes, creases and glasses.

What covers the skin above the eye (lashes, rims) is taken off and the skin beside it continued over
the place, the eye opening included, so that the lid can be drawn down from it. A second copy has no
lines: creases, single lashes and grain are gone, but shading, make-up and the shadow of a deep
socket stay, edges and all. Between the two `eyelids.py` chooses by how far the skin has come.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.eyes.lashes import LashLine, find_lashes
from sadtalker_ext.engines.puppet.eyes.skin_detail import lid_detail
from sadtalker_ext.engines.puppet.fields import spread_colours
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, soft_switch, widen
from sadtalker_ext.types import FloatArray, ImageArray

# Weights against clean skin, which has 1.
_LEAST_TRUST = 0.07  # of skin in shadow, in folds and of other hues, to be continued over lashes
_SHADOW_TRUST = 0.25  # of the same skin above the eye when lines are smoothed away
_INK_TRUST = 0.05  # in a pen drawing what is dark above the eye is ink, not shadow
# Share of thin black lines round an eye: 0.13 in a pen drawing, 0 to 0.06 in 43 other portraits.
_INK = (0.07, 0.12)
_SMOOTHED = 11.0  # grey levels by which smoothing may change skin; more is the edge of a shadow
# In eye sizes.
_FOLD = 0.22  # creases and the shadows in them are dark and no wider than this
_GLINT = 0.12  # moist or powdered skin shines in spots no wider than this
_SOFT = 0.035  # takes the outlines of the spots taken out away
_LINE = 0.10  # nor are the lines of a drawing wider than this
_BLACKEST = 2.5  # percent of the surroundings of an eye show the blackest ink of a pen drawing
# Light on the lid as a share of that on the cheeks. Both eyes of 45 portraits: 0.27 and 0.28 under
# a fringe, 0.27 and 0.29 in the deep shadow of a face, 0.35 to 0.46 on nine behind glasses, under
# hats and at night, 0.52 and more on the others.
_HAIR = (0.28, 0.42)
_CHEEKS = (50, 280, 205, 425)  # mesh points on bare cheek, below most glasses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LidSkin:
    """The skin of one eye's lids, as it is carried down.

    Attributes:
        bare: (h, w, 3) float32 the patch without lashes and rims; inside the eye the skin of the
            upper lid goes on.
        flat: (h, w, 3) float32 the same without crease, lines and grain.
        detail: (h, w) float32 grain of this picture's skin, in grey levels around 0.
        lashes: The upper lashes.
        glasses: Whether rims were taken off.
        paper: 1 in a pen drawing, whose lids are paper and lines .. 0 elsewhere.
        open_air: 1 where nothing dark hangs over the lid .. 0 under hair, which hides its lashes.
    """

    bare: FloatArray
    flat: FloatArray
    detail: FloatArray
    lashes: LashLine
    glasses: bool
    paper: float = 0.0
    open_air: float = 1.0

    def cropped(self, part: tuple[slice, slice]) -> LidSkin:
        """Return the same skin over a smaller patch."""
        return dataclasses.replace(
            self,
            bare=np.ascontiguousarray(self.bare[part]),
            flat=np.ascontiguousarray(self.flat[part]),
            detail=np.ascontiguousarray(self.detail[part]),
            lashes=self.lashes.cropped(part),
        )


def cheek_colour(picture: ImageArray, points: FloatArray) -> FloatArray:
    """Measure the colour of the cheeks, (3,) RGB; the picture's median if they are outside it."""
    height, width = picture.shape[:2]
    reach = max(1, int(0.03 * np.ptp(points[:468, 0])))
    samples = []
    for x, y in np.round(points[list(_CHEEKS), :2]).astype(int):
        if 0 <= x < width and 0 <= y < height:
            part = picture[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            samples.append(np.median(part.reshape(-1, 3), axis=0))
    colour = np.median(samples or picture.reshape(-1, 3)[:: max(1, height)], axis=0)
    return np.asarray(colour, dtype=np.float32)


def sample_lid_skin(
    picture: ImageArray,
    points: FloatArray,
    shape: EyeShape,
    rims: FloatArray | None = None,
) -> LidSkin:
    """Look at the surroundings of one eye and prepare the skin of its lids.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        shape: The eye.
        rims: (h, w) 0..1, pixels of glasses in the patch, which are no skin.
    """
    left, top, right, bottom = shape.box
    image = picture[top:bottom, left:right].astype(np.float32)
    weight = clean_skin_weight(image, shape)
    hidden = None if rims is None else np.clip(cv2.blur(rims, (5, 5)) * 3, 0.0, 1.0)
    if hidden is not None:
        weight = weight * (1.0 - hidden)
    lashes = find_lashes(image, shape)
    inside = np.clip((shape.lower - shape.v) * shape.size - 1.0, 0, 1)
    covered = lashes.mask * inside
    if hidden is not None:
        covered = np.maximum(covered, hidden)
    bare = _without(image, covered, weight, shape)
    paper = soft_switch(*_INK, _ink(bare, shape))
    flat = _flattened(bare, weight, shape, paper)
    bright = luma(image)
    ink = image[bright <= np.percentile(bright, _BLACKEST)].mean(0)
    cheeks = cheek_colour(picture, points)
    above = (shape.v > shape.upper - 0.2) & (shape.v < shape.upper - 0.03) & (shape.bump > 0.36)
    above &= shape.v > shape.brow
    light = float(np.median(luma(flat)[above])) if above.any() else np.inf
    return LidSkin(
        bare=bare,
        # a lid that comes down in a pen drawing is paper, whatever is hatched above it
        flat=np.asarray(flat + paper * (cheeks - flat), np.float32),
        detail=lid_detail(picture, points, shape, weight),
        lashes=lashes._replace(colour=lashes.colour + np.float32(paper) * (ink - lashes.colour)),
        glasses=hidden is not None and bool(hidden.any()),
        paper=paper,
        open_air=soft_switch(*_HAIR, light / max(float(luma(cheeks)), 1.0)),
    )


def _without(
    image: FloatArray, covered: FloatArray, weight: FloatArray, shape: EyeShape
) -> FloatArray:
    """Continue the skin above the eye over what covers it."""
    below = smoothstep(-0.02, 0.02, shape.v - 0.5 * (shape.upper + shape.lower))
    known = (1 - covered) * (_LEAST_TRUST + (1 - _LEAST_TRUST) * weight) * (1 - 0.9 * below)
    filled = spread_colours(image, np.asarray(known, np.float32))
    return np.asarray(image + (filled - image) * covered[..., None], dtype=np.float32)


def _flattened(bare: FloatArray, weight: FloatArray, shape: EyeShape, ink: float) -> FloatArray:
    """Take crease, lines and grain out of the skin; its shading and its shadows stay."""
    above = smoothstep(-0.03, 0.03, shape.v - shape.brow)
    above = above * smoothstep(0.03, -0.03, shape.v - shape.upper) * (np.abs(shape.u) < 0.7)
    trust = _SHADOW_TRUST + (_INK_TRUST - _SHADOW_TRUST) * ink
    clear = -_without_lines(-_without_lines(bare, _FOLD * shape.size), _GLINT * shape.size)
    clear = blur(clear, _SOFT * shape.size)
    smooth = _spread(clear, np.asarray(weight + trust * above, np.float32), shape.size)
    # the edge of a shadow stays an edge
    limit = _SMOOTHED + ink * 255.0
    return np.asarray(clear + np.clip(smooth - clear, -limit, limit), dtype=np.float32)


def _without_lines(image: FloatArray, width: float) -> FloatArray:
    """Take out what is dark and thinner than `width` pixels."""
    reach = max(3, round(width)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    clear = cv2.morphologyEx(image, cv2.MORPH_CLOSE, kernel, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(clear, dtype=np.float32)


def _ink(bare: FloatArray, shape: EyeShape) -> float:
    """Say which share of the surroundings are thin black lines."""
    bright = luma(bare)
    round_it = (shape.v < shape.upper - 0.05) | (shape.v > shape.lower + 0.05)
    round_it &= np.abs(shape.u) < 0.9
    lines = _without_lines(bright, _LINE * shape.size) - bright
    black = lines > 0.25 * float(np.percentile(bright, 90))
    return float(black[round_it].mean()) if round_it.any() else 0.0


def clean_skin_weight(image: FloatArray, shape: EyeShape) -> FloatArray:
    """Judge for every pixel of the patch how likely it is bare skin, (h, w) float32 0..1.

    Skin is brighter than the hair, lashes, lines and outlines near it, smooth, and has the hue that
    most of the surroundings have.
    """
    size, u, v = shape.size, shape.u, shape.v
    blurred = blur(image, max(0.6, 0.015 * size))
    bright = luma(blurred)
    eye = smoothstep(-0.11, -0.05, v - shape.upper) * smoothstep(0.15, 0.08, v - shape.lower)
    zone = 1.0 - eye * smoothstep(0.62, 0.54, np.abs(u))
    zone = zone * smoothstep(-0.02, 0.04, v - shape.brow)
    # the brightest smooth neighbour: what is much darker is hair, a line or a shadowed edge
    reach = max(3, int(0.26 * size)) | 1
    local = blur(widen(bright * (zone > 0.5), reach), 0.10 * size)
    not_dark = smoothstep(0.66, 0.90, bright / np.maximum(local, 1.0))
    slope_x, slope_y = (cv2.Sobel(bright, cv2.CV_32F, 1 - i, i, scale=0.125) for i in (0, 1))
    slope = np.hypot(slope_x, slope_y) * size / np.maximum(local, 8.0)
    flat = np.exp(-((slope / 2.2) ** 2))
    chroma = np.stack([blurred[..., 0] - bright, blurred[..., 2] - bright], axis=-1)
    sure = (zone * not_dark * flat > 0.5) & (np.abs(u) < 0.7)
    typical = np.median(chroma[sure], axis=0) if sure.sum() > 8 else np.zeros(2)
    spread = float(np.median(np.abs(chroma[sure] - typical))) if sure.sum() > 8 else 20.0
    distance = np.linalg.norm(chroma - typical, axis=-1)
    hue = np.exp(-0.5 * (distance / (2.5 * spread + 8.0)) ** 2)
    # a lid looks like the skin above it; the bag below is often redder or darker
    below = smoothstep(0.0, 0.12, v - shape.lower) * smoothstep(0.62, 0.5, np.abs(u))
    return np.asarray(zone * not_dark * flat * hue * (1.0 - 0.65 * below), dtype=np.float32)


def _spread(image: FloatArray, weight: FloatArray, size: float) -> FloatArray:
    """Fill the whole patch from the weighted pixels: nearby ones where there are any, else far."""
    total = float(weight.sum())
    if total < 1.0:
        centre = np.median(image.reshape(-1, 3), axis=0)
        return np.broadcast_to(centre, image.shape).astype(np.float32)
    field = np.broadcast_to((image * weight[..., None]).sum((0, 1)) / total, image.shape)
    for reach in (0.5, 0.28, 0.16, 0.09):
        sigma = max(0.8, reach * size)
        near = blur(weight, sigma)
        mean = blur(image * weight[..., None], sigma) / np.maximum(near, 1e-5)[..., None]
        trust = smoothstep(0.02, 0.22, near)[..., None]
        field = field + (mean - field) * trust
    return np.asarray(field, dtype=np.float32)
