"""Turning displacement fields into pixel maps.

Fields say where a point of the picture goes; a frame needs the opposite, where each pixel comes
from. With a displacement D the source s of a pixel p solves s + D(s) = p: a few damped fixed-point
steps come near, and Newton steps finish where the skin is stretched (there the former swing).
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.pixels import sample
from sadtalker_ext.types import Box, FloatArray

_DAMPING = (1.0, 0.7, 0.7, 0.7)
_NEWTON_STEPS = 2
_LEAST_AREA = 0.2
"""Newton steps treat skin squeezed to less than this share of its area as if it had this one."""

_LONGEST_STEP = 0.5
"""No Newton step is longer than this many cells."""

_SLOPE = np.array([[-0.5, 0, 0.5]], np.float32)


def pixel_grid(left: int, top: int, width: int, height: int) -> FloatArray:
    """(height, width, 2) coordinates of pixels."""
    x = np.arange(left, left + width, dtype=np.float32)
    y = np.arange(top, top + height, dtype=np.float32)
    return np.dstack(np.meshgrid(x, y)).astype(np.float32)


class SheetWarp:
    """A coarse grid over a box of the picture, with fields of two sheets on its nodes.

    Args:
        box: Region of the picture that may move.
        stride: Pixels between nodes. Node (i, j) lies in the middle of its cell of stride x stride
            pixels, which is what `cv2.resize` assumes.

    Attributes:
        nodes: (h, w, 2) picture coordinates of the nodes.
        grid: (h, w, 2) the nodes' own column and row numbers.
    """

    def __init__(self, box: Box, stride: int) -> None:
        self.box = box
        self.stride = stride
        left, top, right, bottom = box
        columns, rows = -(-(right - left) // stride), -(-(bottom - top) // stride)
        self.grid = pixel_grid(0, 0, columns, rows)
        middle = (stride - 1) / 2
        first = np.array([left + middle, top + middle], np.float32)
        self.nodes: FloatArray = (self.grid * np.float32(stride) + first).astype(np.float32)
        self._fields: FloatArray = np.zeros((0, 2, rows, columns, 2), np.float32)

    def set_fields(self, fields: FloatArray) -> None:
        """Take (K, 2, h, w, 2) displacement fields in pixels."""
        self._fields = np.ascontiguousarray(fields / np.float32(self.stride), np.float32)

    def offsets(self, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Where pixels come from, for a weighted sum of the fields.

        Returns:
            For the upper and the lower sheet, (h, w, 2) source minus pixel in pixels, on the nodes.
        """
        # Not a matrix product: that would wake the linear algebra library's threads per frame.
        total = np.zeros_like(self.grid, shape=self._fields.shape[1:])
        for weight, field in zip(weights, self._fields, strict=True):
            if abs(weight) > 1e-6:
                total += weight * field
        return self.inverse(total[0]), self.inverse(total[1])

    def inverse(self, field: FloatArray) -> FloatArray:
        """Source minus node, (h, w, 2) pixels, for a displacement field in units of the grid."""
        back = np.zeros_like(field)
        for step in _DAMPING:
            back -= np.float32(step) * (back + self._at(field, back))
        # Derivatives of the displacement: columns of the Jacobian minus the identity.
        right = cv2.filter2D(field, -1, _SLOPE)
        down = cv2.filter2D(field, -1, _SLOPE.T)
        slopes = np.dstack([right, down]).astype(np.float32)
        for _ in range(_NEWTON_STEPS):
            missed = back + self._at(field, back)
            a, c, b, d = cv2.split(self._at(slopes, back))
            a, d = a + 1, d + 1
            area = np.maximum(a * d - b * c, _LEAST_AREA)
            x, y = missed[..., 0], missed[..., 1]
            move = np.dstack([(d * x - b * y) / area, (a * y - c * x) / area])
            # Where the skin folds a step may lead far away, which would show as a speck.
            back -= np.clip(move, -_LONGEST_STEP, _LONGEST_STEP)
        result: FloatArray = back * np.float32(self.stride)
        return result

    def _at(self, field: FloatArray, back: FloatArray) -> npt.NDArray[Any]:
        """The field where the nodes come from."""
        return sample(field, self.grid + back, border=cv2.BORDER_REPLICATE)

    def enlarge(self, values: FloatArray) -> FloatArray:
        """Interpolate (h, w, C) node values to pixels: (h * stride, w * stride, C)."""
        if self.stride == 1:
            return values
        size = (values.shape[1] * self.stride, values.shape[0] * self.stride)
        pixels: FloatArray = np.asarray(
            cv2.resize(values, size, interpolation=cv2.INTER_LINEAR), np.float32
        )
        return pixels
