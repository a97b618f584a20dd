"""Noise like the picture's on what is drawn into it."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle
from sadtalker_ext.types import FloatArray


class Grain:
    """Noise like the picture's, another one for every layer, so that it moves with the layer."""

    def __init__(self, style: PictureStyle, shape: tuple[int, ...]) -> None:
        self._random = np.random.default_rng(0)
        self._shape = shape
        self._strength = 0.8 * style.grain
        self._blur = 0.45 * style.blur

    def put(self, layer: FloatArray) -> FloatArray:
        """Add noise to a layer in place, and return it."""
        noise: npt.NDArray[Any] = self._random.standard_normal(self._shape).astype(np.float32)
        if self._blur > 0.3:
            noise = cv2.GaussianBlur(noise, (0, 0), self._blur)
            noise = noise / max(float(noise.std()), 1e-6)
        noise *= np.float32(self._strength)
        layer[..., :3] += noise[..., None] * (layer[..., 3:] if layer.shape[-1] > 3 else 1)
        return layer
