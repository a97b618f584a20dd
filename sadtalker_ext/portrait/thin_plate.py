"""Smooth displacement fields through given points: the thin-plate spline.

Duchon (1976); Bookstein, "Principal warps" (1989). The field takes the given values at the given
points, up to a little stiffness, and bends as little as possible between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray

_STIFF = 4e-4
"""Added to the kernel's diagonal, for coordinates of the order of 1: about a hundredth of what
neighbouring lips points have, so that the mesh's tremble does not become waves."""


Points = tuple[FloatArray, FloatArray]
"""(N, 2) places, and (N, C) values there."""


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
    return through_each([(at, values)], (at[:0], values[:0]), where, unit)[0]


def through_each(
    own: Sequence[Points], shared: Points, where: FloatArray, unit: float
) -> list[FloatArray]:
    """Return fields that go through points of their own, and through some that all share.

    Args:
        own: The points of each field.
        shared: The points of all; what they cost is paid once.
        where: (..., 2) places.
        unit: Length of about the whole arrangement, in the units of the points.

    Returns:
        (..., C) float32 for each field.
    """
    middle = np.concatenate([own[0][0], shared[0]]).mean(0)
    places = ((where.reshape(-1, 2) - middle) / unit).astype(np.float32)
    common = (shared[0] - middle) / unit
    from_common = _kernel(places, common.astype(np.float32)) if len(common) else None
    fields = []
    for at, values in own:
        points = (at - middle) / unit
        weights = _weights(np.concatenate([points, common]), np.concatenate([values, shared[1]]))
        field = weights[-3] + places[:, :1] * weights[-2] + places[:, 1:] * weights[-1]
        field = cv2.gemm(
            _kernel(places, points.astype(np.float32)), weights[: len(points)], 1.0, field, 1.0
        )
        if from_common is not None:
            field = cv2.gemm(from_common, weights[len(points) : -3], 1.0, field, 1.0)
        fields.append(np.asarray(field, np.float32).reshape(*where.shape[:-1], -1))
    return fields


def _weights(at: npt.NDArray[Any], values: npt.NDArray[Any]) -> FloatArray:
    """Return (N + 3, C) weights of the points' kernels, then of 1, x and y."""
    points = at.astype(np.float64)
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
    return np.asarray(cv2.solve(system, right, flags=cv2.DECOMP_LU)[1], np.float32)


def _kernel(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """(n, m) r^2 log r^2 between points."""
    square: npt.NDArray[Any] = one[:, :1] - other[:, 0]
    np.multiply(square, square, out=square)
    down = one[:, 1:] - other[:, 1]
    square += np.multiply(down, down, out=down)
    np.maximum(square, 1e-12, out=square)
    square *= cv2.log(square, down)
    return square
