"""The result of a job whose page was reloaded while it ran."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

LOST = "The result of the last video is not available any more; its file is in the output folder."
POLL_SECONDS = 0.2


def restored(tasks: Any, no_result: Sequence[Any]) -> Callable[[str], list[Any]]:
    """Return a function that waits for a task and gives its outputs.

    Args:
        tasks: The host's ``progress`` module, which keeps the results of the last two tasks.
        no_result: Values of the outputs, except the last, when the result is gone.
    """

    def restore(task: str) -> list[Any]:
        waited = False
        while task and (task == tasks.current_task or task in tasks.pending_tasks):
            waited = True
            time.sleep(POLL_SECONDS)
        for one, outputs in tasks.recorded_results:
            if one == task:
                return list(outputs)
        # a task of some earlier day is nothing to talk about
        return [*no_result, f"<p>{LOST}</p>" if waited else ""]

    return restore
