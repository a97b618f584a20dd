"""A picture with texture, flat parts and a moving part, made in code."""

import cv2
import numpy as np


def textured(height=400, width=384, seed=0):
    """(H, W, 3) uint8: grain of several sizes, with a flat grey strip on the left."""
    random = np.random.default_rng(seed)
    grain = sum(
        cv2.GaussianBlur(random.normal(0, 40 * sigma, (height, width)), (0, 0), sigma)
        for sigma in (1, 3, 9)
    )
    shade = np.clip(128 + grain, 0, 255)
    shade[:, : width // 4] = 110
    return np.repeat(shade.astype(np.uint8)[:, :, None], 3, axis=2)


def talking(count=8, **size):
    """Frames of a still picture in which one part moves."""
    picture = textured(**size)
    height, width = picture.shape[:2]
    mouth = picture[height // 2 : height // 2 + 40, width // 2 : width // 2 + 80]
    for number in range(count):
        frame = picture.copy()
        down = height // 2 + 3 * number
        frame[down : down + 40, width // 2 : width // 2 + 80] = mouth
        yield frame
