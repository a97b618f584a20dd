"""Our progress in the host's bar, preview and ``/sdapi/v1/progress``; its stop button in ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from PIL import Image

from sadtalker_ext.progress import Progress, ProgressEvent, Stage
from sadtalker_ext.types import ImageArray

PREVIEW_SIDE = 512
"""Longest side of a preview in pixels; the host encodes it as PNG for every look."""

MEGABYTE = 1_000_000


def stop_pressed(state: Any) -> bool:
    """Tell whether the host's Interrupt or Skip was pressed.

    The host's Interrupt sets `stopping_generation` instead of `interrupted` when it counts several
    jobs and "don't interrupt in the middle" is on. SD.Next has no such flag.
    """
    ending = getattr(state, "stopping_generation", False)
    return bool(state.interrupted or ending or state.skipped)


def show_event(state: Any, event: ProgressEvent) -> None:
    """Write one event into the host's state, from which its bar and ETA are computed.

    Only rendering and downloads move the bar. The host computes the ETA from its position and from
    the time since `time_start`, which therefore has to be the beginning of what is counted:
    the seconds spent on listening say nothing about those a frame takes.
    """
    state.textinfo = words_of(event)
    counted = event.stage in (Stage.RENDERING, Stage.DOWNLOADING) and event.total
    if counted:
        state.job_count, state.job_no = 1, 0
        state.sampling_steps, state.sampling_step = event.total, event.done
        state.time_start = time.time() - event.seconds
    elif event.stage is Stage.WRITING:
        state.job_count, state.job_no = 1, 1


def words_of(event: ProgressEvent) -> str:
    """Return the event in one line, because the host shows only one."""
    if event.stage is Stage.DOWNLOADING and event.total:
        done, total = event.done / MEGABYTE, event.total / MEGABYTE
        return f"{event.stage.value} {done:.0f} / {total:.0f} MB"
    return event.text


def show_frame(state: Any, frame: ImageArray) -> None:
    """Show a finished frame as the host's live preview."""
    image = Image.fromarray(frame)
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    state.assign_current_image(image)


class MirroredProgress(Progress):
    """A job's progress that the host sees, too.

    Args:
        inner: The progress of whoever started the job; it is told everything and may stop it.
        state: The host's ``shared.state``.
        may_show: Tells whether the state belongs to this job now; before its turn it belongs to
            another one.
    """

    def __init__(self, inner: Progress, state: Any, may_show: Callable[[], bool]) -> None:
        super().__init__(self._listen, should_stop=self._should_end, preview=self._look)
        self._inner = inner
        self._state = state
        self._may_show = may_show

    def stop(self) -> None:
        """Ask the job to end; safe from any thread."""
        self._inner.stop()
        super().stop()

    def check(self) -> None:
        """Raise `Cancelled` if the starter of the job or the host asked for a stop."""
        self._inner.check()
        super().check()

    def enter(self, stage: Stage, total: int | None = None) -> None:
        """Begin a stage of `total` units."""
        self._inner.enter(stage, total)
        super().enter(stage, total)

    def advance(self, units: int = 1) -> None:
        """Count finished units of the current stage."""
        self._inner.advance(units)
        super().advance(units)

    def show(self, frame: ImageArray) -> None:
        """Offer a finished frame to both."""
        self._inner.show(frame)
        super().show(frame)

    def _should_end(self) -> bool:
        return self._may_show() and stop_pressed(self._state)

    def _listen(self, event: ProgressEvent) -> None:
        if self._may_show():
            show_event(self._state, event)

    def _look(self, frame: ImageArray) -> None:
        if self._may_show():
            show_frame(self._state, frame)
