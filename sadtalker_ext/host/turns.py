"""Taking turns with everything else the host does on the device."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sadtalker_ext.host import offers


class Turns:
    """The host's queue, as it is seen by one job after another.

    A job started by the tab or inside txt2img runs while the host already holds its queue for it;
    that queue must not be taken twice by one job. Such callers say so by `joined`.

    Args:
        lock: The host's ``queue_lock``.
        state: The host's ``shared.state``.
        tasks: The host's ``progress`` module, which keeps the list of waiting tasks.
    """

    def __init__(self, lock: AbstractContextManager[Any], state: Any, tasks: Any) -> None:
        self._lock = lock
        self._state = state
        self._tasks = tasks
        self._thread = threading.local()
        self._active = 0
        self._guard = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether the calling thread works while the queue is held for it."""
        return getattr(self._thread, "depth", 0) > 0

    @property
    def active(self) -> bool:
        """Whether one of our jobs is running, on any thread."""
        return self._active > 0

    @contextmanager
    def joined(self) -> Iterator[None]:
        """Mark the calling thread as working while the host holds its queue for it."""
        self._thread.depth = getattr(self._thread, "depth", 0) + 1
        with self._guard:
            self._active += 1
        try:
            yield
        finally:
            self._thread.depth -= 1
            with self._guard:
                self._active -= 1

    @contextmanager
    def turn(self, job: str) -> Iterator[None]:
        """Wait in the host's queue, begin a job there, and end it whatever happens."""
        if self.held:
            yield
            return
        task = offers.task_id(self._tasks, job)
        self._tasks.add_task_to_queue(task)
        try:
            with self._lock:
                self._state.begin(task)  # by position: hosts name it differently
                self._tasks.start_task(task)
                try:
                    with self.joined():
                        yield
                finally:
                    self._state.end()
                    self._forget_stop()
        finally:
            self._tasks.pending_tasks.pop(task, None)
            self._tasks.finish_task(task)

    def _forget_stop(self) -> None:
        """Clear the stop flags, as the host does after its own jobs."""
        self._state.interrupted = False
        self._state.stopping_generation = False
        self._state.skipped = False
