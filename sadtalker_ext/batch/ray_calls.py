"""Workers of a Ray cluster that are called: one task at a time each, from many threads.

A list hands its lines to whoever is free (`ray_pool`). Here every caller waits for its own task,
sees how far it is, and can stop it. A worker that dies is replaced, and its caller told: whether
the task is begun again, and how often, is for whoever keeps count.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sadtalker_ext.batch.pool_shape import PoolShape
from sadtalker_ext.batch.ray_pool import RayPool, last_line
from sadtalker_ext.batch.ray_worker import Done, Setup, Task
from sadtalker_ext.errors import Cancelled, SadTalkerError, SetupError, WorkerLost
from sadtalker_ext.progress import Progress, Stage

log = logging.getLogger(__name__)

Keep = Callable[[str, Iterator[bytes]], None]
"""Takes a file that a task left: its name, and its bytes in blocks."""

_POLL_SECONDS: Final = 0.25
_PING_SECONDS: Final = 5.0
"""A worker that does not answer for so long is not given work; another one may be free."""
_GOODBYE_SECONDS: Final = 15.0
_AGAIN_SECONDS: Final = 30.0
"""Until a worker that could not be started is tried again."""


class RayCalls(RayPool):
    """A pool whose workers are called; use it as a context manager.

    Args:
        shape: As of `RayPool`; `retries` is 0.
        setup: As of `RayPool`.
        tell: As of `RayPool`.
        lost: Called when the cluster cannot be reached any more; expected to stop the callers.
    """

    # replaced here, so that no task goes to one that starts in place of another
    _restarts = 0

    def __init__(
        self,
        shape: PoolShape,
        setup: Setup,
        tell: Callable[[str], None] = log.info,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(shape, setup, tell)
        self._lost = lost

    def __enter__(self) -> RayCalls:
        super().__enter__()
        self._changed = threading.Condition()
        self._idle: deque[Any] = deque()
        self._busy = 0
        self._again: list[float] = []
        self._problem: SetupError | None = None
        self._starting = {worker.ready.remote(): worker for worker in self._workers}
        self.seats = len(self._workers)
        return self

    def call(self, task: Task, progress: Progress, keep: Keep) -> dict[str, Any]:
        """Let a worker do a task, as soon as one is free.

        Args:
            task: What is done.
            progress: Told from the moment a worker begins; stops the task, also one that waits.
            keep: Called for every file of the task.

        Returns:
            The task's facts.

        Raises:
            Cancelled: The task was stopped.
            WorkerLost: Its worker died, or the cluster has gone.
            SetupError: No worker can be started.
            Exception: Whatever the task itself raised.
        """
        try:
            return self._called(task, progress, keep)
        except ConnectionError as problem:
            if self._ray.is_initialized():
                raise  # a task's own
            log.error("the Ray cluster cannot be reached any more: %s", last_line(problem))
            self._lost()
            end = time.monotonic() + _GOODBYE_SECONDS
            while time.monotonic() < end:
                progress.check()
                time.sleep(_POLL_SECONDS)
            raise WorkerLost("The Ray cluster cannot be reached any more.") from problem

    def _called(self, task: Task, progress: Progress, keep: Keep) -> dict[str, Any]:
        with self._worker(progress) as worker:
            progress.enter(Stage.LOADING)
            done = self._done(worker, task, progress)
            # a stop that comes now is too late: the work is done
            try:
                for name, size in done.sizes.items():
                    keep(name, self._blocks(worker, name, size))
            finally:
                self._ray.get(worker.forget.remote())
            return done.facts

    @contextmanager
    def _worker(self, progress: Progress) -> Iterator[Any]:
        """Take a worker that lives, and give it back, or another one in its place."""
        worker = self._taken(progress)
        try:
            yield worker
        except self._ray.exceptions.RayTaskError:
            self._give(worker)
            raise
        except self._ray.exceptions.RayError as problem:
            log.warning("a worker was lost: %s", last_line(problem))
            self._replace(worker)
            progress.check()
            raise WorkerLost(
                "The worker of this job ended before it was done.",
                hint="Look whether its machine ran out of memory; fewer workers need less.",
            ) from problem
        except _Stuck as stuck:
            self._replace(worker)
            raise Cancelled("Stopped.") from stuck
        except BaseException:
            self._give(worker)
            raise
        else:
            self._give(worker)

    def _done(self, worker: Any, task: Task, progress: Progress) -> Done:
        key = secrets.token_hex(8)
        ref = worker.do.remote(key, task)
        try:
            while not self._is_ready(ref):
                event = self._ray.get(worker.seen.remote(key))
                progress.check() if event is None else progress.relay(event)
        except Cancelled:
            worker.put_down.remote(key)
            if not self._is_ready(ref, _GOODBYE_SECONDS):
                raise _Stuck from None
        try:
            outcome: Done | SadTalkerError = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as problem:
            cause = problem.cause
            raise cause if isinstance(cause, Exception) else problem from problem
        if isinstance(outcome, SadTalkerError):
            raise outcome
        return outcome

    def _is_ready(self, ref: Any, seconds: float = _POLL_SECONDS) -> bool:
        return bool(self._ray.wait([ref], timeout=seconds)[0])

    def _blocks(self, worker: Any, name: str, size: int) -> Iterator[bytes]:
        start = 0
        while start < size:
            block: bytes = self._ray.get(worker.block.remote(name, start))
            yield block
            start += len(block)

    def _taken(self, progress: Progress) -> Any:
        """Wait for a worker that is free and answers."""
        while True:
            progress.check()
            with self._changed:
                self._look_at_starting()
                if not self._idle:
                    if not (self._starting or self._busy) and self._problem is not None:
                        raise self._problem
                    self._changed.wait(_POLL_SECONDS)
                    continue
                worker = self._idle.popleft()
                self._busy += 1
            if self._answers(worker):
                return worker

    def _answers(self, worker: Any) -> bool:
        """Tell whether a worker lives; it may have died while it had nothing to do."""
        ref = worker.ready.remote()
        if not self._is_ready(ref, _PING_SECONDS):
            with self._changed:
                self._busy -= 1
                self._starting[ref] = worker
            return False
        try:
            self._ray.get(ref)
        except self._ray.exceptions.RayError as problem:
            log.warning("a worker was lost: %s", last_line(problem))
            self._replace(worker)
            return False
        return True

    def _look_at_starting(self) -> None:
        """Sort out who has started and who could not."""
        now = time.monotonic()
        while self._again and self._again[0] <= now:
            self._again.pop(0)
            self._start_one()
        if not self._starting:
            return
        ready, _ = self._ray.wait(list(self._starting), num_returns=len(self._starting), timeout=0)
        for ref in ready:
            worker = self._starting[ref]
            try:
                self._idle.append(self._started(ref, self._starting))
                self._problem = None
            except SetupError as problem:
                log.error("%s", problem)
                self._problem = problem
                self._workers.remove(worker)
                self._again.append(now + _AGAIN_SECONDS)

    def _start_one(self) -> None:
        worker = self._new_worker()
        self._workers.append(worker)
        self._starting[worker.ready.remote()] = worker

    def _give(self, worker: Any) -> None:
        with self._changed:
            self._busy -= 1
            self._idle.append(worker)
            self._changed.notify()

    def _replace(self, worker: Any) -> None:
        # it may live, cut off from us
        self._ray.kill(worker)
        with self._changed:
            self._busy -= 1
            self._workers.remove(worker)
            self._start_one()
            self._changed.notify_all()


class _Stuck(Exception):
    """A worker does not put its task down."""
