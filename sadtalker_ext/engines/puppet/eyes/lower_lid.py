"""The lower lid as the picture shows it, where the face mesh leaves a part of the eyeball below it.

The mesh knows only usual eyes: the large ones of drawn and rendered faces reach further down than
it says, and what it takes for lid then stays behind, white and iris, when the eye looks elsewhere.
In every column the colour just above the mesh's lid is compared with that of the skin well below
it; the lid is where one turns into the other. Only what nearly all columns agree about counts.
"""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.soft_fields import blur, soft_switch
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

Mask = npt.NDArray[np.bool_]
_PLACES = np.linspace(-0.36, 0.36, 37)  # of the columns, in eye widths
# Below the mesh's lower margin, in eye sizes.
_STEP = 0.01
_DEPTHS = np.arange(-0.10, 0.26, _STEP)
_BALL_FROM, _BALL_TO, _SKIN = -0.07, -0.015, 0.17  # where eyeball and skin are read
_LOWEST, _FURTHEST = 0.20, 0.13
_BEYOND = 0.03  # what most columns say, at the ends
_CORNERS = 0.25  # of the eye's height; nearer to its corners the lids meet where the mesh says
# As shares of the way from the colour of the eyeball to that of the skin.
_HALF, _CLEAR = 0.5, 0.4
_WHITE = 80  # percent of the eyeball are darker
_LEAST_CONTRAST = 10.0  # in CIELAB between them
# Where four fifths of the columns find the lid at least this far down, it is there. Both eyes of 45
# portraits: 0.047 and 0.063 in a rendered boy; at most 0.032 in the 26 others that more than 0.62
# of the columns are sure of, but for a pen drawing (0.040) and two eyes that are nearly shut. With
# the mesh's margin raised by 0.06 and 0.10 on purpose the median column finds 0.055 and 0.09 back.
_BELOW = (0.038, 0.048)
_SURE = (0.62, 0.75)  # share of the columns: 0 to 0.97, median 0.5; the rendered boy 0.88 and 0.91
_OPEN = (0.15, 0.22)  # openness; lids nearly shut show no eyeball to compare with
_FEWEST = 12  # columns that say where the lid is
_APART = (0.06, 0.04)  # of the middle three fifths of the columns


def with_seen_lower_lid(patch: ImageArray, shape: EyeShape) -> EyeShape:
    """Lay the lower margin where the picture shows it, if that is lower than the mesh says.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye; its margins are where the mesh sees them.

    Returns:
        The same eye, with `lower` and `openness` of what is seen.
    """
    found, sure, irises = _transitions(patch, shape)
    if sure.sum() < _FEWEST:
        return shape
    low, middle, high = np.percentile(found[sure], [20, 50, 80])
    trust = soft_switch(*_BELOW, float(low)) * soft_switch(*_SURE, float(sure[~irises].mean()))
    trust *= soft_switch(*_OPEN, shape.openness) * soft_switch(*_APART, float(high - low))
    if trust <= 0 or middle > _FURTHEST:
        return shape
    # the columns that are not sure, and the corners, follow their neighbours
    weight = sure.astype(np.float64)
    way = np.polynomial.Polynomial.fit(_PLACES, np.where(sure, found, middle), 2, w=0.05 + weight)
    further = np.clip(way(np.clip(shape.u, -0.4, 0.4)), 0.0, min(high + _BEYOND, _FURTHEST))
    corners = smoothstep(0.0, _CORNERS, shape.bump)
    lower = shape.lower + np.asarray(trust * further * corners, np.float32)
    gap = float((lower - shape.upper)[np.abs(shape.u) < _PLACES[-1]].max(initial=0.0))
    openness = max(shape.openness, gap * shape.size / shape.width)
    return dataclasses.replace(shape, lower=np.asarray(lower, np.float32), openness=openness)


def _white(lab: FloatArray, shape: EyeShape) -> FloatArray:
    """Return the colour of the white of the eye, (3,) CIELAB."""
    inside = (shape.v > shape.upper + 0.04) & (shape.v < shape.lower - 0.02)
    colours = lab[inside & (np.abs(shape.u) < 0.45)]
    if not len(colours):
        return np.zeros(3, np.float32)
    light = colours[:, 0] >= np.percentile(colours[:, 0], _WHITE)
    return np.asarray(np.median(colours[light], axis=0), np.float32)


def _transitions(patch: ImageArray, shape: EyeShape) -> tuple[FloatArray, Mask, Mask]:
    """Find in each column how far below the mesh's lid the eyeball ends, and whether that is clear.

    Returns:
        (N,) in eye sizes; (N,) bool; and (N,) bool, whether an iris ends there and no lid.
    """
    lab = cv2.cvtColor(patch.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = blur(np.asarray(lab, np.float32), max(0.6, 0.012 * shape.size))
    on_line = shape.middle - shape.box[:2] + _PLACES[:, None] * (shape.width * shape.across)
    lower = sample(shape.lower, on_line[None].astype(np.float32), border=cv2.BORDER_REPLICATE)[0]
    places = on_line + (lower + _DEPTHS[:, None])[..., None] * (shape.size * shape.down)
    read = sample(lab, places.astype(np.float32), border=cv2.BORDER_REPLICATE)
    depths = _DEPTHS
    ball = read[(depths > _BALL_FROM) & (depths < _BALL_TO)].mean(0)
    skin = np.median(read[depths > _SKIN], axis=0)
    way = skin - ball
    contrast = np.linalg.norm(way, axis=-1)
    share = ((read - ball) * way).sum(-1) / np.maximum(contrast**2, 1.0)
    crosses = (share[:-1] < _HALF) & (share[1:] >= _HALF) & (_DEPTHS[:-1, None] > -2 * _STEP)
    row = crosses.argmax(0)
    columns = np.arange(len(_PLACES))
    before, after = share[row, columns], share[row + 1, columns]
    found = _DEPTHS[row] + _STEP * (_HALF - before) / np.where(after > before, after - before, 1.0)
    last = np.minimum(row + 3, len(_DEPTHS) - 1)
    rise = share[last, columns] - share[np.maximum(row - 2, 0), columns]
    sure = crosses.any(0) & (contrast > _LEAST_CONTRAST) & (rise > _CLEAR) & (found < _LOWEST)
    # below an iris the eyeball may go on as white, which says nothing of the lid
    after = read[last, columns]
    of_skin = np.linalg.norm(after - skin, axis=-1)
    whiter = np.linalg.norm(after - _white(lab, shape), axis=-1) < _HALF * of_skin
    return (
        np.asarray(found, np.float32),
        np.asarray(sure & ~whiter, np.bool_),
        np.asarray(sure & whiter, np.bool_),
    )
