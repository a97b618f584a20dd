"""Reading the protocol buffers that ONNX files are made of.

A message is a row of fields; each begins with a varint of ``number << 3 | kind``: kind 0 is a
varint, 1 eight bytes, 2 a length and that many bytes, 5 four bytes (Protocol Buffers encoding
guide). The numbers of the fields are those of ``onnx.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

DTYPES: Final[dict[int, Any]] = {
    1: np.float32,
    2: np.uint8,
    3: np.int8,
    6: np.int32,
    7: np.int64,
    9: np.bool_,
    10: np.float16,
    11: np.float64,
}
"""The format's `TensorProto.DataType`."""

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5


@dataclass(slots=True)
class Node:
    """One operation of a graph.

    Attributes:
        kind: Name of the operation, for example "MatMul".
        inputs: Names of its inputs; an empty name is an input that was left out.
        outputs: Names of its outputs.
        settings: Attributes by name: numbers, lists of numbers, bytes or arrays.
    """

    kind: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Model:
    """What a file holds.

    Attributes:
        nodes: Operations in an order in which they can run.
        constants: Weights by name.
        inputs: Names of the graph's inputs.
        outputs: Names of the graph's outputs.
    """

    nodes: list[Node] = field(default_factory=list)
    constants: dict[str, Array] = field(default_factory=dict)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)


def read_model(data: bytes) -> Model:
    """Read a file.

    Raises:
        ValueError: It is truncated, or is no such file.
    """
    model = Model()
    graphs = [value for number, value in _fields(memoryview(data)) if number == 7]
    if not graphs:
        raise ValueError("it holds no graph")
    for number, value in _fields(graphs[0]):
        if number == 1:
            model.nodes.append(_node(value))
        elif number == 5:
            name, array = _tensor(value)
            model.constants[name] = array
        elif number == 11:
            model.inputs.append(_name(value))
        elif number == 12:
            model.outputs.append(_name(value))
    model.inputs = [name for name in model.inputs if name not in model.constants]
    return model


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("it is truncated")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield number and value of every field: an int, or a view of bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at)
        elif kind in (_EIGHT, _FOUR):
            length = 8 if kind == _EIGHT else 4
        else:
            raise ValueError(f"it has a field of unknown kind {kind}")
        if at + length > len(data):
            raise ValueError("it is truncated")
        yield number, data[at : at + length]
        at += length


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def _integers(value: int | memoryview) -> list[int]:
    """Return the numbers of a repeated field, packed into one or not."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _varint(value, at)
        found.append(_signed(number))
    return found


def _text(value: memoryview) -> str:
    return bytes(value).decode("utf-8")


def _name(data: memoryview) -> str:
    return next((_text(value) for number, value in _fields(data) if number == 1), "")


def _node(data: memoryview) -> Node:
    node = Node()
    for number, value in _fields(data):
        if number == 1:
            node.inputs.append(_text(value))
        elif number == 2:
            node.outputs.append(_text(value))
        elif number == 4:
            node.kind = _text(value)
        elif number == 5:
            name, setting = _setting(value)
            node.settings[name] = setting
    return node


def _setting(data: memoryview) -> tuple[str, Any]:
    """Return name and value of an attribute."""
    name, setting = "", None
    listed: list[Any] = []
    for number, value in _fields(data):
        if number == 1:
            name = _text(value)
        elif number == 2:
            setting = struct.unpack("<f", value)[0]
        elif number == 3:
            setting = _signed(value)
        elif number == 4:
            setting = bytes(value)
        elif number == 5:
            setting = _tensor(value)[1]
        elif number == 7:
            listed += [one[0] for one in struct.iter_unpack("<f", value)]
        elif number == 8:
            listed += _integers(value)
    return name, listed or setting


def _tensor(data: memoryview) -> tuple[str, Array]:  # noqa: C901 - one branch per field
    """Return name and values of a tensor."""
    shape: list[int] = []
    name, dtype, raw = "", 0, None
    floats, integers = bytearray(), []
    for number, value in _fields(data):
        if number == 1:
            shape += _integers(value)
        elif number == 2:
            dtype = value
        elif number == 4:
            floats += value
        elif number in (5, 7):
            integers += _integers(value)
        elif number == 8:
            name = _text(value)
        elif number == 9:
            raw = value
    if dtype not in DTYPES:
        raise ValueError(f"tensor {name!r} has the unknown type {dtype}")
    if raw is not None:
        values = np.frombuffer(raw, dtype=DTYPES[dtype])
    elif floats:
        values = np.frombuffer(bytes(floats), dtype=np.float32)
    else:
        values = np.array(integers, dtype=DTYPES[dtype])
    return name, values.reshape(shape)
