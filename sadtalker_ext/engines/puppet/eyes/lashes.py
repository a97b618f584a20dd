"""The upper lashes of one eye: where the picture shows them, their colour and their thickness.

Lashes are lifted off the picture as a layer of their own, so that a closing lid carries them along
instead of stretching them with the skin, and nothing of them stays behind on the fold.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.eyes.lid_columns import LidColumns, lash_height, spread_over
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, smoothstep, widen
from sadtalker_ext.types import FloatArray

_LINE_SHARE = 0.30  # the lashes of a closed eye are no brighter than this share of the lid


def find_lashes(
    image: FloatArray, smooth: FloatArray, shape: EyeShape, columns: LidColumns
) -> FloatArray:
    """Mark the upper lashes, (h, w) float32 0..1.

    Over the eye they are the band that is dark without a break from the margin upwards; the fold
    lies higher, above a lighter strip of lid. Beyond the outer corner they are dark strokes.

    Args:
        image: (h, w, 3) float32 pixels of `shape.box`.
        smooth: (h, w, 3) float32 colour of the bare skin there.
        shape: The eye.
        columns: Its upper lid.
    """
    height = shape.upper - shape.v
    top = spread_over(lash_height(columns), columns, shape.u)
    band = smoothstep(0.03, -0.02, height - top) * smoothstep(0.64, 0.52, np.abs(shape.u))
    band = band * np.clip(1.5 + height * shape.size, 0, 1)
    outward = shape.u * shape.outer
    wing = _strokes(image, smooth, shape) * smoothstep(0.44, 0.52, outward)
    wing = wing * smoothstep(0.80, 0.64, outward) * smoothstep(0.30, 0.20, height)
    wing = wing * smoothstep(-0.10, -0.02, shape.lower - shape.v)
    return np.asarray(np.maximum(band, wing), dtype=np.float32)


def _strokes(image: FloatArray, smooth: FloatArray, shape: EyeShape) -> FloatArray:
    """Find thin dark strokes, (h, w) 0..1."""
    side = max(3, int(0.17 * shape.size)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    bright = luma(image)
    thin = np.asarray(cv2.morphologyEx(bright, cv2.MORPH_BLACKHAT, kernel), dtype=np.float32)
    darker = smoothstep(0.05, 0.16, thin / np.maximum(luma(smooth), 20.0))
    around = max(3, round(0.05 * shape.size)) | 1
    return blur(widen(np.minimum(1.5 * darker, 1), around), max(0.7, 0.02 * shape.size))


def measure_lash_line(
    image: FloatArray, smooth: FloatArray, shape: EyeShape
) -> tuple[FloatArray, float]:
    """Measure the dark line along the upper margin.

    Returns:
        (3,) float32 RGB colour of the lashes, and the thickness of the line in eye sizes.
    """
    skin = luma(smooth)
    depth = shape.v - shape.upper
    strip = (depth > -0.10) & (depth < 0.5 / shape.size) & (np.abs(shape.u) < 0.44)
    pixels = image[strip]
    if len(pixels) < 6:
        return np.asarray(smooth.mean((0, 1)) * _LINE_SHARE, dtype=np.float32), 0.06
    bright = luma(pixels)
    dark = pixels[bright <= np.percentile(bright, 25)].mean(0)
    typical = float(np.median(skin[strip]))
    darkness = float(luma(dark))
    wanted = min(darkness, _LINE_SHARE * typical)
    dark = dark * (wanted / max(darkness, 1.0))
    above = (np.abs(shape.u) < 0.4) & (depth > -0.16) & (depth < 0.02)
    share = float(np.mean(luma(image)[above] < 0.5 * (typical + wanted))) if above.any() else 0.0
    return dark.astype(np.float32), float(np.clip(0.2 * share, 0.042, 0.08))
