"""Work on one frame after the other by several threads, results in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from sadtalker_ext.cores import usable_cores
from sadtalker_ext.types import FloatArray

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4
"""Threads beyond which nothing is gained: the one encoder shares the cores with them."""
_WAITING_BYTES = 256 << 20


class OwnArrays(threading.local):
    """Arrays of each thread, kept from frame to frame.

    New memory of such a size would have to be mapped page by page.
    """

    _arrays: tuple[FloatArray, ...] = ()

    def of(self, *shapes: tuple[int, ...]) -> tuple[FloatArray, ...]:
        """Return float32 arrays of these shapes, with whatever they held before."""
        if tuple(one.shape for one in self._arrays) != shapes:
            self._arrays = tuple(np.empty(shape, np.float32) for shape in shapes)
        return self._arrays


def thread_count() -> int:
    """Return how many threads may composite: as many as there are cores this process may use.

    The encoder needs half as long for a frame as blending it in: on two cores two threads took up
    to a fifth less time than one beside the encoder, or as long.
    """
    return min(MOST, max(1, usable_cores()))


def in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int, item_bytes: int
) -> Iterator[Result]:
    """Yield work(item) for every item, in order.

    Items are taken on the caller's thread, a few ahead of the result that is waited for.

    Args:
        work: Safe to be called by several threads at once.
        items: What to work on.
        threads: With one, everything happens on the caller's thread.
        item_bytes: Memory that a waiting item or result takes.
    """
    if threads <= 1:
        yield from map(work, items)
        return
    room = max(threads, min(2 * threads, _WAITING_BYTES // max(item_bytes, 1)))
    pool = ThreadPoolExecutor(threads, thread_name_prefix="sadtalker-composite")
    started: deque[Future[Result]] = deque()
    try:
        for item in items:
            started.append(pool.submit(work, item))
            if len(started) > room:
                yield started.popleft().result()
        while started:
            yield started.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
