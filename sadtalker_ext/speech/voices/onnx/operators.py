"""The operations of an ONNX graph that small speech networks need, in numpy.

Each takes the node's settings and its inputs (None where one was left out) and returns its output,
or a tuple of them. The meaning is that of the ONNX operator documentation, version 17.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from sadtalker_ext.speech.voices.onnx.wire import DTYPES, Array

Settings = Mapping[str, Any]
Operator = Callable[..., Any]


def _axes(axes: Array) -> tuple[int, ...]:
    return tuple(int(axis) for axis in axes)


def _unsqueeze(_: Settings, x: Array, axes: Array) -> Array:
    return np.asarray(np.expand_dims(x, _axes(axes)))


def _cast(settings: Settings, x: Array) -> Array:
    return np.asarray(x).astype(DTYPES[settings["to"]], copy=False)


def _gather(settings: Settings, x: Array, indices: Array) -> Array:
    return np.asarray(np.take(x, indices, axis=settings.get("axis", 0)))


def _reshape(settings: Settings, x: Array, shape: Array) -> Array:
    keep = not settings.get("allowzero", 0)
    sizes = [x.shape[i] if keep and size == 0 else int(size) for i, size in enumerate(shape)]
    return np.asarray(x.reshape(sizes))


def _slice(
    _: Settings,
    x: Array,
    starts: Array,
    ends: Array,
    axes: Array | None = None,
    steps: Array | None = None,
) -> Array:
    chosen = _axes(axes) if axes is not None else tuple(range(len(starts)))
    parts = [slice(None)] * x.ndim
    for place, axis in enumerate(chosen):
        step = int(steps[place]) if steps is not None else 1
        parts[axis] = slice(int(starts[place]), int(ends[place]), step)
    return np.asarray(x[tuple(parts)])


def _split(settings: Settings, x: Array, sizes: Array) -> tuple[Array, ...]:
    return tuple(np.split(x, np.cumsum(sizes)[:-1], axis=settings.get("axis", 0)))


def _layer_normalization(
    settings: Settings, x: Array, scale: Array, shift: Array | None = None
) -> Array:
    """Normalise over the last axis."""
    centred: Array = x - x.mean(axis=-1, keepdims=True)
    variance = np.einsum("...i,...i->...", centred, centred)[..., None] / x.shape[-1]
    centred *= scale / np.sqrt(variance + np.float32(settings.get("epsilon", 1e-5)))
    return centred if shift is None else centred + shift


def _softmax(settings: Settings, x: Array) -> Array:
    axis = settings.get("axis", -1)
    raised: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    raised /= raised.sum(axis=axis, keepdims=True)
    return raised


def _erf(_: Settings, x: Array) -> Array:
    """Return the error function: Abramowitz and Stegun 7.1.26, off by 1.5e-7 at most."""
    size = np.abs(x)
    t = 1 / (1 + np.float32(0.3275911) * size)
    series = t * np.float32(1.061405429)
    for factor in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series += np.float32(factor)
        series *= t
    size *= -size
    np.exp(size, out=size)
    series *= size
    return np.copysign(1 - series, x)


def _convolution(settings: Settings, x: Array, weights: Array, bias: Array | None = None) -> Array:
    """Convolve over time: (1, C, T) with (D, C / groups, K), stride 1."""
    groups, width = settings.get("group", 1), weights.shape[2]
    step = settings.get("dilations", [1])[0]
    before, after = settings.get("pads", [0, 0])
    if x.ndim != 3 or settings.get("strides", [1])[0] != 1 or groups not in (1, x.shape[1]):
        raise ValueError(
            "A convolution should be over time, with stride 1 and one or all groups, found "
            f"{x.ndim - 2} axes, settings {dict(settings)}."
        )
    padded = np.pad(x[0], ((0, 0), (before, after)))
    length = padded.shape[1] - (width - 1) * step
    shifted = [padded[:, k * step : k * step + length] for k in range(width)]
    if groups == 1:
        out = sum(weights[:, :, k] @ shifted[k] for k in range(width))
    else:
        out = sum(weights[:, :1, k] * shifted[k] for k in range(width))
    return np.asarray(out if bias is None else out + bias[:, None])[None]


def _quantize(_: Settings, x: Array) -> tuple[Array, Any, Any]:
    """Return steps of 8 bits, size of a step, and the step of zero; the steps as float32.

    As floats they can be multiplied by the machine's fast routines, and exactly: 256 products of 8
    bits stay below 2 ** 24.
    """
    low, high = min(0.0, float(x.min())), max(0.0, float(x.max()))
    size = np.float32((high - low) / 255 or 1.0)
    zero = np.float32(np.clip(np.rint(np.float32(-low) / size), 0, 255))
    steps = x / size
    np.rint(steps, out=steps)
    steps += zero
    np.clip(steps, 0, 255, out=steps)
    return steps, size, zero


def _matmul_integer(
    _: Settings, a: Array, b: Array, zero_a: Array | None = None, zero_b: Array | None = None
) -> Array:
    left = a if zero_a is None else a - zero_a
    return np.asarray(left @ (b if zero_b is None else b - zero_b))


def _reduce_sum(settings: Settings, x: Array, axes: Array | None = None) -> Array:
    keep = bool(settings.get("keepdims", 1))
    return np.asarray(x.sum(axis=None if axes is None else _axes(axes), keepdims=keep))


def _clip(_: Settings, x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    return np.clip(x, low, high)


def _divide(_: Settings, a: Array, b: Array) -> Array:
    if np.issubdtype(a.dtype, np.integer):
        return np.asarray(a // b)  # only sizes are divided as integers, and those are positive
    return np.asarray(a / b)


def _arg_max(settings: Settings, x: Array) -> Array:
    axis = settings.get("axis", 0)
    best = np.asarray(np.argmax(x, axis=axis))
    return np.expand_dims(best, axis) if settings.get("keepdims", 1) else best


OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        "Add": lambda _, a, b: a + b,
        "ArgMax": _arg_max,
        "Cast": _cast,
        "Clip": _clip,
        "Concat": lambda settings, *parts: np.concatenate(parts, axis=settings["axis"]),
        "Constant": lambda settings: settings["value"],
        "Conv": _convolution,
        "CumSum": lambda _, x, axis: np.cumsum(x, axis=int(axis)),
        "Div": _divide,
        "DynamicQuantizeLinear": _quantize,
        "Erf": _erf,
        "Exp": lambda _, x: np.exp(x),
        "Gather": _gather,
        "GreaterOrEqual": lambda _, a, b: a >= b,
        "LayerNormalization": _layer_normalization,
        "Log": lambda _, x: np.log(x),
        "MatMul": lambda _, a, b: a @ b,
        "MatMulInteger": _matmul_integer,
        "Mul": lambda _, a, b: a * b,
        "Pow": lambda _, a, b: np.power(a, b),
        "Range": lambda _, start, end, step: np.arange(int(start), int(end), int(step)),
        "ReduceSum": _reduce_sum,
        "Relu": lambda _, x: np.maximum(x, 0),
        "Reshape": _reshape,
        "Round": lambda _, x: np.rint(x),
        "Shape": lambda _, x: np.array(x.shape, dtype=np.int64),
        "Slice": _slice,
        "Softmax": _softmax,
        "Split": _split,
        "Sub": lambda _, a, b: a - b,
        "Tile": lambda _, x, repeats: np.tile(x, [int(one) for one in repeats]),
        "Transpose": lambda settings, x: np.transpose(x, settings["perm"]),
        "Unsqueeze": _unsqueeze,
    }
)
