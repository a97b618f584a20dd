"""What was computed of the last few pictures, found again by what is in them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from sadtalker_ext.types import FloatArray, ImageArray

Value = TypeVar("Value")


def content_key(*parts: ImageArray | FloatArray | str | float | None) -> str:
    """Return a name for the content of arrays and words, the same in every run."""
    state = hashlib.sha256()
    for part in parts:
        plain = part is None or isinstance(part, (str, int, float))
        head = repr(part) if plain else f"{part.dtype.str}{part.shape}"  # type: ignore[union-attr]
        state.update(f"{len(head)} {head}".encode())
        if not plain:
            state.update(part.tobytes())  # type: ignore[union-attr]
    return state.hexdigest()


class Kept(Generic[Value]):
    """The values used last, up to a total weight. Safe to use from several threads.

    Args:
        most: Total weight of the values that are kept. One that is heavier alone is not kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str, compute: Callable[[], Value], weight: int = 1) -> Value:
        """Return the value of a key, computed where it is not known.

        Two threads that ask at once for one that is not known compute it both.
        """
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = compute()
        with self._lock:
            self._values[key] = (value, weight)
            self._values.move_to_end(key)
            while self._values and sum(one for _, one in self._values.values()) > self._most:
                self._values.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._values)

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._values.clear()
