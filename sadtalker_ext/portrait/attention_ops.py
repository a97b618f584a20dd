"""The three custom operations of the attention mesh: look closer at lips and eyes.

The coarse mesh says where lips and eyes are; a square around them, turned upright, is cut from a
feature map and refined by its own branch; the refined points are then moved back.
A transform is (1, 4, 4) float32: its upper left 2x2 and last column act on x and y.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait.ops import Kernel, Operation
from sadtalker_ext.types import FloatArray


def landmarks_to_transform(op: Operation) -> Kernel:
    """Build the transform from pixels of an upright cut to the plane of the landmarks.

    The cut is the box of some points in a frame turned so that the line between two of them is
    level, enlarged by a scale.
    """
    settings = op.settings
    subset = np.array(settings["subset_idxs"], np.intp)
    left, right = settings["left_rotation_idx"], settings["right_rotation_idx"]
    size = np.array([settings["output_width"], settings["output_height"]], np.float64)
    scale = np.array([settings["scale_x"], settings["scale_y"]], np.float64)
    target = float(settings.get("target_rotation_radians", 0.0))

    def run(landmarks: FloatArray) -> FloatArray:
        points = landmarks.reshape(-1, 3)[:, :2].astype(np.float64)
        dx, dy = points[right] - points[left]
        upright = _rotation(target - np.arctan2(dy, dx))
        turned = points[subset] @ upright.T
        low, high = turned.min(0), turned.max(0)
        linear = upright.T * (scale * (high - low) / size)
        out = np.eye(4, dtype=np.float32)
        out[:2, :2] = linear
        out[:2, 3] = upright.T @ ((low + high) / 2) - linear @ (size / 2)
        return out[None]

    return run


def transform_landmarks(op: Operation) -> Kernel:
    """Build the move of (1, N, 2) points by a transform."""
    shape = op.out_shape

    def run(points: FloatArray, transform: FloatArray) -> FloatArray:
        linear, offset = transform[0, :2, :2], transform[0, :2, 3]
        moved: FloatArray = points.reshape(-1, 2) @ linear.T + offset
        return moved.reshape(shape)

    return run


def transform_tensor(op: Operation) -> Kernel:
    """Build the bilinear cut of a feature map by a transform; outside the map is zero."""
    _, rows, columns, _ = op.out_shape
    _, height, width, _ = op.shapes[0]
    grid_y, grid_x = np.mgrid[:rows, :columns].reshape(2, -1) + 0.5
    centres = np.stack([grid_x, grid_y, np.ones_like(grid_x)])

    def run(features: FloatArray, transform: FloatArray) -> FloatArray:
        matrix = transform[0, :2][:, [0, 1, 3]].astype(np.float64)
        x, y = matrix @ centres - 0.5
        x0, y0 = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
        outside = (x < 0) | (x > width - 1) | (y < 0) | (y > height - 1)
        across, down = (x - x0).astype(np.float32), (y - y0).astype(np.float32)
        x0, y0 = x0.clip(0, width - 1), y0.clip(0, height - 1)
        x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
        image = features[0]
        cut: FloatArray = (
            image[y0, x0] * ((1 - down) * (1 - across))[:, None]
            + image[y0, x1] * ((1 - down) * across)[:, None]
            + image[y1, x0] * (down * (1 - across))[:, None]
            + image[y1, x1] * (down * across)[:, None]
        )
        cut[outside] = 0
        return cut.reshape(op.out_shape)

    return run


def _rotation(angle_rad: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine], [sine, cosine]])
