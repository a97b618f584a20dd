"""How rough the skin of a picture is: from smooth, as young or painted skin is, to wrinkled."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.skin.frame import SkinFrame
from sadtalker_ext.types import FloatArray, ImageArray

_PATCHES: Final = (
    *((108, 151, 337, 299, 69), (9, 107, 108, 151), (9, 336, 337, 151)),
    *((118, 50, 101), (347, 280, 330), (229, 118, 117, 111), (449, 347, 346, 340)),
    *((205, 50, 187), (425, 280, 411)),
)
"""Corners of patches of skin on forehead and cheeks, mesh points."""
_UNIT = 300.0
"""Face width in pixels at which skin is looked at; smaller faces as they are."""
_FINE, _COARSE = 0.005, 0.014
"""Lines are between these two widths: standard deviations of two blurs, in face widths."""
_LEAST_BLUR = 0.7
_QUANTILE = 0.3
"""Of the patches: hair, glasses and shadows lie over some of them, and make those rougher."""
_ROUGH = (0.006, 0.024)
"""Contrast of smooth and of wrinkled skin. Of 44 portraits the young women have 0.002 to 0.010,
painted and drawn skin 0.001 to 0.016, four wrinkled men 0.017 to 0.026."""


def measure_roughness(picture: ImageArray, frame: SkinFrame) -> float:
    """Return 0 for smooth skin .. 1 for wrinkled skin.

    It is the contrast of what is as wide as a line of the skin, a difference of two Gaussians
    over the brightness there; in each patch the median, as edges of the face are no skin.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The face.
    """
    left, top, right, bottom = frame.box
    scale = min(1.0, _UNIT / frame.unit)
    part = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    grey = np.asarray(part, np.float32)
    if scale < 1:
        smaller = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = np.asarray(smaller, np.float32)
    points = (frame.points - np.array([left, top], np.float32)) * np.float32(scale)
    unit = frame.unit * scale
    fine = cv2.GaussianBlur(grey, (0, 0), max(_FINE * unit, _LEAST_BLUR))
    coarse = cv2.GaussianBlur(grey, (0, 0), max(_COARSE * unit, 2 * _LEAST_BLUR))
    contrast = np.abs(fine - coarse) / np.maximum(coarse, 20)
    found = [
        one for patch in _PATCHES if (one := _median(contrast, points[list(patch)])) is not None
    ]
    if not found:
        return 0.0
    return float(smoothstep(*_ROUGH, np.quantile(found, _QUANTILE)))


def _median(contrast: FloatArray, corners: FloatArray) -> float | None:
    """Return the standard deviation by the median inside a polygon; None where it is too small."""
    low = np.clip(np.floor(corners.min(0)).astype(int), 0, contrast.shape[1::-1])
    high = np.clip(np.ceil(corners.max(0)).astype(int) + 1, low, contrast.shape[1::-1])
    part = contrast[low[1] : high[1], low[0] : high[0]]
    inside = np.zeros(part.shape, np.uint8)
    if not part.size:
        return None
    hull = cv2.convexHull(np.asarray(corners - low, np.float32))
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 1)
    values = part[inside > 0]
    return float(np.median(values)) / 0.6745 if values.size > 10 else None
