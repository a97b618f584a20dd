"""A progress bar for terminals, plain lines for everything else."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

from sadtalker_ext.progress import ProgressEvent, Stage

REDRAW_SECONDS = 0.1
LINE_SECONDS = 10.0
"""How often a log is told of a stage that goes on."""


class TerminalProgress:
    """Listens to progress events and draws them on one line.

    Args:
        stream: Where to draw; the bar appears only if it is a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._last = 0.0
        self._stage = ""

    def __call__(self, event: ProgressEvent) -> None:
        """Show one event."""
        now = time.monotonic()
        if not self._is_terminal:
            if event.stage.value != self._stage:
                self._stage, self._last = event.stage.value, now
                print(f"{event.stage.value} ...", file=self._stream, flush=True)
            elif event.total and now - self._last >= LINE_SECONDS:
                self._last = now
                print(log_line(event), file=self._stream, flush=True)
            return
        finished = event.total is not None and event.done >= event.total
        changed = event.stage.value != self._stage
        if not (finished or changed or now - self._last >= REDRAW_SECONDS):
            return
        self._stage, self._last = event.stage.value, now
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r" + bar_line(event, width).ljust(width))
        self._stream.flush()

    def close(self) -> None:
        """End the bar's line."""
        if self._is_terminal and self._stage:
            self._stream.write("\n")
            self._stream.flush()


def bar_line(event: ProgressEvent, width: int) -> str:
    """Return one line such as ``Rendering 45 / 182 [#####-----] 31/s, 4 s left``."""
    if not event.total:
        return event.text[:width]
    left = _left(event)
    room = width - len(event.text) - len(left) - 4
    if room < 8:
        return event.text[:width]
    filled = room * min(event.done, event.total) // event.total
    return f"{event.text} [{'#' * filled}{'-' * (room - filled)}] {left}"


def log_line(event: ProgressEvent) -> str:
    """Return one line such as ``Rendering 45 / 182, 31/s, 4 s left``."""
    return ", ".join(part for part in (event.text, _left(event)) if part)


def _left(event: ProgressEvent) -> str:
    """Return the speed and the time left of a stage that counts; slow ones with a decimal."""
    rate = event.done / event.seconds if event.seconds > 0 else 0.0
    if not event.total or rate <= 0:
        return ""
    speed = f"{rate:.{0 if rate >= 10 else 1}f}/s, " if event.stage is not Stage.DOWNLOADING else ""
    return f"{speed}{(event.total - event.done) / rate:.0f} s left"
