"""The tables that TensorFlow-Lite files are made of, read where they lie.

Formats: FlatBuffers (flatbuffers.dev/internals) for all but the settings of custom operations,
which are FlexBuffers (the same page's sister, "FlexBuffers"). Numbers are little-endian, places are
bytes from the beginning of the data. The packages that read them bring a module for each of 180
tables, which takes longer to load than a face to be found; six tables are needed.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_INTEGERS: Final = {1: "b", 2: "h", 4: "i", 8: "q"}
"""Formats of `struct` by width in bytes; unsigned ones are their capitals."""
_FLOATS: Final = {4: "f", 8: "d"}
_INT, _UINT, _FLOAT, _MAP, _INTS = 1, 2, 3, 9, 11  # FlexBuffers' types


class Table:
    """One table: fields by their numbers, each of which may be absent.

    Args:
        data: The whole file.
        at: The table's place.

    Raises:
        struct.error, ValueError: Here and from all methods: it points behind the end of the data.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self.at = at
        self._data = data
        self._fields = at - _read(data, "i", at)
        self._size = _read(data, "H", self._fields)

    def number(self, field: int, kind: str = "i", default: int = 0) -> int:
        """Return a number; `kind` is its format in `struct`."""
        place = self._place(field)
        return int(_read(self._data, kind, place)) if place else default

    def table(self, field: int) -> Table:
        """Return a table that must be there.

        Raises:
            ValueError: It is absent.
        """
        place = self._place(field)
        if not place:
            raise ValueError(f"table {field} is missing")
        return Table(self._data, place + _read(self._data, "I", place))

    def tables(self, field: int) -> list[Table]:
        """Return a list of tables."""
        first, count = self.list_at(field)
        places = range(first, first + 4 * count, 4)
        return [Table(self._data, place + _read(self._data, "I", place)) for place in places]

    def numbers(self, field: int, kind: npt.DTypeLike = "<i4") -> npt.NDArray[Any]:
        """Return a list of numbers, (N,); it lies in the file's own memory."""
        first, count = self.list_at(field)
        return np.frombuffer(self._data, kind, count, first)

    def text(self, field: int) -> str:
        """Return a text, "" where it is absent."""
        first, count = self.list_at(field)
        return self._data[first : first + count].decode()

    def list_at(self, field: int) -> tuple[int, int]:
        """Return where a list's first element lies, and how many there are; 0 and 0 for none."""
        place = self._place(field)
        if not place:
            return 0, 0
        place += _read(self._data, "I", place)
        return place + 4, _read(self._data, "I", place)

    def _place(self, field: int) -> int:
        """Return where a field's value lies, 0 where it is absent."""
        entry = 4 + 2 * field
        offset = int(_read(self._data, "H", self._fields + entry)) if entry < self._size else 0
        return self.at + offset if offset else 0


def root_of(data: bytes, mark: bytes) -> Table:
    """Return the table in which a file begins.

    Raises:
        ValueError: The file does not bear the mark.
        struct.error: It is too short.
    """
    if data[4:8] != mark:
        raise ValueError(f"the mark {mark.decode()} is missing")
    return Table(data, _read(data, "I", 0))


def settings_of(data: bytes) -> dict[str, Any]:
    """Read a FlexBuffers map of numbers and of lists of integers.

    Raises:
        ValueError: It is another value, or holds one.
        struct.error: It points behind the end of the data.
    """
    width, packed = data[-1], data[-2]
    place = len(data) - 2 - width
    if packed >> 2 != _MAP:
        raise ValueError("the settings should be a map")
    first = place - _whole(data, place, width)
    width = 1 << (packed & 3)
    count = _whole(data, first - width, width)
    keys = first - 3 * width - _whole(data, first - 3 * width, width)
    key_width = _whole(data, first - 2 * width, width)
    found = {}
    for number in range(count):
        place = keys + number * key_width
        begin = place - _whole(data, place, key_width)
        name = data[begin : data.index(b"\0", begin)].decode()
        kind = data[first + count * width + number]
        found[name] = _value(data, first + number * width, width, kind)
    return found


def _value(data: bytes, place: int, width: int, packed: int) -> Any:
    kind = packed >> 2
    if kind == _INT:
        return _read(data, _INTEGERS[width], place)
    if kind == _UINT:
        return _whole(data, place, width)
    if kind == _FLOAT:
        return _read(data, _FLOATS[width], place)
    if kind == _INTS:
        first = place - _whole(data, place, width)
        width = 1 << (packed & 3)
        count = _whole(data, first - width, width)
        return np.frombuffer(data, f"<i{width}", count, first).tolist()
    raise ValueError(f"a setting is of the unknown kind {kind}")


def _whole(data: bytes, place: int, width: int) -> int:
    return int(_read(data, _INTEGERS[width].upper(), place))


def _read(data: bytes, kind: str, place: int) -> Any:
    return struct.unpack_from("<" + kind, data, place)[0]
