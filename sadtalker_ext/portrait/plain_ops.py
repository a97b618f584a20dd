"""The operations of those networks that move numbers about, join them or take them one by one.

Convention: as in `ops`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sadtalker_ext.portrait.ops import NO_ACTIVATION, Kernel, Operation, unknown
from sadtalker_ext.types import FloatArray


def pad(op: Operation) -> Kernel:
    """Build a frame of zeros around the input."""
    margins = op.constant(1)
    out = np.zeros(op.out_shape, np.float32)
    inside = out[
        tuple(
            slice(int(before), int(before) + length)
            for (before, _), length in zip(margins, op.shapes[0], strict=True)
        )
    ]

    def run(x: FloatArray) -> FloatArray:
        np.copyto(inside, x)
        return out

    return run


def reshape(op: Operation) -> Kernel:
    """Build a view of another shape."""
    shape = op.out_shape
    return lambda x: x.reshape(shape)


def strided_slice(op: Operation) -> Kernel:
    """Build a cut with a begin, an end and a step per axis."""
    if any(op.settings.values()):
        raise unknown(f"STRIDED_SLICE with masks {op.settings}")
    begin, end, step = (op.constant(place) for place in (1, 2, 3))
    cut = tuple(slice(int(b), int(e), int(s)) for b, e, s in zip(begin, end, step, strict=True))
    return lambda x: x[cut].reshape(op.out_shape)


def mean(op: Operation) -> Kernel:
    """Build a mean over fixed axes."""
    axes = tuple(int(axis) for axis in np.ravel(op.constant(1)))
    shape = op.out_shape
    return lambda x: x.mean(axis=axes, dtype=np.float32).reshape(shape)


def fully_connected(op: Operation) -> Kernel:
    """Build a matrix product with a bias; inputs are rows."""
    matrix = np.ascontiguousarray(op.constant(1).astype(np.float32).T)
    bias = op.constant(2).astype(np.float32)
    if op.settings.get("activation", NO_ACTIVATION) != NO_ACTIVATION:
        raise unknown(f"{op.kind} with an activation")
    shape = op.out_shape
    return lambda x: (x.reshape(-1, len(matrix)) @ matrix + bias).reshape(shape)


def logistic(op: Operation) -> Kernel:
    """Build ``1 / (1 + exp(-x))``."""
    del op
    return lambda x: np.float32(0.5) * np.tanh(np.float32(0.5) * x) + np.float32(0.5)


def add(op: Operation) -> Kernel:
    """Build an element-wise sum."""
    return _pairwise(op, np.add)


def multiply(op: Operation) -> Kernel:
    """Build an element-wise product."""
    return _pairwise(op, np.multiply)


def _pairwise(op: Operation, function: Callable[..., Any]) -> Kernel:
    out = np.empty(op.out_shape, np.float32)
    fixed = [value for value in op.constants if value is not None]
    if not fixed:
        return lambda x, y: function(x, y, out=out)
    value = fixed[0].astype(np.float32)
    return lambda x: function(x, value, out=out)
