"""The outline of one lens: a closed path around the eye along the strongest ridge."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray

Mask = npt.NDArray[np.bool_]


class LensOutline(NamedTuple):
    """What was found around one eye.

    Attributes:
        pixels: (h, w) bool over the region, the rim where it can be seen.
        share: Part of the path that lies on a ridge, 0..1.
        lower_share: The same for the part below the eye.
    """

    pixels: Mask
    share: float
    lower_share: float


def trace_outline(
    ridge: FloatArray, rims: Mask, eye: EyeShape, box: Box, contrast: float
) -> LensOutline:
    """Follow the rim around one eye, also where brows, lashes or glare hide parts of it.

    The path is a radius for every angle that collects the most ridge without sharp bends (dynamic
    programming).

    Args:
        ridge: (h, w) how far thin lines stand out, in grey levels.
        rims: (h, w) what is already known to be rim.
        eye: The eye inside the lens.
        box: Where the region lies in the picture.
        contrast: Grey levels from which a ridge counts.
    """
    angles = np.linspace(0, 2 * np.pi, 97)[:-1]
    low, high = _radius_limits(eye, angles)
    steps = np.linspace(0, 1, 48)
    radii = low[:, None] + (high - low)[:, None] * steps
    u = radii * np.cos(angles)[:, None]
    v = radii * np.sin(angles)[:, None]
    # u in eye widths would squeeze a far eye's lens, which is as it should be
    place = eye.middle - box[:2] + u[..., None] * eye.width * eye.across
    place = (place + v[..., None] * eye.size * eye.down).astype(np.float32)

    def sample(field: FloatArray) -> FloatArray:
        got = remap(field, place[..., 0], place[..., 1], border=cv2.BORDER_CONSTANT)
        return np.asarray(got, dtype=np.float32)

    found = sample(ridge) / contrast
    path = _best_loop(np.minimum(found, 2.0) + 2.0 * sample(rims.astype(np.float32)))
    rows = np.arange(len(angles))
    seen = found[rows, path] > 1.0
    corners = np.round(place[rows, path] * 16).astype(np.int32)
    band, core = (np.zeros(ridge.shape, dtype=np.uint8) for _ in range(2))
    cv2.polylines(band, [corners], True, 1, max(1, int(0.10 * eye.size)), cv2.LINE_8, 4)
    pixels = (band > 0) & (ridge > contrast)
    if np.mean(seen) > 0.75 and rims.any():
        # lashes and brows weaken the ridge where the rim touches them: go straight on
        cv2.polylines(core, [corners], True, 1, _line_width(rims), cv2.LINE_8, 4)
    return LensOutline(
        pixels=np.asarray(pixels | (core > 0), dtype=bool),
        share=float(np.mean(seen)),
        lower_share=float(np.mean(seen[np.sin(angles) > 0.3])),
    )


def _line_width(rims: Mask) -> int:
    """Measure how thick the traced rims are, in pixels."""
    distance = cv2.distanceTransform(rims.astype(np.uint8), cv2.DIST_L2, 3)
    ridge_line = distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))
    return max(1, round(2 * float(np.median(distance[ridge_line & rims])) - 1))


def _radius_limits(
    eye: EyeShape, angles: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Bound the outline: outside the eye opening, inside a very large lens."""
    aside = np.abs(eye.u)
    # the middle may lie between two columns of a tiny eye, or beyond the picture's border
    middle = aside < max(0.05, 1.01 * float(aside.min()))
    top = -float(eye.upper[middle].min()) + 0.06
    bottom = float(eye.lower[middle].max()) + 0.20
    vertical = np.where(np.sin(angles) < 0, max(top, 0.1), max(bottom, 0.1))
    inner = 1 / np.hypot(np.cos(angles) / 0.5, np.sin(angles) / vertical)
    outer = 1 / np.hypot(np.cos(angles) / 1.25, np.sin(angles) / 1.0)
    return inner, outer


def _best_loop(score: FloatArray) -> npt.NDArray[np.int64]:
    """Find the closed path of the largest summed score; one step of radius per angle at most."""
    twice = np.concatenate([score, score])  # the second turn forgets where the first began
    total = np.zeros_like(twice)
    total[0] = twice[0]
    width = score.shape[1]
    step = np.zeros(twice.shape, dtype=np.int64)
    before = np.full(width + 2, -1e9, score.dtype)
    options = np.empty((3, width), score.dtype)
    for row in range(1, len(twice)):
        before[1:-1] = total[row - 1]
        np.subtract(before[:-2], 0.15, out=options[0])
        options[1] = before[1:-1]
        np.subtract(before[2:], 0.15, out=options[2])
        step[row] = options.argmax(0) - 1
        total[row] = options.max(0) + twice[row]
    path = np.zeros(len(twice), dtype=np.int64)
    path[-1] = int(total[-1].argmax())
    for row in range(len(twice) - 1, 0, -1):
        path[row - 1] = path[row] + step[row, path[row]]
    half = len(score)
    return np.concatenate([path[half : half + half // 2], path[half // 2 : half]])
