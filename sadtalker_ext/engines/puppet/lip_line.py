"""The line where closed lips meet, found in the picture.

The face mesh puts the lip line within a few pixels. Where the lips part, a few pixels are a strip
of upper lip that sticks to the lower one, so the line is moved to the dark seam nearby.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.sheet_warp import sample
from sadtalker_ext.types import ImageArray

Array = npt.NDArray[Any]

REACH = 0.16
"""How far from the mesh the seam may lie, in half-widths of the mouth."""

_ROWS = 41
_BEND = 2.0
"""Cost of one row of difference between neighbouring samples."""


def find_lip_line(
    picture: ImageArray,
    line: Array,
    xs: Array,
    origin: Array,
    along: Array,
    across: Array,
    half_width: float,
) -> Array:
    """Move a lip line to the darkest smooth path near it (dynamic programming).

    Args:
        picture: (H, W, 3) uint8 RGB.
        line: (N,) y of the line according to the mesh, local coordinates.
        xs: (N,) x of the samples.
        origin: (2,) origin of the local coordinates, pixels.
        along: (2,) unit vector of x.
        across: (2,) unit vector of y.
        half_width: Pixels per local unit.

    Returns:
        (N,) y of the seam; equal to `line` at the corners and where nothing dark is near.
    """
    offsets = np.linspace(-REACH, REACH, _ROWS)
    y = line[None, :] + offsets[:, None]
    where = origin + half_width * (xs[None, :, None] * along + y[..., None] * across)
    strip = sample(picture, where.astype(np.float32))
    light: Array = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = cv2.GaussianBlur(light, (0, 0), sigmaX=3.0, sigmaY=1.2)
    spread = max(float(np.percentile(light, 90) - np.percentile(light, 5)), 25.0)
    taper = np.clip((1 - np.abs(xs)) / 0.12, 0, 1)
    # Near the corners the seam must come back to the corner points.
    distance = (offsets[:, None] / (REACH * (0.25 + 0.75 * taper[None]))) ** 2
    cost = 10 * light / spread + 3.0 * distance
    path = _cheapest_path(cost)
    moved = offsets[path] * taper
    smooth = cv2.GaussianBlur(moved[None].astype(np.float64), (0, 0), len(xs) / 40)[0]
    result: Array = line + smooth * taper
    return result


def _cheapest_path(cost: Array) -> Array:
    """Row per column of the path with the smallest sum, moving at most one row per column."""
    rows, columns = cost.shape
    total = cost[:, 0].copy()
    came = np.zeros((rows, columns), np.int64)
    edge = np.array([np.inf])
    for column in range(1, columns):
        padded = np.concatenate([edge, total, edge])
        choices = np.stack([padded[:-2] + _BEND, padded[1:-1], padded[2:] + _BEND])
        pick = choices.argmin(0)
        came[:, column] = np.arange(rows) + pick - 1
        total = choices[pick, np.arange(rows)] + cost[:, column]
    path = np.empty(columns, np.int64)
    path[-1] = int(total.argmin())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = came[path[column], column]
    return path
