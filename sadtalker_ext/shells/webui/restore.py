"""The result of a job in the host's queue, whose page was reloaded while it ran."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

LOST = "The result of the last video is not available any more; its file is in the output folder."
BROKEN = (
    "The video was not started, or the connection to the WebUI broke. "
    "If the video is not among the earlier videos, press Generate again."
)
POLL_SECONDS = 0.2


class Restored:
    """Finds the host's tasks again.

    Args:
        tasks: The host's ``progress`` module, which keeps the results of the last two tasks.
        no_result: Values of the outputs, except the last, when the result is gone.
    """

    def __init__(self, tasks: Any, no_result: Sequence[Any]) -> None:
        self._tasks = tasks
        self._no_result = list(no_result)

    def running(self, task: str) -> bool:
        """Tell whether a task runs or waits in the host's queue."""
        return bool(task) and (
            task == self._tasks.current_task or task in self._tasks.pending_tasks
        )

    def outputs(self, task: str, *, lost: bool = False) -> list[Any]:
        """Wait for a task and return its outputs.

        Args:
            task: Its id.
            lost: Whether the page had asked for it just now, so that silence would be no answer.
        """
        waited = False
        while self.running(task):
            waited = True
            time.sleep(POLL_SECONDS)
        for one, outputs in self._tasks.recorded_results:
            if one == task:
                return list(outputs)
        # a task of some earlier day is nothing to talk about
        told = LOST if waited else BROKEN if lost else ""
        return [*self._no_result, f"<p>{told}</p>" if told else ""]
