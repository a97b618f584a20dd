"""The threads that work on jobs, oldest job first."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping

from sadtalker_ext.errors import Cancelled, SadTalkerError, WorkerLost
from sadtalker_ext.jobs.endings import (
    CANCELLED,
    OUT_OF_MEMORY,
    UPLOADS_GONE,
    for_clients,
    state_after,
    unforeseen,
)
from sadtalker_ext.jobs.folder import DataFolder
from sadtalker_ext.jobs.records import Job, JobState, Json, Moment
from sadtalker_ext.jobs.running import Run, python_ends
from sadtalker_ext.jobs.store import MAX_ATTEMPTS, JobStore
from sadtalker_ext.progress import Progress

log = logging.getLogger(__name__)

IDLE_SECONDS = 5.0
"""How often an idle lane looks at the table without being called."""
SWEEP_SECONDS = 600.0
RETRY_SECONDS = 5.0
"""Between two tries to store the end of a job."""

LANES = {"cpu": 1, "gpu": 1}
Work = Callable[[Job, Progress], Json]


class JobRunner:
    """Works on queued jobs until it is closed.

    Args:
        store: The job table.
        folder: Where uploads and results are.
        work: Makes one video under `folder.result(job.id)` and describes it as JSON values.
        lanes: How many jobs of each queue run side by side, by its name.
        keep_seconds: How long final jobs and their videos are kept; 0 keeps them for ever.
        should_stop: `should_stop(lane)` is polled while a job runs; true cancels it (the host's
            own stop button).
    """

    def __init__(
        self,
        store: JobStore,
        folder: DataFolder,
        work: Work,
        *,
        lanes: Mapping[str, int] = LANES,
        keep_seconds: float = 0.0,
        should_stop: Callable[[str], bool] | None = None,
    ) -> None:
        self._should_stop = should_stop
        self._store = store
        self._folder = folder
        self._work = work
        self._keep_seconds = keep_seconds
        self._running: dict[str, Run] = {}
        self._earlier: set[str] = set()
        self._guard = threading.Lock()
        self._closing = threading.Event()
        # one for each thread: who clears it is the one who then looks at the table
        self._calls = {
            lane: [threading.Event() for _ in range(count)] for lane, count in lanes.items()
        }
        self._threads = [
            threading.Thread(
                target=self._serve, args=(lane, call), name=f"sadtalker-{lane}", daemon=True
            )
            for lane, calls in self._calls.items()
            for call in calls
        ]
        self._threads.append(
            threading.Thread(target=self._tidy, name="sadtalker-tidy", daemon=True)
        )

    @property
    def lanes(self) -> tuple[str, ...]:
        """Names of the queues."""
        return tuple(self._calls)

    def start(self) -> None:
        """Sort out what a dead process left behind, then begin to work."""
        again, broken = self._store.recover(self._folder.finished())
        if again or broken:
            log.warning("after a restart: %d jobs queued again, %d given up", again, broken)
        known = self._store.known()
        self._folder.sweep({job_id: not state.final for job_id, state in known.items()})
        self._earlier = self._folder.finished()
        for thread in self._threads:
            thread.start()

    def call(self, lane: str) -> None:
        """Tell a lane that a job was queued."""
        for call in self._calls[lane]:
            call.set()

    def cancel(self, job_id: str) -> None:
        """Cancel a job: a waiting one at once, a running one at its next frame."""
        try:
            if self._store.cancel(job_id, CANCELLED):
                self._folder.drop_inputs(job_id)
        finally:  # a full disk keeps nobody from making room
            with self._guard:
                run = self._running.get(job_id)
            if run is not None:
                run.stop()

    def moment(self, job_id: str) -> Moment | None:
        """Return the live progress of a running job."""
        run = self._running.get(job_id)
        return run.moment if run is not None else None

    def close(self, timeout: float = 30.0) -> None:
        """Stop working; running jobs go back to the queue and are done after the next start."""
        self._closing.set()
        with self._guard:
            runs = list(self._running.values())
        for run in runs:
            run.stop()
        for lane in self._calls:
            self.call(lane)
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _serve(self, lane: str, call: threading.Event) -> None:
        while not self._closing.is_set():
            call.clear()
            try:
                job = self._store.claim(lane)
            except (sqlite3.Error, OSError) as problem:
                # a full disk or a locked file must not end the lane
                log.error("the job table cannot be used: %s", problem)
                self._closing.wait(1.0)
                continue
            except Exception:
                log.exception("the job table cannot be read")
                self._closing.wait(1.0)
                continue
            if job is None:
                call.wait(IDLE_SECONDS)
                continue
            self._run(job)

    def _run(self, job: Job) -> None:
        run = Run(job, self._store, self._should_stop)
        with self._guard:
            self._running[job.id] = run
        if self._closing.is_set():
            run.stop()
        try:
            if self._folder.input_dir(job.id).is_dir():
                self._attempt(job, run)
            else:
                # its end could not be stored, and the program ended while it was tried again
                self._end(job, JobState.ERROR, error=UPLOADS_GONE)
        except sqlite3.Error as problem:  # a damaged table: the job stays open in it
            log.error("the end of job %s could not be stored: %s", job.id, problem)
        except Exception:
            log.exception("the end of job %s could not be stored", job.id)
        finally:
            with self._guard:
                # given back, it may be another thread's by now
                if self._running.get(job.id) is run:
                    del self._running[job.id]

    def _attempt(self, job: Job, run: Run) -> None:
        began = time.monotonic()
        try:
            result = self._work(job, run.progress)
        except Cancelled as stop:
            if self._closing.is_set():
                self._give_back(job)
                return
            self._end(job, JobState.REJECTED, error=CANCELLED | {"hint": stop.hint})
        except WorkerLost as error:
            self._begin_again(job, run, error)
        except SadTalkerError as error:
            state = state_after(error)
            if state is JobState.ERROR:
                log.warning("job %s failed: %s", job.id, error)
            self._end(job, state, error=error.as_dict())
        except MemoryError:
            log.exception("job %s ran out of memory", job.id)
            self._end(job, JobState.ERROR, error=OUT_OF_MEMORY)
        except Exception as error:  # noqa: BLE001 - logged there
            self._end_unexpectedly(job, error)
        else:
            if self._closing.is_set() and result.get("partial"):
                self._give_back(job)
                self._drop_result(job)
                return
            log.info("job %s took %.1f s", job.id, time.monotonic() - began)
            self._end(job, JobState.DONE, result=result)

    def _begin_again(self, job: Job, run: Run, error: WorkerLost) -> None:
        """Queue a job again whose worker has died, as often as after the death of a process."""
        log.warning("job %s, try %d: %s", job.id, job.attempts, error)
        if self._closing.is_set():
            self._give_back(job)
        elif run.stopping:
            self._end(job, JobState.REJECTED, error=CANCELLED)
        elif job.attempts >= MAX_ATTEMPTS:
            self._end(job, JobState.ERROR, error=error.as_dict())
        else:
            self._give_back(job, tried=True)

    def _give_back(self, job: Job, *, tried: bool = False) -> None:
        """Queue a job again, or clear away what is left of one that was cancelled meanwhile."""
        if self._store.give_back(job.id, tried=tried):
            self.call(job.lane)
        else:
            self._folder.drop_inputs(job.id)
            self._drop_result(job)

    def _end_unexpectedly(self, job: Job, error: Exception) -> None:
        if python_ends():
            # whatever needs a thread fails now, also the next job
            self._closing.set()
            self._give_back(job)
            return
        log.error("job %s failed unexpectedly", job.id, exc_info=error)
        self._end(job, JobState.ERROR, error=unforeseen(error))

    def _end(
        self,
        job: Job,
        state: JobState,
        *,
        result: Json | None = None,
        error: dict[str, str] | None = None,
    ) -> None:
        if error is not None:
            error = for_clients(error, self._folder.root)
        stored = self._store_end(job, state, result, error)
        self._folder.drop_inputs(job.id)
        if state is not JobState.DONE or not stored:
            self._drop_result(job)

    def _drop_result(self, job: Job) -> None:
        """Remove the video of a job that failed, unless it was there before this program began.

        A job table that is older than its folder, for example after a cut log, counts jobs as
        open whose videos were finished long ago.
        """
        if job.id not in self._earlier:
            self._folder.drop_result(job.id)

    def _store_end(
        self, job: Job, state: JobState, result: Json | None, error: dict[str, str] | None
    ) -> bool:
        """Store the end of a job, and go on trying while the disk is full.

        The lane waits meanwhile: the next job could not be stored either. When the program ends
        first, the next start finds a job without uploads (see `_run`).
        """
        while True:
            try:
                return self._store.finish(job.id, state, result=result, error=error)
            except (sqlite3.OperationalError, OSError) as problem:  # noqa: PERF203 - disks are slow
                log.warning("the end of job %s cannot be stored yet: %s", job.id, problem)
                # the uploads are not needed any more, and may be the space that is missing
                self._folder.drop_inputs(job.id)
                if self._closing.wait(RETRY_SECONDS):
                    raise

    def _tidy(self) -> None:
        """Throw away final jobs and videos whose time is over."""
        while not self._closing.is_set():
            if self._keep_seconds:
                try:
                    self.forget_older_than(self._keep_seconds)
                except sqlite3.Error as problem:
                    log.error("old jobs could not be removed: %s", problem)
                except Exception:
                    log.exception("old jobs could not be removed")
            self._closing.wait(SWEEP_SECONDS)

    def forget_older_than(self, seconds: float) -> int:
        """Remove final jobs that ended longer ago than this, with their videos."""
        old = self._store.finished_before(self._store.now() - seconds)
        return sum(self.forget(job_id) for job_id in old)

    def forget(self, job_id: str) -> bool:
        """Remove a final job and its video; False when it is not final or not there."""
        removed = self._store.remove(job_id)
        if removed:
            self._folder.drop_inputs(job_id)
            self._folder.drop_result(job_id)
        return removed
