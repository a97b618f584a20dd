"""Strokes of a pen: what is dark in a drawing made of lines is filled by them."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import FloatArray

_LONG, _THICK = 0.22, 0.018
"""Length and thickness of a stroke, mouth widths; no thinner than a pixel."""
_GAPS = (0.75, 1.5)
"""Deviations of the noise from which paper begins to show, and shows fully."""
_LEANS = (0.5, -0.85)
"""Direction of the strokes, right and down: as right-handed people hatch."""


def paper_between(shape: tuple[int, int], size: float, seed: int = 0) -> FloatArray:
    """Say where paper shows between strokes that lie close, (h, w) 0..1.

    Args:
        shape: Rows and columns.
        size: Width of the mouth, pixels.
        seed: Other strokes for another one.
    """
    noise = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    reach = max(int(0.5 * _LONG * size), 2)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    way = np.array(_LEANS) / np.hypot(*_LEANS) * reach
    ends = [tuple(round(float(reach + side * one)) for one in way) for side in (-1, 1)]
    cv2.line(kernel, ends[0], ends[1], 1.0, 1, cv2.LINE_AA)
    drawn = cv2.filter2D(noise, cv2.CV_32F, kernel, borderType=cv2.BORDER_REFLECT)
    soft = cv2.GaussianBlur(drawn, (0, 0), max(0.5, 0.5 * _THICK * size))
    level = np.asarray(soft, np.float32) / max(float(soft.std()), 1e-6)
    return np.asarray(smoothstep(*_GAPS, level), np.float32)
