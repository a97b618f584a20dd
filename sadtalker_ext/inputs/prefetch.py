"""Reading ahead: a thread decodes while the caller works on what was decoded before."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Taken(Generic[Item]):
    item: Item


@dataclass(frozen=True, slots=True)
class _Ended:
    problem: BaseException | None = None


class _Reader(Generic[Item]):
    """The thread and what waits between it and the caller."""

    def __init__(self, items: Iterator[Item], room: int) -> None:
        self._items = items
        self._waiting: queue.Queue[_Taken[Item] | _Ended] = queue.Queue(maxsize=room)
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._read, name="sadtalker-read-ahead", daemon=True)
        self._thread.start()

    def take(self) -> _Taken[Item] | _Ended:
        """Return the next item, or how it ended."""
        return self._waiting.get()

    def close(self) -> None:
        """Let the thread end, and wait for it."""
        self._unwanted.set()
        if not sys.is_finalizing():  # no thread runs any more then
            self._thread.join()

    def _read(self) -> None:
        end = _Ended()
        try:
            for item in self._items:
                if not self._put(_Taken(item)):
                    break
        except BaseException as problem:  # noqa: BLE001 - raised again where items are taken
            end = _Ended(problem)
        finally:
            try:
                close = getattr(self._items, "close", None)
                if close is not None:
                    close()
            finally:  # whoever takes would wait for ever
                self._put(end)

    def _put(self, thing: _Taken[Item] | _Ended) -> bool:
        """Wait for room; tell whether anybody still wants it."""
        while not self._unwanted.is_set():
            try:
                self._waiting.put(thing, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False


def prefetched(items: Iterator[Item], room: int = 6) -> Generator[Item, None, None]:
    """Yield items in order, taken from their iterator by a thread a few items ahead.

    Args:
        items: Used by the thread alone; closed by it in the end.
        room: How many items wait at most.
    """
    reader = _Reader(items, room)
    try:
        while isinstance(taken := reader.take(), _Taken):
            yield taken.item
        if taken.problem is not None:
            raise taken.problem
    finally:
        reader.close()
