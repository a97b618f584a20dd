"""Where the person is: a soft mask of the whole picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np

from sadtalker_ext.portrait.network import Network
from sadtalker_ext.types import Box, FloatArray, ImageArray

SIZE: Final = 256
_SMALL_SHARE: Final = 0.25
"""A face narrower than this part of the picture's short side is looked at again from nearby."""
_NEAR_FACES: Final = 5.0
"""Side of the nearby view, in face heights."""
_WIDE: Final = 1.5
"""A picture that is wider than this many times its height is looked at again in a square."""
_FEATHER_SHARE: Final = 0.1


class Segmenter:
    """The selfie segmentation model. Safe to call from several threads.

    Args:
        path: The model file.
    """

    def __init__(self, path: Path) -> None:
        self._network = Network(path, ("activation_10",))

    def __call__(self, picture: ImageArray, face: Box | None = None) -> FloatArray:
        """Return the person mask.

        The network sees 256x256 pixels, so a small person is coarse in the whole picture, and a
        person in a wide one is squeezed out of shape. In both cases a square around the face, of
        about five face heights at most, is looked at again and used there.

        Args:
            picture: (H, W, 3) uint8 RGB.
            face: Box of the face whose person matters most.

        Returns:
            (H, W) float32, 0 background .. 1 person.
        """
        mask = self._look(picture)
        near = None if face is None else _neighbourhood(face, picture)
        if near is None:
            return mask
        left, top, right, bottom = near
        closer = self._look(picture[top:bottom, left:right])
        weight = _feather(near, picture)
        part = mask[top:bottom, left:right]
        part += weight * (closer - part)
        return mask

    def _look(self, picture: ImageArray) -> FloatArray:
        height, width = picture.shape[:2]
        small = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
        (answer,) = self._network(np.asarray(small, np.float32) / 255.0)
        mask = cv2.resize(
            answer.reshape(SIZE, SIZE), (width, height), interpolation=cv2.INTER_CUBIC
        )
        return np.clip(np.asarray(mask, np.float32), 0.0, 1.0)


def _neighbourhood(face: Box, picture: ImageArray) -> Box | None:
    """Return the square to look at more closely, or None when the whole picture will do."""
    height, width = picture.shape[:2]
    left, top, right, bottom = face
    short = min(height, width)
    small = right - left < _SMALL_SHARE * short
    if not small and width <= _WIDE * height:
        return None
    half = _NEAR_FACES * (bottom - top) / 2
    if not small:
        half = min(half, short / 2)
    # the body hangs below the face: put the face into the upper third
    x, y = (left + right) / 2, (top + bottom) / 2 + half / 2
    if not small:
        x, y = np.clip((x, y), half, (width - half, height - half))
    box = (
        max(round(x - half), 0),
        max(round(y - half), 0),
        min(round(x + half), width),
        min(round(y + half), height),
    )
    return box if box[2] - box[0] > 1 and box[3] - box[1] > 1 else None


def _feather(box: Box, picture: ImageArray) -> FloatArray:
    """Return weights that are 1 inside a box and fall to 0 at its edges within the picture."""
    height, width = picture.shape[:2]
    left, top, right, bottom = box
    across = _ramp(right - left, fade_low=left > 0, fade_high=right < width)
    down = _ramp(bottom - top, fade_low=top > 0, fade_high=bottom < height)
    return np.outer(down, across).astype(np.float32)


def _ramp(length: int, *, fade_low: bool, fade_high: bool) -> FloatArray:
    steps = max(round(length * _FEATHER_SHARE), 1)
    rise = (np.arange(length, dtype=np.float32) + 0.5) / steps
    weight = np.ones(length, np.float32)
    if fade_low:
        weight = np.minimum(weight, rise)
    if fade_high:
        weight = np.minimum(weight, rise[::-1])
    return weight
