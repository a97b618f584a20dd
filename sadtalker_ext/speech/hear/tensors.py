"""Reading the tensor file of the phone recogniser (``HAMAPK``)."""

from __future__ import annotations

import math
import struct

import numpy as np

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.types import FloatArray

_MAGIC = b"HAMAPK"
_FIRST_ENTRY = 12
_DTYPES: dict[int, np.dtype[np.floating]] = {0: np.dtype("<f4"), 1: np.dtype("<f2")}


def read_tensors(data: bytes) -> dict[str, FloatArray]:
    """Return the named tensors of a ``HAMAPK`` file as float32 arrays.

    Little endian: the magic, a version and a kind byte, u16 number of tensors at offset 8, entries
    from offset 12 (u16 name length, name, u8 type, u8 rank, u32 shape, u64 offset, u64 bytes);
    offsets count from the beginning of the data, which fill the end of the file.

    Raises:
        WeightsCorrupt: The file is not of this format, or is cut.
    """
    try:
        if data[: len(_MAGIC)] != _MAGIC:
            raise ValueError("no HAMAPK file")
        entries, behind = _entries(data)
        base = len(data) - max(offset + count for *_, offset, count in entries)
        if base < behind:
            raise ValueError("it is cut")
        return {
            name: _tensor(data, base + offset, kind, shape, count)
            for name, kind, shape, offset, count in entries
        }
    except (ValueError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise WeightsCorrupt(f"The phone recogniser's file cannot be read: {error}.") from error


def _entries(data: bytes) -> tuple[list[tuple[str, int, tuple[int, ...], int, int]], int]:
    """Return name, type, shape, offset and bytes of each tensor, and where the entries end."""
    (number,) = struct.unpack_from("<H", data, 8)
    at, entries = _FIRST_ENTRY, []
    for _ in range(number):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode("utf-8")
        at += 2 + length
        kind, rank = struct.unpack_from("<BB", data, at)
        shape = struct.unpack_from(f"<{rank}I", data, at + 2)
        offset, count = struct.unpack_from("<QQ", data, at + 2 + 4 * rank)
        at += 18 + 4 * rank
        entries.append((name, kind, shape, offset, count))
    if not entries:
        raise ValueError("it holds no tensors")
    return entries, at


def _tensor(data: bytes, at: int, kind: int, shape: tuple[int, ...], count: int) -> FloatArray:
    dtype = _DTYPES[kind]
    if at < 0 or math.prod(shape) * dtype.itemsize != count:
        raise ValueError("a tensor's size does not fit its shape")
    values = np.frombuffer(data, dtype, math.prod(shape), at).reshape(shape)
    tensor: FloatArray = values.astype(np.float32)
    return tensor
