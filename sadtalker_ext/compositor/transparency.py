"""Frames with the transparency of their picture."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sadtalker_ext.types import ImageArray


def with_alpha(frames: Iterator[ImageArray], alphas: Iterator[ImageArray]) -> Iterator[ImageArray]:
    """Yield (H, W, 4) uint8 frames of straight colours, not multiplied by alpha.

    Args:
        frames: (H, W, 3) uint8 RGB, laid over white, as pictures are read.
        alphas: (h, w) uint8 for each frame; another size is brought to the frame's.
    """
    for frame, alpha in zip(frames, alphas, strict=False):
        yield np.dstack([_straight(frame, fitting := _fitted(alpha, frame)), fitting])


def _fitted(alpha: ImageArray, frame: ImageArray) -> ImageArray:
    height, width = frame.shape[:2]
    if alpha.shape == (height, width):
        return alpha
    import cv2

    resized = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    fitted: ImageArray = np.asarray(resized, np.uint8)
    return fitted


def _straight(frame: ImageArray, alpha: ImageArray) -> ImageArray:
    """Take the white away that shone through: C = a F + (1 - a) 255, solved for F."""
    share = alpha[:, :, None].astype(np.float32) / np.float32(255.0)
    light = frame.astype(np.float32) - np.float32(255.0) * (1 - share)
    colours: ImageArray = np.clip(light / np.maximum(share, 1e-3) + 0.5, 0, 255).astype(np.uint8)
    colours[alpha == 0] = 0
    return colours
