"""A job of the page that runs on a thread of its own: shown, stopped, and found again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, JobParts
from sadtalker_ext.shells.ui.working import LOOK_SECONDS, Run, RunBook, new_key


class Watch:
    """Shows runs in the result column: the bar above, then the outputs of the job.

    Args:
        parts: The components around a job.
        side_by_side: Most jobs that work at the same time; others wait.
        look_seconds: Says the least time between two answers while a job runs. A page that takes
            longer than this to draw one falls behind the job, and hears of its end late.
    """

    def __init__(
        self,
        parts: JobParts,
        *,
        side_by_side: int,
        look_seconds: Callable[[], float] = lambda: LOOK_SECONDS,
    ) -> None:
        self._runs = RunBook(side_by_side=side_by_side)
        self._look_seconds = look_seconds
        self._nothing = [compat.unchanged() for _ in parts.outputs]
        self._no_result = list(parts.no_result)
        self.outputs: list[Component] = [parts.progress, *parts.outputs]
        """Outputs of the events that call `start` and `resume`."""

    def start(self, task: str, work: Callable[[Progress], Any]) -> Iterator[list[Any]]:
        """Start a job under the browser's id, and yield what is to be shown until it ends."""
        yield from self._show(self._runs.start(task or new_key(), work), task)

    def resume(self, task: str) -> Iterator[list[Any]]:
        """Yield what is to be shown of a job that a reloaded page had started."""
        run = self._runs.find(task or "")
        if run is None:
            yield [compat.unchanged(), *self._nothing]
        else:
            yield from self._show(run, task)

    def knows(self, task: str) -> bool:
        """Tell whether a job of this id was started here."""
        return self._runs.find(task or "") is not None

    def stop(self, task: str) -> None:
        """Ask a job for its end; one that is not known here is left alone."""
        run = self._runs.find(task or "")
        if run is not None:
            run.stop()

    def _show(self, run: Run, task: str) -> Iterator[list[Any]]:
        # the last output is the status: whatever it said is over now
        shown = words.progress_html(run.event)
        yield [shown, *self._nothing[:-1], ""]
        for event in run.watch(self._look_seconds()):
            bar = words.progress_html(event, preview=run.preview, stopping=run.stopping)
            if bar != shown:
                shown = bar
                yield [bar, *self._nothing]
        over = words.ended_html(task)
        if run.error is not None:
            yield [over, *self._no_result, words.error_html(run.error)]
        else:
            yield [over, *run.result]
