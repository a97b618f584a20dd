"""What the closed lid is painted with: clean skin around the eye, its grain, and the lashes.

Nothing is copied from the strip above the eye: a brow, mascara or a painter's outline would come
along. Instead every pixel near the eye gets a weight for being clean skin, and a smooth colour
field is spread from the clean ones over lids, lashes and opening. Where the lid touches bare skin
the field has that skin's colour, so no edge shows; the texture of the picture's own skin
(`skin_detail.py`) goes on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.eyes.lashes import find_lashes, measure_lash_line
from sadtalker_ext.engines.puppet.eyes.lid_columns import fold_height, read_columns, spread_over
from sadtalker_ext.engines.puppet.eyes.skin_detail import lid_detail
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, smoothstep, widen
from sadtalker_ext.types import FloatArray, ImageArray

_CHEEKS = (50, 280, 205, 425)  # mesh points on bare cheek, below most glasses


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LidSkin:
    """Paint for one eye's lids.

    Attributes:
        colour: (h, w, 3) float32 skin colour of every pixel of the patch, texture included.
        lash: (3,) float32 colour of the lashes.
        lash_thickness: Height of the lash line in eye sizes.
        lashes: (h, w) float32 0..1, where the picture shows the upper lashes.
        fold: (h, w) float32 height of the fold above the upper margin, in eye sizes.
    """

    colour: FloatArray
    lash: FloatArray
    lash_thickness: float
    lashes: FloatArray
    fold: FloatArray


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
    """Look at the surroundings of one eye and mix the paint for its lids.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        shape: The eye.
        rims: (h, w) 0..1, pixels of glasses in the patch, which are no skin.
    """
    left, top, right, bottom = shape.box
    image = picture[top:bottom, left:right].astype(np.float32)
    weight = clean_skin_weight(image, shape)
    if rims is not None:
        weight = weight * (1.0 - np.clip(cv2.blur(rims, (5, 5)) * 3, 0.0, 1.0))
    smooth = _spread(image, weight, shape.size)
    smooth = smooth * _shadow(image, smooth, weight, shape)
    smooth = smooth * _tint(image, smooth, shape)
    columns = read_columns(image, smooth, shape)
    lashes = find_lashes(image, smooth, shape, columns)
    if rims is not None:
        lashes = lashes * (1.0 - rims)
    lash, thickness = measure_lash_line(image, smooth, shape)
    detail = lid_detail(picture, points, shape, weight)
    return LidSkin(
        colour=np.clip(smooth + detail[..., None], 0.0, 255.0).astype(np.float32),
        lash=lash,
        lash_thickness=thickness,
        lashes=lashes,
        fold=spread_over(fold_height(columns), columns, shape.u),
    )


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


def _shadow(
    image: FloatArray, smooth: FloatArray, weight: FloatArray, shape: EyeShape
) -> FloatArray:
    """Find how much darker the eye's surroundings are than clean skin, (h, w, 3) about 0.6..1.

    The cleanest skin near a deep-set eye is often the lit nose or cheek; a lid painted as bright as
    that would stand out of the shadow of the brow.
    """
    wanted, found = luma(smooth), luma(image)
    eye = smoothstep(-0.13, -0.08, shape.v - shape.upper)
    eye = eye * smoothstep(0.12, 0.06, shape.v - shape.lower) * (np.abs(shape.u) < 0.6)
    near = smoothstep(-0.02, 0.05, shape.v - shape.brow) * (1 - eye)
    near = near * smoothstep(0.55, 0.75, found / np.maximum(wanted, 1.0))
    near = near * smoothstep(0.8, 0.6, np.abs(shape.u)) + 0.3 * weight + 1e-4
    sigma = 0.13 * shape.size
    near = near[..., None]
    actual = blur(near * np.minimum(image, smooth * 1.1), sigma)
    ratio = actual / np.maximum(blur(near * smooth, sigma), 1e-3)
    return np.asarray(np.clip(ratio, 0.55, 1.08) ** 0.65, dtype=np.float32)


def _tint(image: FloatArray, smooth: FloatArray, shape: EyeShape) -> FloatArray:
    """Compare the hue of the skin right around the eye with that of the paint, (3,) about 1.

    The thin skin of the lids is redder than the clean skin farther away.
    """
    above, below = shape.v - shape.upper, shape.v - shape.lower
    ring = ((above > -0.20) & (above < -0.09)) | ((below > 0.06) & (below < 0.20))
    skin = luma(image) > 0.6 * luma(smooth)
    ring &= skin & (np.abs(shape.u) < 0.4) & (shape.v > shape.brow + 0.03)
    if ring.sum() < 12:
        return np.ones(3, dtype=np.float32)
    hues = [np.median(one[ring] / luma(one[ring])[:, None], axis=0) for one in (image, smooth)]
    return np.asarray(np.clip(hues[0] / hues[1], 0.9, 1.1) ** 0.5, dtype=np.float32)
