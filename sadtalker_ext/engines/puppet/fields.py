"""Smooth fields over the picture: steps, grids, sampling, and filling from what is known."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext import pixels
from sadtalker_ext.types import FloatArray, ImageArray

Whole = TypeVar("Whole", npt.NDArray[np.uint8], npt.NDArray[np.int16])


def grid(rows: int, columns: int) -> FloatArray:
    """Return the x and y of every cell, (rows, columns, 2) float32."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return np.dstack([x, y]).astype(np.float32)


def sample(values: FloatArray, places: FloatArray, *, clamp: bool = False) -> FloatArray:
    """Take values at places by linear interpolation.

    Args:
        values: (H, W) or (H, W, C) float32.
        places: (h, w, 2) float32 x and y.
        clamp: Continue the values beyond the border by the border's own; otherwise mirror them.
    """
    border = cv2.BORDER_REPLICATE if clamp else cv2.BORDER_REFLECT_101
    return np.asarray(pixels.sample(values, places, border=border), np.float32)


def sample_cubic(values: Whole, places: tuple[FloatArray, FloatArray]) -> Whole:
    """Take uint8 or int16 values at places (x, y), cubic, mirrored beyond the border."""
    return np.asarray(
        pixels.remap(values, *places, cv2.INTER_CUBIC, border=cv2.BORDER_REFLECT_101), values.dtype
    )


def as_picture(colours: FloatArray) -> ImageArray:
    """Round colours to uint8."""
    return np.asarray(np.clip(colours + 0.5, 0.0, 255.0), np.uint8)


def blur(values: FloatArray, sigma: float) -> FloatArray:
    """Blur by a Gaussian of `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)


def spread_colours(colours: FloatArray, weight: FloatArray) -> FloatArray:
    """Fill the places without weight by a smooth continuation of those with weight.

    The push-pull scheme: average down a pyramid, then fill what is missing from the coarser level.

    Args:
        colours: (H, W, C) float32.
        weight: (H, W) float32, 0 where the colour is unknown .. 1 where it is known.
    """
    height, width = weight.shape
    if min(height, width) <= 2:
        total = float(weight.sum())
        average = (colours * weight[..., None]).sum((0, 1)) / max(total, 1e-6)
        return np.asarray(average + weight[..., None] * (colours - average), np.float32)
    known = cv2.pyrDown(colours * weight[..., None])
    share = cv2.pyrDown(weight)
    known = np.atleast_3d(known) / np.maximum(share, 1e-6)[..., None]
    coarse = spread_colours(
        np.asarray(known, np.float32), np.minimum(4.0 * share, 1.0).astype(np.float32)
    )
    finer = np.atleast_3d(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR))
    return np.asarray(finer + weight[..., None] * (colours - finer), np.float32)
