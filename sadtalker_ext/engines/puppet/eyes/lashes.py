"""The upper lashes as the picture shows them: a thin smooth band on the margin, and its colour.

The band can never reach the brow, the crease or the shadow of a deep socket: it starts at the
margin, ends at the first lighter skin above it, and is at most a small share of the eye tall. Where
the darkness goes on it is a shadow, and the columns beside it say how tall the lashes are; where no
column says so, only the least band is taken. Single long lashes are added if they hang together
with the band and do not run along the margin, as creases do.

Ranges in comments are those over both eyes of 44 portraits of all kinds (5 % and 95 %).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, widen
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray

# Heights above the upper margin, in eye sizes.
_STEP = 0.01
_HIGHEST = 0.36
_LEAST = 0.045
_TALLEST = 0.18  # measured heights: median 0.08 (0.045 to 0.13)
_STROKE = 0.07  # no single lash is wider
_STROKES_TALL = 0.30
_TIPS = 0.025  # the tips of lashes fade above the band
_SOFT = 0.025  # the band fades over this height
# In eye widths.
_AGREE = 0.11  # columns this near to each other vote on the height
_SMOOTH = 0.08
_COLUMNS = 101
_REACH = 0.56
# As shares.
_GAP_SHARE = 0.5  # of the height of the brow above the margin: 0.28 to 0.81 eye sizes
# Times the usual height is the tallest (unbounded 1.1 to 4.0): more is the crease running into it.
_UNEVEN = 1.35
_CLEAR_SHARE = 0.3  # of the columns must show where the lashes end: 0.07 to 0.91, median 0.65
_DARKER = 0.6  # the band ends where the picture is this near to skin, from the darkest lash
_CONTRAST = 0.15  # of the skin's brightness, less is no band: 0.10 to 0.87
_SHARPNESS = 0.55  # of the width of the picture's own edges: 2.2 to 5.0 pixels
# The line of a shut eye is no brighter than this share of the lid: lashes that lie over each other,
# and the shadow under them, are darker than the lashes of an open eye (0.04 to 1.0, median 0.34).
_LIGHTEST = 0.38
_WEIGHTS = (0.65, 1.3)  # of the line along the lid, as the open eye's band is lower or higher there
_PALEST = 0.9  # strength of the line where the open eye's lashes are palest


class LashLine(NamedTuple):
    """The lashes of one eye.

    Attributes:
        mask: (h, w) float32 0..1, where the picture shows them, and everything below the margin.
        colour: (3,) float32 RGB of a line of them.
        thickness: (h, w) float32 height of the line of a shut eye, in eye sizes.
        strength: (h, w) float32 its opacity, 0..1.
    """

    mask: FloatArray
    colour: FloatArray
    thickness: FloatArray
    strength: FloatArray

    def cropped(self, part: tuple[slice, slice]) -> LashLine:
        """Return the same lashes over a smaller patch."""
        mask, thickness, strength = (
            np.ascontiguousarray(field[part])
            for field in (self.mask, self.thickness, self.strength)
        )
        return self._replace(mask=mask, thickness=thickness, strength=strength)


def find_lashes(image: FloatArray, shape: EyeShape) -> LashLine:
    """Look for the upper lashes.

    Args:
        image: (h, w, 3) float32 pixels of `shape.box`.
        shape: The eye.
    """
    u = np.linspace(-_REACH, _REACH, _COLUMNS)
    heights = np.arange(-0.03, _HIGHEST, _STEP, dtype=np.float32)[:, None]
    bright, gap = _columns(image, shape, u, heights)
    top = _band_height(bright, heights, gap, u, shape.outer)
    height = shape.upper - shape.v
    tall = np.interp(shape.u, u, top).astype(np.float32)
    soft = max(_SOFT, 1.0 / shape.size)
    mask = smoothstep(0.5 * soft, -0.5 * soft, height - tall)
    mask = mask * smoothstep(_REACH, 0.49, np.abs(shape.u))
    mask = np.maximum(mask, _strokes(image, shape, mask))
    colour, share = _line_colour(image, shape, height, tall)
    thickness = float(np.clip(np.median(top) * (0.6 + 0.4 * share), 0.045, 0.085))
    # neither thinner than a pixel nor sharper than the picture
    least_px = max(1.2, _SHARPNESS * _edge_width(image, shape))
    thickness = max(thickness, least_px / shape.size)
    # the line has the weight of the open eye's band, place by place
    weight = np.clip(tall / max(float(np.median(top)), _LEAST), *_WEIGHTS)
    strength = np.interp(shape.u, u, _strength(bright, heights, u)).astype(np.float32)
    weight = np.asarray(np.maximum(thickness * weight, least_px / shape.size), np.float32)
    return LashLine(np.asarray(mask, dtype=np.float32), colour, weight, strength)


def _strength(
    bright: FloatArray, heights: FloatArray, u: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Say how dark each column's lashes are, (N,) from `_PALEST` to 1 for the darkest ones."""
    dark = np.where((heights > -0.02) & (heights < 0.12), bright, 255.0).min(0)
    skin = float(np.median(np.where(heights > 0.12, bright, np.nan)[heights[:, 0] > 0.12]))
    depth = _smoothed(np.maximum(skin - dark, 0.0), u, _SMOOTH)
    most = float(np.percentile(depth[np.abs(u) < 0.5], 80))
    return np.clip(depth / max(most, 1.0), _PALEST, 1.0)


def _edge_width(image: FloatArray, shape: EyeShape) -> float:
    """Measure over how many pixels the sharpest edges of the eye go from dark to light."""
    eye = (np.abs(shape.u) < 0.5) & (shape.v > shape.upper - 0.1) & (shape.v < shape.lower + 0.1)
    if eye.sum() < 12:
        return 1.0
    bright = luma(image)
    slope = np.hypot(*(cv2.Sobel(bright, cv2.CV_32F, 1 - i, i, scale=0.125) for i in (0, 1)))
    low, high = np.percentile(bright[eye], [2, 98])
    return float((high - low) / max(float(np.percentile(slope[eye], 98)), 1.0))


def _columns(
    image: FloatArray, shape: EyeShape, u: npt.NDArray[np.float64], heights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Read the brightness over the lid, (M, N), and the height of the brow, (N,)."""
    on_line = shape.middle - shape.box[:2] + u[:, None] * (shape.width * shape.across)
    upper = _sampled(shape.upper, on_line[None])[0]
    gap = np.maximum(upper - _sampled(shape.brow, on_line[None])[0], 0.08)
    places = on_line + (upper - heights)[..., None] * (shape.size * shape.down)
    return _sampled(blur(luma(image), 0.5), places), gap


def _band_height(
    bright: FloatArray,
    heights: FloatArray,
    gap: FloatArray,
    u: npt.NDArray[np.float64],
    outer: float,
) -> npt.NDArray[np.float64]:
    """Measure how tall the band is in each column, (N,) in eye sizes."""
    lid = (heights > 0.05) & (heights < np.minimum(gap, _HIGHEST))
    skin = np.array(
        [np.quantile(column[rows], 0.75) if rows.any() else 0.0
         for column, rows in zip(bright.T, lid.T, strict=True)]
    )  # fmt: skip
    skin = _smoothed(skin, u, 0.1)
    black = np.where(heights < _LEAST, bright, 255.0).min(0)
    dark = (bright < black + _DARKER * (skin - black)) | (heights < 0.015)
    ends = heights[np.argmin(dark, axis=0), 0]
    limit = np.minimum(_GAP_SHARE * gap, _TALLEST)
    # lashes are short towards the nose, where the crease comes near
    limit = _LEAST + (np.maximum(limit, _LEAST) - _LEAST) * smoothstep(-0.45, 0.3, u * outer)
    clear = (skin - black > _CONTRAST * skin) & ~dark.all(0) & (ends <= limit)
    if clear.mean() < _CLEAR_SHARE:
        return np.full(len(u), _LEAST)
    # where the darkness goes on it is a shadow: the columns beside it say how tall the lashes are
    tall = np.interp(u, u[clear], np.maximum(ends[clear], _LEAST))
    usual = float(np.median(tall[np.abs(u) < 0.35]))
    tall = np.minimum(tall, np.minimum(limit, _UNEVEN * usual))
    reach = round(_AGREE / (u[1] - u[0]))
    padded = np.pad(tall, reach, mode="edge")
    votes = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return _smoothed(np.quantile(votes, 0.6, axis=1), u, _SMOOTH) + _TIPS * float(clear.mean())


def _strokes(image: FloatArray, shape: EyeShape, band: FloatArray) -> FloatArray:
    """Mark the single long lashes that grow out of the band, (h, w) float32 0..1.

    They are thin, dark and upright, towards the temple leaning; creases lie across and shadows are
    wide. The height is bounded all the same.
    """
    bright = luma(image)
    side = max(3, round(_STROKE * shape.size)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    thin = np.asarray(cv2.morphologyEx(bright, cv2.MORPH_BLACKHAT, kernel), dtype=np.float32)
    level = blur(bright, 0.12 * shape.size)
    dark = smoothstep(0.04, 0.12, thin / np.maximum(level, 20.0))
    x, y = (cv2.Sobel(bright, cv2.CV_32F, 1 - i, i) for i in (0, 1))
    slope_u, slope_v = (x * way[0] + y * way[1] for way in (shape.across, shape.down))
    tilt = _margin_slope(shape)
    along = blur((slope_u + tilt * slope_v) ** 2, 0.03 * shape.size)
    upright = along / np.maximum(blur((slope_v - tilt * slope_u) ** 2, 0.03 * shape.size), 1e-3)
    outward, height = shape.u * shape.outer, shape.upper - shape.v
    leaning = smoothstep(0.1, 0.5, outward)
    grows = smoothstep(0.0, 0.4, upright - (0.6 - 0.35 * leaning))
    tallest = _STROKES_TALL * (0.4 + 0.6 * smoothstep(-0.45, -0.1, outward))
    zone = smoothstep(1.0, 0.75, height / tallest) * smoothstep(0.75, 0.62, outward)
    zone = zone * smoothstep(-0.02, 0.01, height) * smoothstep(-0.52, -0.42, outward)
    found = np.asarray(dark * grows * zone, dtype=np.float32)
    return _grown_from(band, found, side)


def _margin_slope(shape: EyeShape) -> FloatArray:
    """Return how far the margin goes down per step along it at each pixel, (h, w)."""
    u = np.linspace(-0.5, 0.5, 65)
    order = np.argsort(shape.u, axis=None)
    margin = np.interp(u, shape.u.ravel()[order], shape.upper.ravel()[order]) * shape.size
    slope = np.gradient(margin, u * shape.width)
    return np.asarray(np.interp(shape.u, u, slope), dtype=np.float32)


def _grown_from(band: FloatArray, strokes: FloatArray, width: int) -> FloatArray:
    """Keep the strokes that hang together with the band, with a soft rim."""
    both = ((strokes > 0.3) | (band > 0.5)).astype(np.uint8)
    count, labels = cv2.connectedComponents(cv2.dilate(both, np.ones((3, 3), np.uint8)))
    rooted = np.zeros(count, dtype=bool)
    rooted[np.unique(labels[band > 0.5])] = True
    rooted[0] = False
    kept = strokes * rooted[labels]
    wider = widen(np.minimum(1.5 * kept, 1.0), max(3, round(0.5 * width)) | 1)
    return blur(wider, 0.7)


def _line_colour(
    image: FloatArray, shape: EyeShape, height: FloatArray, tall: FloatArray
) -> tuple[FloatArray, float]:
    """Measure the colour of the darkest lashes, and how much they stand out, 0..1."""
    strip = (height < np.maximum(tall, 1.5 / shape.size)) & (height > -0.5 / shape.size)
    strip &= np.abs(shape.u) < 0.42
    above = (height > tall + 0.03) & (height < tall + 0.18) & (np.abs(shape.u) < 0.42)
    above &= shape.v > shape.brow
    if strip.sum() < 6 or above.sum() < 6:
        return np.asarray(_LIGHTEST * image.mean((0, 1)), dtype=np.float32), 0.5
    pixels = image[strip]
    bright = luma(pixels)
    dark = pixels[bright <= np.percentile(bright, 25)].mean(0)
    skin = float(np.median(luma(image)[above]))
    darkness = float(luma(dark))
    around = (np.abs(shape.u) < 0.6) & (height > -0.5) & (height < 0.3)
    # but nothing is darker than the darkest of the eye: it may lie behind tinted glass
    wanted = max(min(darkness, _LIGHTEST * skin), float(np.percentile(luma(image)[around], 1)))
    wanted = min(darkness, wanted)
    share = 1.0 - wanted / max(skin, 1.0)
    return np.asarray(dark * (wanted / max(darkness, 1.0)), dtype=np.float32), share


def _smoothed(
    values: npt.NDArray[np.float64], u: npt.NDArray[np.float64], sigma: float
) -> npt.NDArray[np.float64]:
    row = np.asarray(values, dtype=np.float64)[None]
    sigma = sigma / float(u[1] - u[0])
    return np.asarray(cv2.GaussianBlur(row, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[0])


def _sampled(field: FloatArray, places: FloatArray) -> FloatArray:
    """Read (h, w) at (N, M, 2) x, y; beyond the border the border repeats."""
    return np.asarray(sample(field, places, border=cv2.BORDER_REPLICATE), dtype=np.float32)
