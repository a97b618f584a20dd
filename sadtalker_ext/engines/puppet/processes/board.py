"""Rows of one block of motion, handed to whoever draws next, and finished frames in order."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator

from sadtalker_ext.types import ImageArray


class Board:
    """Which rows are drawn, by whom it does not matter. Safe to use from several threads.

    Args:
        rows: What is to be drawn, in order.
        room: Frames that may be finished or begun before they are asked for; bounds the memory.
    """

    def __init__(self, rows: range, room: int) -> None:
        self._rows, self._room = rows, room
        self._begun = 0  # rows handed out
        self._given = 0  # frames taken by `frames`
        self._returned: list[int] = []
        self._done: dict[int, ImageArray | BaseException] = {}
        self._closed = False
        self._changed = threading.Condition()

    def take(self, *, wait: bool) -> int | None:
        """Return the next row to draw; None when nothing is left, or nothing at the moment.

        Args:
            wait: Whether to wait for a row as long as one may come, also one that is returned.
        """
        with self._changed:
            while True:
                if self._closed or self._given == len(self._rows):
                    return None
                if self._returned:
                    return self._rows[heapq.heappop(self._returned)]
                if self._begun < min(len(self._rows), self._given + self._room):
                    self._begun += 1
                    return self._rows[self._begun - 1]
                if not wait:
                    return None
                self._changed.wait()

    def draw(
        self, drawn: Callable[[int], ImageArray], enough: Callable[[], bool] = lambda: False
    ) -> None:
        """Draw rows on this thread as long as any may come; what goes wrong is put down, too.

        Args:
            drawn: Draws a row.
            enough: Whether others draw as much as there are cores for.
        """
        while not enough() and (row := self.take(wait=True)) is not None:
            self._attempt(row, drawn)

    def _attempt(self, row: int, drawn: Callable[[int], ImageArray]) -> None:
        try:
            self.put(row, drawn(row))
        except BaseException as problem:  # noqa: BLE001 - raised again by `frames`
            self.put(row, problem)

    def put(self, row: int, frame: ImageArray | BaseException) -> None:
        """Take a finished frame, or why there is none."""
        with self._changed:
            self._done[self._rows.index(row)] = frame
            self._changed.notify_all()

    def give_back(self, row: int) -> None:
        """Let somebody else draw a row that was taken."""
        with self._changed:
            heapq.heappush(self._returned, self._rows.index(row))
            self._changed.notify_all()

    def frames(self) -> Iterator[ImageArray]:
        """Yield all frames in order, as they are finished; raises what went wrong with one."""
        for number in range(len(self._rows)):
            with self._changed:
                self._changed.wait_for(lambda number=number: number in self._done)  # type: ignore[misc]
                frame = self._done.pop(number)
                self._given += 1
                self._changed.notify_all()
            if isinstance(frame, BaseException):
                raise frame
            yield frame

    def close(self) -> None:
        """Hand out no more rows."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing more is wanted."""
        return self._closed
