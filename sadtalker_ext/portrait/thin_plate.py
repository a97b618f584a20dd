"""Smooth displacement fields through given points: the thin-plate spline.

Duchon (1976); Bookstein, "Principal warps" (1989). The field takes the given values at the given
points, up to a little stiffness, and bends as little as possible between them.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

_STIFF = 4e-4
"""Added to the kernel's diagonal, for coordinates of the order of 1: about a hundredth of what
neighbouring lips points have, so that the mesh's tremble does not become waves."""


def through(at: FloatArray, values: FloatArray, where: FloatArray, unit: float) -> FloatArray:
    """Return the field at some places.

    Args:
        at: (N, 2) points.
        values: (N, C) values there.
        where: (..., 2) places.
        unit: Length of about the whole arrangement, in the units of `at`.

    Returns:
        (..., C) float32.
    """
    middle = at.mean(0)
    points = ((at - middle) / unit).astype(np.float64)
    count = len(points)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = _kernel(points, points)
    system[:count, :count][np.diag_indices(count)] += _STIFF
    system[:count, count] = system[count, :count] = 1
    system[:count, count + 1 :] = points
    system[count + 1 :, :count] = points.T
    right = np.zeros((count + 3, values.shape[1]))
    right[:count] = values
    # OpenCV's algebra works on this thread alone; numpy's would wake others for every frame
    weights = np.asarray(cv2.solve(system, right, flags=cv2.DECOMP_LU)[1], np.float32)
    places = ((where.reshape(-1, 2) - middle) / unit).astype(np.float32)
    kernel = _kernel(places, points.astype(np.float32))
    nothing = np.zeros((len(kernel), weights.shape[1]), np.float32)
    field = np.asarray(cv2.gemm(kernel, weights[:count], 1.0, nothing, 0.0), np.float32)
    plane = weights[count:]
    field += plane[0] + places[:, :1] * plane[1] + places[:, 1:] * plane[2]
    result: FloatArray = field.reshape(*where.shape[:-1], -1)
    return result


def _kernel(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, m) r^2 log r^2 between points."""
    square = np.square(one[:, :1] - other[:, 0]) + np.square(one[:, 1:] - other[:, 1])
    square = np.maximum(square, 1e-12)
    return np.asarray(square * cv2.log(square), one.dtype)
