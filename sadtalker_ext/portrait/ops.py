"""The arithmetic of the networks of face meshes and of hands, in numpy.

Every builder takes one `Operation` and returns a kernel: a function of the operation's run-time
inputs that writes into a buffer made once and returns it. So a kernel's result is valid until it
runs again, and nothing is allocated while the network runs.

Shapes are (1, H, W, C) unless said otherwise, float32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.types import FloatArray

Shape = tuple[int, ...]
Kernel = Callable[..., FloatArray]
Constant = npt.NDArray[Any]

SAME, VALID = 0, 1  # values of the file format's Padding enumeration
_SINGLE_THREAD_WORK = 1 << 18
"""Products of at most this many multiplications stay on one thread in OpenBLAS. The network's
matrices are so small that waking threads costs more than they save; on a busy machine six times
as much."""

NO_ACTIVATION, RELU, RELU6 = 0, 1, 3  # values of its ActivationFunctionType


def unknown(found: str) -> WeightsCorrupt:
    """Return the error for an operation that our networks do not have, or not in this form."""
    return WeightsCorrupt(
        f"The model file should hold only operations of the face mesh, found {found}.",
        hint="Another model may lie under its name: delete it and run "
        f"`{sadtalker('weights fetch face')}`.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One node of the network.

    Attributes:
        kind: The format's name, for example "CONV_2D", or the name of a custom operation.
        shapes: Shapes of all inputs.
        constants: Values of the inputs that never change; None for run-time inputs.
        out_shape: Shape of the output.
        settings: The node's options by name.
    """

    kind: str
    shapes: Sequence[Shape]
    constants: Sequence[Constant | None]
    out_shape: Shape
    settings: Mapping[str, Any]

    def constant(self, place: int) -> Constant:
        """Return a constant input that must be there."""
        value = self.constants[place]
        if value is None:
            raise unknown(f"{self.kind} with a computed input {place}")
        return value


def convolution(op: Operation) -> Kernel:
    """Build a 2-D convolution as one matrix product over gathered windows."""
    weights = op.constant(1).astype(np.float32)
    outputs, height, width, inputs = weights.shape
    bias = op.constant(2).astype(np.float32)
    matrix = np.ascontiguousarray(weights.reshape(outputs, -1).T)
    stride = (op.settings["stride_h"], op.settings["stride_w"])
    out = np.empty(op.out_shape, np.float32)
    product = _product(out.reshape(-1, outputs), matrix)
    flat = out.reshape(-1, outputs)
    finish = _activation(op, out)
    if (height, width) == stride == (1, 1):

        def pointwise(x: FloatArray) -> FloatArray:
            product(x.reshape(-1, inputs))
            np.add(flat, bias, out=flat)
            return finish()

        return pointwise
    pad = _padding(op, (height, width), stride)
    columns = np.empty((*op.out_shape[1:3], height, width, inputs), np.float32)
    shifts = _shifts((height, width), stride, op.out_shape)
    rows = columns.reshape(-1, height * width * inputs)

    def windowed(x: FloatArray) -> FloatArray:
        padded = pad(x)
        for (row, column), window in shifts:
            columns[:, :, row, column] = padded[window]
        product(rows)
        np.add(flat, bias, out=flat)
        return finish()

    return windowed


def depthwise_convolution(op: Operation) -> Kernel:
    """Build a convolution of every channel with its own window, as a sum of shifted products."""
    weights = op.constant(1).astype(np.float32)[0]
    bias = op.constant(2).astype(np.float32)
    size = (weights.shape[0], weights.shape[1])
    if weights.shape[2] != op.shapes[0][3]:
        raise unknown("DEPTHWISE_CONV_2D with a channel multiplier")
    stride = (op.settings["stride_h"], op.settings["stride_w"])
    pad = _padding(op, size, stride)
    out = np.empty(op.out_shape, np.float32)
    product = np.empty(op.out_shape[1:], np.float32)
    # Whole rows of weights, repeated along x, make every product a plain loop over memory.
    taps = [
        (window, np.ascontiguousarray(np.broadcast_to(weights[where], op.out_shape[2:])))
        for where, window in _shifts(size, stride, op.out_shape)
    ]
    first_window, first_tap = taps[0]
    start = np.ascontiguousarray(np.broadcast_to(bias, op.out_shape[2:]))
    finish = _activation(op, out)

    def run(x: FloatArray) -> FloatArray:
        padded, total = pad(x), out[0]
        np.multiply(padded[first_window], first_tap, out=total)
        for window, tap in taps[1:]:
            np.multiply(padded[window], tap, out=product)
            np.add(total, product, out=total)
        np.add(total, start, out=total)
        return finish()

    return run


def max_pool(op: Operation) -> Kernel:
    """Build a maximum over windows; only without padding."""
    if op.settings["padding"] != VALID:
        raise unknown("MAX_POOL_2D with padding")
    size = (op.settings["filter_h"], op.settings["filter_w"])
    stride = (op.settings["stride_h"], op.settings["stride_w"])
    windows = [window for _, window in _shifts(size, stride, op.out_shape)]
    out = np.empty(op.out_shape, np.float32)

    def run(x: FloatArray) -> FloatArray:
        image, best = x[0], out[0]
        np.copyto(best, image[windows[0]])
        for window in windows[1:]:
            np.maximum(best, image[window], out=best)
        return out

    return run


def prelu(op: Operation) -> Kernel:
    """Build ``x if x > 0 else slope * x`` with one slope per channel."""
    slope = op.constant(1).astype(np.float32)
    out = np.empty(op.out_shape, np.float32)
    if slope.max() <= 1:
        # then the larger of x and slope * x is the answer, on both sides of zero
        wide = np.ascontiguousarray(np.broadcast_to(slope, (1, *op.out_shape[2:])))

        def simple(x: FloatArray) -> FloatArray:
            np.multiply(x, wide, out=out)
            return np.maximum(x, out, out=out)

        return simple
    negative = np.empty(op.out_shape, np.float32)

    def general(x: FloatArray) -> FloatArray:
        np.minimum(x, 0, out=negative)
        np.multiply(negative, slope, out=negative)
        np.maximum(x, 0, out=out)
        return np.add(out, negative, out=out)

    return general


def _product(out: FloatArray, matrix: FloatArray) -> Callable[[FloatArray], object]:
    """Return a function that writes ``x @ matrix`` to `out`, cut into pieces for one thread."""
    rows, columns = out.shape
    depth = matrix.shape[0]
    if rows == 1:
        turned = np.ascontiguousarray(matrix.T)
        return lambda x: np.einsum("nk,k->n", turned, x[0], out=out[0])
    fitting = max(_SINGLE_THREAD_WORK // (depth * columns), 1)
    piece = max(size for size in range(1, min(fitting, rows) + 1) if rows % size == 0)
    pieces = out.reshape(-1, piece, columns)
    return lambda x: np.matmul(x.reshape(-1, piece, depth), matrix, out=pieces)


def _activation(op: Operation, out: FloatArray) -> Callable[[], FloatArray]:
    """Return a function that applies the fused activation in place and returns `out`."""
    kind = op.settings.get("activation", NO_ACTIVATION)
    if kind == NO_ACTIVATION:
        return lambda: out
    if kind == RELU:
        return lambda: np.maximum(out, 0, out=out)
    if kind == RELU6:
        return lambda: np.clip(out, 0, 6, out=out)
    raise unknown(f"{op.kind} with activation {kind}")


def _shifts(
    size: tuple[int, int], stride: tuple[int, int], out_shape: Shape
) -> list[tuple[tuple[int, int], tuple[slice, slice]]]:
    """Return, for every place of a window, what it sees of a padded (H, W, C) image."""
    (step_y, step_x), (rows, columns) = stride, out_shape[1:3]
    return [
        (
            (y, x),
            (slice(y, y + step_y * rows, step_y), slice(x, x + step_x * columns, step_x)),
        )
        for y in range(size[0])
        for x in range(size[1])
    ]


def _padding(
    op: Operation, size: tuple[int, int], stride: tuple[int, int]
) -> Callable[[FloatArray], FloatArray]:
    """Return a function from (1, H, W, C) to an (H', W', C) image that windows can slide over."""
    if op.settings["padding"] == VALID:
        return lambda x: x[0]
    _, height, width, channels = op.shapes[0]
    _, rows, columns, _ = op.out_shape
    # "SAME" puts the odd pixel behind; windows never reach past the last one.
    extra_y = max((rows - 1) * stride[0] + size[0] - height, 0)
    extra_x = max((columns - 1) * stride[1] + size[1] - width, 0)
    top, left = extra_y // 2, extra_x // 2
    framed = np.zeros((height + extra_y + stride[0], width + extra_x + stride[1], channels), "f4")
    inside = framed[top : top + height, left : left + width]

    def place(x: FloatArray) -> FloatArray:
        np.copyto(inside, x[0])
        return framed

    return place
