"""What a restorer adds to a face, kept steady through time.

A restorer looks at every frame alone, so the detail it invents changes from frame to frame: skin
seems to boil. Where the face stands still, the added detail is therefore averaged over time; where
it moves (lips, lids), the frame's own detail is taken, so that nothing trails behind.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.compositor.face_align import SIDE
from sadtalker_ext.types import FloatArray, ImageArray

_KEEP = 0.8
"""Share of the past where nothing moves: an average over about five frames."""
_STILL = 5.0
"""Grey levels of smoothed change at which the past counts a third of that."""
_LOOK = 128
"""Side of the grid on which change is looked for."""
_SPREAD = 1.5
"""Blur of the change, in cells of that grid."""
_COLOUR_GRID = 64
_COLOUR_REACH = 4.0
"""Blur of the colour match, in cells of its grid (32 pixels of the square)."""


class SteadyDetail:
    """Turns restored squares into steady differences from the original ones."""

    def __init__(self) -> None:
        self._seen: FloatArray | None = None
        self._detail: FloatArray | None = None

    def __call__(self, original: ImageArray, restored: ImageArray, mask: FloatArray) -> FloatArray:
        """Return what to add to the original square, (512, 512, 3) float32.

        Args:
            original: (512, 512, 3) uint8, the face as rendered.
            restored: (512, 512, 3) uint8, what the restorer made of it.
            mask: (512, 512) float32, where the face is.
        """
        import cv2

        detail = restored.astype(np.float32) - original
        detail -= _tint(detail, mask)
        small = np.asarray(
            cv2.resize(original, (_LOOK, _LOOK), interpolation=cv2.INTER_AREA), np.float32
        )
        if self._seen is None or self._detail is None:
            self._seen, self._detail = small, detail
            return detail
        # compared with the average the past consists of, so that slow changes add up, too
        change = np.abs(small - self._seen).max(axis=2)
        change = np.asarray(cv2.GaussianBlur(change, (0, 0), _SPREAD), np.float32)
        keep = _KEEP * np.exp(-((change / _STILL) ** 2))
        self._seen = small + keep[:, :, None] * (self._seen - small)
        wide = np.asarray(cv2.resize(keep, (SIDE, SIDE)), np.float32)[:, :, None]
        self._detail = detail + wide * (self._detail - detail)
        return self._detail


def _tint(detail: FloatArray, mask: FloatArray) -> FloatArray:
    """Return the smooth part of a difference: the restorer's own idea of light and skin colour."""
    import cv2

    side = (_COLOUR_GRID, _COLOUR_GRID)
    weight = np.asarray(cv2.resize(mask, side, interpolation=cv2.INTER_AREA), np.float32)
    weight = weight[:, :, None] + np.float32(1e-4)
    small = np.asarray(cv2.resize(detail, side, interpolation=cv2.INTER_AREA), np.float32)
    carried = np.asarray(cv2.GaussianBlur(small * weight, (0, 0), _COLOUR_REACH), np.float32)
    total = np.asarray(cv2.GaussianBlur(weight, (0, 0), _COLOUR_REACH), np.float32)[:, :, None]
    return np.asarray(cv2.resize(carried / total, (SIDE, SIDE)), np.float32)
