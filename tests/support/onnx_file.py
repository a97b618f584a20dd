"""Small ONNX files made in code, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "bool": 9}


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **settings: Any) -> bytes:
    """One operation; settings are whole numbers, floats, lists of whole numbers, or arrays."""
    body = b"".join(_bytes(1, name.encode()) for name in inputs)
    body += b"".join(_bytes(2, name.encode()) for name in outputs)
    body += _bytes(4, kind.encode())
    return body + b"".join(_bytes(5, _setting(*item)) for item in settings.items())


def model(
    nodes: Sequence[bytes],
    constants: Mapping[str, np.ndarray],
    inputs: Sequence[str],
    outputs: Sequence[str],
) -> bytes:
    """A whole file."""
    graph = b"".join(_bytes(1, one) for one in nodes)
    graph += b"".join(_bytes(5, tensor(array, name)) for name, array in constants.items())
    graph += b"".join(_bytes(11, _bytes(1, name.encode())) for name in inputs)
    graph += b"".join(_bytes(12, _bytes(1, name.encode())) for name in outputs)
    return _number(1, 8) + _bytes(7, graph)


def tensor(array: np.ndarray, name: str = "", *, raw: bool = True) -> bytes:
    """A tensor; its values as bytes, or as a list of numbers."""
    body = b"".join(_number(1, size) for size in array.shape)
    body += _number(2, TYPES[array.dtype.name])
    body += _bytes(8, name.encode())
    if raw:
        return body + _bytes(9, array.tobytes())
    if array.dtype == np.float32:
        return body + _bytes(4, array.tobytes())
    return body + _bytes(7, b"".join(_varint(int(one)) for one in array.ravel()))


def _setting(name: str, value: Any) -> bytes:
    body = _bytes(1, name.encode())
    if isinstance(value, np.ndarray):
        return body + _bytes(5, tensor(value))
    if isinstance(value, float):
        return body + bytes([2 << 3 | 5]) + struct.pack("<f", value)
    if isinstance(value, int):
        return body + _number(3, value)
    return body + b"".join(_number(8, one) for one in value)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, body: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(body)) + body
