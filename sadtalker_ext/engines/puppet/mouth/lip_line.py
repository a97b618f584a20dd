"""Where closed lips meet, and where an open mouth's lower lip begins, in the picture.

The face mesh puts the lips within a few pixels. Where the lips part, a few pixels are a strip of
upper lip that sticks to the lower one, or of lip that stays behind on the teeth; so the lines are
moved to the dark seam, or to the change of colour, nearby.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.mouth.own_teeth import Look, steady

Array = npt.NDArray[Any]

SEAM_REACH = 0.16
"""How far from the mesh the seam may lie, in half-widths of the mouth."""
EDGE_REACH = 0.12
"""The same for the edge of a lip."""

_ROWS = 41
_BEND = 2.0
"""Cost of one row of difference between neighbouring samples."""


def find_seam(look: Look, xs: Array, line: Array, further: float = 0.0) -> Array:
    """Move the line of closed lips to the darkest smooth path near it.

    Args:
        look: Colours of the picture in local coordinates.
        xs: (N,) x of the samples.
        line: (N,) y of the line according to the mesh.
        further: How much further than usual the seam may lie, half-widths.

    Returns:
        (N,) y of the seam; equal to `line` at the corners and where nothing dark is near.
    """
    reach = SEAM_REACH + further
    strip = look(*_around(xs, line, reach))
    light: Array = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light = cv2.GaussianBlur(light, (0, 0), sigmaX=3.0, sigmaY=1.2)
    spread = max(float(np.percentile(light, 90) - np.percentile(light, 5)), 25.0)
    return line + _best_offsets(light / spread, xs, reach)


def find_lower_edge(look: Look, xs: Array, line: Array, thickness: float) -> Array:
    """Move the edge of an open mouth's lower lip to where the colour turns into the lip's own.

    Args:
        look: Colours of the picture in local coordinates.
        xs: (N,) x of the samples.
        line: (N,) y of the edge according to the mesh.
        thickness: Of the lip in its middle, half-widths.

    Returns:
        (N,) y of the edge; equal to `line` at the corners and where no change is near.
    """
    strip: Array = look(*_around(xs, line, EDGE_REACH)).astype(np.float32)
    inside = line + (0.03 + 0.4 * thickness * (1 - xs**2))
    lip: Array = look(xs[None], inside[None]).astype(np.float32)
    lip = cv2.GaussianBlur(lip, (0, 0), sigmaX=len(xs) / 40, sigmaY=0.1)
    unlike: Array = np.linalg.norm(strip - lip, axis=-1)
    unlike = cv2.GaussianBlur(unlike, (0, 0), sigmaX=6.0, sigmaY=2.0)
    turn = -np.gradient(unlike, axis=0)
    offsets = _best_offsets(-turn / max(float(np.percentile(turn, 97)), 3.0), xs, EDGE_REACH)
    return line + _gentle(xs, offsets)


def _gentle(xs: Array, offsets: Array) -> Array:
    """A cubic through most of the offsets, so that a highlight on the lip bends nothing."""
    middle = np.abs(xs) < 0.88
    taper = np.clip((1 - np.abs(xs)) / 0.2, 0, 1)
    result: Array = np.clip(steady(xs, offsets, middle), -EDGE_REACH, EDGE_REACH) * taper
    return result


def _around(xs: Array, line: Array, reach: float) -> tuple[Array, Array]:
    """(rows, N) local x and y of a strip around a line."""
    y = line[None, :] + np.linspace(-reach, reach, _ROWS)[:, None]
    return np.broadcast_to(xs, y.shape), y


def _best_offsets(cost: Array, xs: Array, reach: float) -> Array:
    """(N,) offsets of the cheapest smooth path through (rows, N) costs of the order of 1."""
    offsets = np.linspace(-reach, reach, _ROWS)
    taper = np.clip((1 - np.abs(xs)) / 0.12, 0, 1)
    # Near the corners the path must come back to the corner points.
    distance = (offsets[:, None] / (reach * (0.25 + 0.75 * taper[None]))) ** 2
    moved = offsets[_cheapest_path(10 * cost + 3.0 * distance)] * taper
    smooth = cv2.GaussianBlur(moved[None].astype(np.float64), (0, 0), len(xs) / 40)[0]
    result: Array = smooth * taper
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
