"""Soft steps and blurs of per-pixel fields, all float32."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray

_COARSE_SIGMA = 2.5
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def soft_switch(low: float, high: float, value: float) -> float:
    """Apply `smoothstep` to one number."""
    t = min(max((value - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


def blur(field: npt.NDArray[np.floating[Any]], sigma: float) -> FloatArray:
    """Blur (h, w) or (h, w, C) by a Gaussian; the border repeats, sigma 0 changes nothing."""
    source = np.asarray(field, dtype=np.float32)
    if sigma <= 0:
        return source
    shrink = int(sigma / _COARSE_SIGMA)
    if shrink > 1 and min(source.shape[:2]) > 2 * shrink:
        # a wide Gaussian has no detail: blurring a small copy is many times faster
        height, width = source.shape[:2]
        small = (-(-width // shrink), -(-height // shrink))
        coarse = cv2.resize(source, small, interpolation=cv2.INTER_AREA)
        coarse = cv2.GaussianBlur(coarse, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
        blurred = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    else:
        blurred = cv2.GaussianBlur(source, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred, dtype=np.float32).reshape(source.shape)


def widen(field: npt.NDArray[np.floating[Any]], reach: int) -> FloatArray:
    """Take the largest value within a disc of the given diameter in pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(np.asarray(field, dtype=np.float32), kernel), dtype=np.float32)


def luma(image: FloatArray | ImageArray) -> FloatArray:
    """Weigh RGB (..., 3) into brightness (...)."""
    return np.asarray(image @ _LUMA, dtype=np.float32)
