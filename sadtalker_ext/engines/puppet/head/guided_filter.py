"""Edges of one picture taken over from another."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.types import FloatArray, ImageArray


def guided_filter(
    guide: ImageArray, signal: FloatArray, *, radius: int, smoothness: float
) -> FloatArray:
    """Make the edges of a signal follow the edges of a colour picture.

    He, Sun and Tang, "Guided image filtering" (2010), colour guide: in every window the signal is
    fitted as a linear function of the colour.

    Args:
        guide: (H, W, 3) uint8.
        signal: (H, W) float32.
        radius: Half side of the window in pixels.
        smoothness: Colour contrast, in grey levels, below which an edge is ignored.
    """
    # The slopes are smooth, so they are found on a reduced grid and enlarged.
    full = guide.shape[1], guide.shape[0]
    factor = max(1, radius // 4)
    small = max(1, full[0] // factor), max(1, full[1] // factor)
    area = cv2.INTER_AREA
    colour = np.asarray(cv2.resize(guide, small, interpolation=area), np.float32)
    wanted = np.asarray(cv2.resize(signal, small, interpolation=area), np.float32)
    half = max(1, round(radius / factor))

    def mean(values: FloatArray) -> FloatArray:
        window = (2 * half + 1, 2 * half + 1)
        return np.asarray(cv2.blur(values, window, borderType=cv2.BORDER_REFLECT), np.float32)

    colour_mean, wanted_mean = mean(colour), mean(wanted)
    spread = np.empty((*wanted.shape, 3, 3), np.float32)
    for i, j in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]:
        entry = mean(colour[..., i] * colour[..., j]) - colour_mean[..., i] * colour_mean[..., j]
        spread[..., i, j] = spread[..., j, i] = entry
    spread += smoothness**2 * np.eye(3, dtype=np.float32)
    shared = mean(colour * wanted[..., None]) - colour_mean * wanted_mean[..., None]
    slope = np.linalg.solve(spread, shared[..., None])[..., 0].astype(np.float32)
    offset = wanted_mean - (slope * colour_mean).sum(-1)
    slope = np.asarray(cv2.resize(mean(slope), full), np.float32)
    offset = np.asarray(cv2.resize(mean(np.asarray(offset, np.float32)), full), np.float32)
    return np.asarray(np.clip((slope * guide).sum(-1) + offset, 0.0, 1.0), np.float32)
