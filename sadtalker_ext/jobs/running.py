"""One job while a thread works on it, and how to tell that Python lets no thread work on."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sadtalker_ext.errors import Cancelled
from sadtalker_ext.jobs.records import Job, Moment
from sadtalker_ext.jobs.store import JobStore
from sadtalker_ext.progress import Progress, ProgressEvent


def python_ends() -> bool:
    """Tell whether the program's main thread has ended.

    Python then takes no more work for thread pools, even before the functions of `atexit` run, one
    of which closes a runner in an orderly way. Whatever a job was doing fails, but not by a bug.
    """
    with ThreadPoolExecutor(1) as pool:
        try:
            pool.submit(int)
        except RuntimeError:
            return True
    return False


class Run:
    """One job while a thread works on it.

    Args:
        job: The job.
        store: Told when the work begins.
        should_stop: `should_stop(lane)` is the host's own stop button.
    """

    def __init__(
        self, job: Job, store: JobStore, should_stop: Callable[[str], bool] | None
    ) -> None:
        self._job = job
        self._store = store
        self._should_stop = should_stop
        self._started = False
        self.stopping = False
        self.moment: Moment | None = None
        self.progress = Progress(self._listen, should_stop=self._stopped_by_host)

    def stop(self) -> None:
        """Ask for the end."""
        self.stopping = True
        self.progress.stop()
        if self.moment is not None:
            self.moment = replace(self.moment, stopping=True)

    def _stopped_by_host(self) -> bool:
        # before our turn the host's button is meant for somebody else's job
        return self._started and self._should_stop is not None and self._should_stop(self._job.lane)

    def _listen(self, event: ProgressEvent) -> None:
        # the first report comes when the host has given us the device: until then others may be
        # using it, and the job is still waiting
        if not self._started:
            if not self._store.start(self._job.id):
                raise Cancelled("Stopped before it began.")
            self._started = True
        self.moment = Moment(
            stage=event.stage.name.lower(),
            text=event.text,
            done=event.done,
            total=event.total,
            stopping=self.stopping,
        )
