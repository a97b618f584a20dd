"""Workers on a Ray cluster: one actor per device keeps the engine, lines are its tasks.

Ray places the actors, starts one again where its process or its machine dies, and gives it the
task anew. This file only hands the next line to whoever is free.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.batch.lines import Line
from sadtalker_ext.batch.make import Row
from sadtalker_ext.batch.pool_shape import LOCAL, PoolShape
from sadtalker_ext.batch.ray_worker import Setup, Worker
from sadtalker_ext.errors import (
    Cancelled,
    PackageMissing,
    SadTalkerError,
    SetupError,
    WorkerLost,
)
from sadtalker_ext.installing import how_to_add
from sadtalker_ext.progress import Progress
from sadtalker_ext.segments import Scene, SegmentFolder, cut_at_pauses

log = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.25
_GOODBYE_SECONDS: Final = 15.0
_LOOPBACK: Final = "127.0.0.1"


class RayPool:
    """Makes lines on the workers of a cluster; use it as a context manager.

    Args:
        shape: Where they are and how many.
        setup: What each is given.
        tell: Shows a sentence to the user.

    Raises:
        PackageMissing: Ray is not installed.
        SetupError: The cluster cannot be reached.
    """

    _restarts = -1
    """How often Ray starts a worker again that has died: always."""

    def __init__(
        self, shape: PoolShape, setup: Setup, tell: Callable[[str], None] = log.info
    ) -> None:
        if importlib.util.find_spec("ray") is None:
            raise PackageMissing(
                "Workers need the package ray, which is not installed.", hint=how_to_add("ray")
            )
        import ray

        self._ray = ray
        self._shape, self._setup, self._tell = shape, setup, tell
        self._actor: Any = None
        self._workers: list[Any] = []
        self._guest = False

    def __enter__(self) -> RayPool:
        shape = self._shape
        self._guest = self._ray.is_initialized()
        try:
            if not self._guest:
                self._join()
        except (ConnectionError, OSError, RuntimeError, ValueError, TimeoutError) as problem:
            raise SetupError(
                f"The Ray cluster {shape.address} cannot be reached: {problem}.",
                hint="Start it with `ray start --head`, and name the address that it prints.",
            ) from problem
        count, graphics = self._size()
        log.info("%d workers, each with %s", count, graphics or f"{shape.threads} cores")
        self._actor = self._ray.remote(Worker).options(
            num_cpus=shape.threads,
            num_gpus=1 if graphics else 0,
            max_restarts=self._restarts,
            max_task_retries=shape.retries,
            max_concurrency=2,  # so that one that works can be stopped
        )
        self._workers = [self._new_worker() for _ in range(count)]
        return self

    def _new_worker(self) -> Any:
        return self._actor.remote(self._setup)

    def _join(self) -> None:
        shape = self._shape
        if shape.address != LOCAL:
            self._ray.init(address=shape.address, log_to_driver=False, logging_level="error")
            return
        cores = max(shape.workers, 1) * shape.threads
        self._ray.init(
            address=LOCAL,
            num_cpus=cores if shape.workers else None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="error",
            _node_ip_address=_LOOPBACK,
        )

    def _size(self) -> tuple[int, bool]:
        """Return how many workers there are, and whether each has a graphics card."""
        has = self._ray.cluster_resources()
        cards = int(has.get("GPU", 0)) if self._setup.device in ("auto", "cuda") else 0
        if cards:
            return self._shape.workers or cards, True
        cores = max(1, math.floor(has.get("CPU", 1) / self._shape.threads))
        return self._shape.workers or cores, False

    def run(self, lines: Iterable[Line], progress: Progress) -> Iterator[tuple[int, Row]]:
        """Yield the number and the row of every line as it is made, in whatever order.

        A worker joins as soon as it is there: a cluster may grow while it works. One that cannot be
        started is told, and left out.

        Raises:
            Cancelled: The work was stopped; the workers have put down what they had.
            SetupError: No worker can be started.
        """
        waiting = deque(lines)
        starting = {worker.ready.remote(): worker for worker in self._workers}
        working: dict[Any, tuple[Any, Line, int]] = {}
        idle: list[Any] = []
        told = False
        try:
            while waiting or working:
                while idle and waiting:
                    worker, line = idle.pop(), waiting.popleft()
                    working[worker.make.remote(line[1])] = (worker, line, 0)
                done, _ = self._ray.wait([*starting, *working], timeout=_POLL_SECONDS)
                progress.check()
                for ref in done:
                    if ref in starting:
                        others = bool(len(starting) > 1 or working or idle)
                        idle += self._joined(ref, starting, others=others)
                        continue
                    worker, line, tries = working.pop(ref)
                    row = self._row(ref)
                    if row.get("again") and tries < self._shape.retries:
                        working[worker.make.remote(line[1])] = (worker, line, tries + 1)
                        continue
                    idle.append(worker)
                    yield line[0], {name: value for name, value in row.items() if name != "again"}
                if not (told or idle or working):
                    told = True
                    self._tell("waiting for the workers to start")
        except Cancelled:
            self._stop(list(working))
            raise

    def draw(
        self, scene: Scene, folder: SegmentFolder, progress: Progress
    ) -> Iterator[tuple[range, Path]]:
        """Yield the segments of a video in order, as files; see `segments.Elsewhere`.

        Raises:
            Cancelled: The work was stopped.
            SadTalkerError: A worker could not draw, or no worker can be started, or there is no
                room for a segment.
        """
        parts = cut_at_pauses(scene.motion, self._shape.segment_seconds)
        shared = self._ray.put(scene)
        waiting = deque(enumerate(parts))
        starting = {worker.ready.remote(): worker for worker in self._workers}
        working: dict[Any, tuple[Any, int]] = {}
        done: dict[int, Path] = {}
        shown = 0
        try:
            while shown < len(parts):
                ready, _ = self._ray.wait([*starting, *working], timeout=_POLL_SECONDS)
                progress.check()
                for ref in ready:
                    if ref in starting:
                        others = bool(len(starting) > 1 or working or not waiting)
                        free = self._joined(ref, starting, others=others)
                    else:
                        worker, number = working.pop(ref)
                        done[number] = folder.keep(number, self._drawn(ref))
                        free = [worker]
                    if free and waiting:
                        number, rows = waiting.popleft()
                        task = free[0].draw.remote(shared, rows.start, rows.stop)
                        working[task] = free[0], number
                while shown in done:
                    yield parts[shown], done.pop(shown)
                    shown += 1
        except BaseException:
            self._stop(list(working))
            raise

    def _drawn(self, ref: Any) -> bytes:
        try:
            drawn: bytes | SadTalkerError = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as problem:
            raise _bug(problem) from problem
        except self._ray.exceptions.RayError as problem:
            raise WorkerLost(
                f"A segment could not be drawn: {last_line(problem)}",
                hint="Look whether a machine ran out of memory; fewer workers need less.",
            ) from problem
        if isinstance(drawn, SadTalkerError):
            raise drawn
        return drawn

    def _joined(self, ref: Any, starting: dict[Any, Any], *, others: bool) -> list[Any]:
        """Return the worker that has started; none where it could not, but there are others.

        Raises:
            SetupError: It could not be started, and nobody else does the work.
        """
        worker = starting[ref]
        try:
            return [self._started(ref, starting)]
        except SetupError as problem:
            if not others:
                raise
            self._workers.remove(worker)
            self._tell(f"{problem.message} The others go on without it. {problem.hint}")
            return []

    def _started(self, ref: Any, starting: dict[Any, Any]) -> Any:
        worker = starting.pop(ref)
        try:
            where = self._ray.get(ref)
        except Exception as problem:
            raise SetupError(
                f"A worker cannot be started: {last_line(problem)}",
                hint="Every machine of the cluster needs this package, in the same version.",
            ) from problem
        log.info("worker %s is ready", where)
        return worker

    def _row(self, ref: Any) -> Row:
        try:
            row: Row = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as problem:
            return {"error": _bug(problem).as_dict()}
        except self._ray.exceptions.RayError as problem:
            log.warning("a worker was lost: %s", problem)
            lost = WorkerLost(
                f"The worker of this job ended {self._shape.retries + 1} times before it was done.",
                hint="Look whether its machine ran out of memory; fewer workers need less.",
            )
            return {"error": lost.as_dict()}
        return row

    def _stop(self, working: list[Any]) -> None:
        """Ask everybody to put down the work, and wait a little for it."""
        for worker in self._workers:
            worker.stop.remote()
        end = time.monotonic() + _GOODBYE_SECONDS
        while working and time.monotonic() < end:
            _, working = self._ray.wait(working, timeout=_POLL_SECONDS)

    def __exit__(self, *_: object) -> None:
        """Leave the cluster, unless this process was in it before; the workers end."""
        for worker in self._workers:
            with contextlib.suppress(ConnectionError):
                self._ray.kill(worker)
        self._workers = []
        if not self._guest:
            self._ray.shutdown()


def _bug(problem: Exception) -> SadTalkerError:
    """Return the error of a worker that failed in a way that nobody foresaw."""
    log.error("a worker failed: %s", problem)
    last = last_line(problem)
    return SadTalkerError(f"This is a bug in sadtalker: {last}.", hint="Please report it.")


def last_line(problem: Exception) -> str:
    """Return what Ray says of a problem without the way to it; its name where it says nothing."""
    return (str(problem).strip() or type(problem).__name__).splitlines()[-1]
