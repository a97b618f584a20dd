"""Smooth fields over the picture: steps, grids, sampling, and filling from what is known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext import pixels
from sadtalker_ext.engines.puppet.fine import SCALE, FinePicture
from sadtalker_ext.types import FloatArray, ImageArray

_NO_WEIGHT = 1e-6


def grid(rows: int, columns: int) -> FloatArray:
    """Return the x and y of every cell, (rows, columns, 2) float32."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    return np.dstack([x, y]).astype(np.float32)


def weighted_sum(fields: FloatArray, weights: FloatArray) -> FloatArray:
    """Add up (K, ...) float32 fields with (K,) weights; weights of nearly 0 cost nothing.

    Not a matrix product: that would wake the linear algebra library's threads for every frame.
    """
    total: FloatArray = np.zeros(fields.shape[1:], np.float32)
    rows = total.reshape(len(total), -1)
    for field, weight in zip(fields, weights.tolist(), strict=True):
        if abs(weight) > _NO_WEIGHT:
            cv2.scaleAdd(field.reshape(rows.shape), weight, rows, rows)
    return total


def enlarged(values: FloatArray, step: int, size: tuple[int, int]) -> FloatArray:
    """Interpolate the values of cells to pixels; linear ones stay linear up to the border.

    Args:
        values: (rows + 2, columns + 2) float32 at the middles of cells, with one more cell around.
        step: Pixels per cell.
        size: Width and height that are wanted, from the first pixel of the first inner cell.

    Returns:
        (height, width) float32.
    """
    rows, columns = values.shape
    pixels = cv2.resize(values, (columns * step, rows * step), interpolation=cv2.INTER_LINEAR)
    return np.asarray(pixels[step : step + size[1], step : step + size[0]], np.float32)


def sample(values: FloatArray, places: FloatArray, *, clamp: bool = False) -> FloatArray:
    """Take values at places by linear interpolation.

    Args:
        values: (H, W) or (H, W, C) float32.
        places: (h, w, 2) float32 x and y.
        clamp: Continue the values beyond the border by the border's own; otherwise mirror them.
    """
    border = cv2.BORDER_REPLICATE if clamp else cv2.BORDER_REFLECT_101
    return np.asarray(pixels.sample(values, places, border=border), np.float32)


def planes(image: npt.NDArray[Any]) -> FloatArray:
    """Return the channels of an (h, w, C) image as (C, h, w) float32.

    So numpy has long rows to work on, and what is (h, w) applies to every channel.
    """
    return np.stack(cv2.split(image)).astype(np.float32, copy=False)


def fine_planes(
    image: ImageArray | FinePicture, places: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Take the colours of an (h, w, 3) image at places x and y, nearly cubic, (3, h', w') float32.

    Half as long as OpenCV's own cubic takes; an eighth where the fine picture is there already.
    """
    fine = image if isinstance(image, FinePicture) else FinePicture(image)
    x, y = (np.float32(SCALE) * axis for axis in places)
    return np.stack(cv2.split(fine.read(x, y))[:3]).astype(np.float32)


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
