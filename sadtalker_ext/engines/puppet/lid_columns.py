"""The upper lid read column by column, from the margin up: where its lashes and its fold are."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, smoothstep
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray

# Heights above the upper margin, in eye sizes.
_STEP = 0.01
_HIGHEST = 0.40
_LOWEST, _TALLEST = 0.05, 0.30  # of the band of lashes
_TIPS = 0.05  # the tips of long lashes fade over this height
_USUAL_FOLD = 0.17
_LEAST_FOLD = 0.07
_UNDER_FOLD = 0.02  # the lid begins this far below the middle of the fold's line
# In eye widths.
_REACH = 0.09  # lashes this far apart are one band
_SMOOTH_BAND, _SMOOTH_FOLD = 0.03, 0.06
_LEAN = 3  # columns
# As shares of the skin's brightness.
_DARKER = 0.5  # the band ends where the picture is this near to bare skin, from the darkest lash
_FOLD_DEPTH = 0.06  # a fold is this much darker than the lid below and the skin above it


class LidColumns(NamedTuple):
    """Brightness over the upper lid.

    Attributes:
        u: (N,) eye coordinates of the columns.
        outward: (N,) the same, growing towards the temple.
        heights: (M, 1) above the upper margin, in eye sizes.
        bright: (M, N) luma of the picture.
        skin: (M, N) luma of bare skin in the same light.
        gap: (N,) height of the brow above the margin, in eye sizes.
    """

    u: npt.NDArray[np.float64]
    outward: npt.NDArray[np.float64]
    heights: npt.NDArray[np.float64]
    bright: FloatArray
    skin: FloatArray
    gap: FloatArray


def read_columns(image: FloatArray, smooth: FloatArray, shape: EyeShape) -> LidColumns:
    """Sample the lid.

    Args:
        image: (h, w, 3) float32 pixels of `shape.box`.
        smooth: (h, w, 3) float32 colour of the bare skin there.
        shape: The eye.
    """
    u = np.linspace(-0.62, 0.62, 125)
    heights = np.arange(0.0, _HIGHEST, _STEP)[:, None]
    on_line = shape.middle - shape.box[:2] + u[:, None] * (shape.width * shape.across)
    upper = _sampled(shape.upper, on_line[None])[0]
    gap = np.maximum(upper - _sampled(shape.brow, on_line[None])[0], 0.08)
    places = on_line + (upper - heights)[..., None] * (shape.size * shape.down)
    bright = _sampled(blur(luma(image), 0.5), places)
    # in the shadow of a brow the lashes are darker than that shadow
    lid = np.where((heights > 0.06) & (heights < gap), bright, 0.0)
    skin = np.minimum(_sampled(luma(smooth), places), np.quantile(lid, 0.9, axis=0))
    return LidColumns(u, u * shape.outer, heights, bright, np.asarray(skin, np.float32), gap)


def lash_height(columns: LidColumns) -> npt.NDArray[np.float64]:
    """Measure how tall the band of lashes is in each column, (N,) in eye sizes.

    It is dark without a break from the margin upwards; a fold lies above a lighter strip of lid.
    """
    heights, bright, skin = columns.heights, columns.bright, columns.skin
    black = np.where(heights < 2 * _LOWEST, bright, 255.0).min(0)
    dark = bright < black + _DARKER * np.maximum(skin - black, 0)
    # lashes lean, so a column meets some of them only further up
    dark = cv2.dilate(dark.astype(np.uint8), np.ones((1, 2 * _LEAN + 1), np.uint8)) > 0
    dark[heights[:, 0] < _LOWEST] = True  # the foot of the band may be lit
    dark[-1] = False
    tall = heights[np.argmin(dark, axis=0), 0]
    # lashes are short towards the nose, where the fold comes near
    limit = _LOWEST + (_TALLEST - _LOWEST) * smoothstep(-0.45, 0.0, columns.outward)
    tall = np.minimum(tall, np.minimum(limit, 0.8 * columns.gap))
    reach = round(_REACH / (columns.u[1] - columns.u[0]))
    tall = np.array([tall[max(0, i - reach) : i + reach + 1].max() for i in range(len(tall))])
    tall = _smoothed(tall, columns, _SMOOTH_BAND)
    return tall + _TIPS * smoothstep(1.6 * _LOWEST, 2.8 * _LOWEST, tall)


def fold_height(columns: LidColumns) -> npt.NDArray[np.float64]:
    """Measure where the fold above the lid is in each column, (N,) in eye sizes.

    It is a dark line along the lid. Where there is none, or only lashes, the usual height stands;
    towards the corners the usual fold comes down to the margin.
    """
    bump = np.clip(1.0 - (2.0 * columns.u) ** 2, 0.0, 1.0)
    usual = np.minimum(_USUAL_FOLD * (0.4 + 0.6 * bump), 0.55 * columns.gap)
    above = lash_height(columns) + 0.02
    ratio = np.asarray(columns.bright / np.maximum(columns.skin, 1.0), np.float32)
    inside = (columns.heights > above) & (columns.heights < np.minimum(0.32, 0.8 * columns.gap))
    level = np.where(inside, ratio, 9.0)
    place = np.argmin(level, axis=0)
    depth = _line_depth(ratio, place)
    found = inside.any(0) & (depth > _FOLD_DEPTH) & (np.abs(columns.u) < 0.5)
    height = np.where(found, columns.heights[place, 0] - _UNDER_FOLD, usual)
    height = np.minimum(np.maximum(height, _LEAST_FOLD * (0.4 + 0.6 * bump)), 0.55 * columns.gap)
    return _smoothed(height, columns, _SMOOTH_FOLD)


def spread_over(values: npt.NDArray[np.float64], columns: LidColumns, u: FloatArray) -> FloatArray:
    """Give every pixel the value of its column.

    Args:
        values: (N,) one per column.
        columns: The columns.
        u: (h, w) eye coordinate of the pixels.
    """
    return np.asarray(np.interp(u, columns.u, values), dtype=np.float32)


def _line_depth(ratio: FloatArray, place: npt.NDArray[np.intp]) -> FloatArray:
    """Measure how much lighter it is close below and close above the places, (N,)."""
    reach = round(0.07 / _STEP)
    columns = np.arange(ratio.shape[1])
    sides = []
    for sign in (-1, 1):
        steps = [np.clip(place + sign * i, 0, len(ratio) - 1) for i in range(1, reach + 1)]
        sides.append(np.max([ratio[step, columns] for step in steps], axis=0))
    return np.asarray(np.minimum(sides[0], sides[1]) - ratio[place, columns], dtype=np.float32)


def _smoothed(
    values: npt.NDArray[np.float64], columns: LidColumns, sigma: float
) -> npt.NDArray[np.float64]:
    sigma = sigma / float(columns.u[1] - columns.u[0])
    row = np.asarray(values, dtype=np.float64)[None]
    return np.asarray(cv2.GaussianBlur(row, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[0])


def _sampled(field: FloatArray, places: FloatArray) -> FloatArray:
    """Read (h, w) at (N, M, 2) x, y; beyond the border the border repeats."""
    return np.asarray(sample(field, places, border=cv2.BORDER_REPLICATE), dtype=np.float32)
