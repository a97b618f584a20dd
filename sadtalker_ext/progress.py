"""Progress of long work, and the way to stop it.

A `Progress` is handed down through the stages. Stages name themselves, count, and call `check`
often; shells listen and may ask for a stop from another thread.
"""

from __future__ import annotations

import enum
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sadtalker_ext.errors import Cancelled

if TYPE_CHECKING:
    from sadtalker_ext.types import ImageArray

Item = TypeVar("Item")
MEGABYTE = 1_000_000


class Stage(enum.Enum):
    """The stages of a job, in the words people read."""

    WAITING = "Waiting for other videos"
    SPEAKING = "Speaking the text"
    LOADING = "Loading the models"
    FACE = "Finding the face"
    FOLLOWING = "Following the faces"
    LISTENING = "Listening"
    PREPARING = "Preparing the portrait"
    RENDERING = "Rendering"
    WRITING = "Writing the video"
    DOWNLOADING = "Downloading"


_SHARES = {
    Stage.WAITING: (0.0, 0.0),
    Stage.SPEAKING: (0.0, 0.0),
    Stage.LOADING: (0.0, 0.02),
    Stage.FACE: (0.02, 0.05),
    Stage.PREPARING: (0.05, 0.1),
    Stage.FOLLOWING: (0.02, 0.1),
    Stage.LISTENING: (0.1, 0.2),
    Stage.RENDERING: (0.2, 0.98),
    Stage.WRITING: (0.98, 1.0),
    Stage.DOWNLOADING: (0.0, 1.0),
}
"""Where each stage begins and ends in the whole work, by what stages usually take."""


def overall_share(stage: Stage, done: int, total: int | None) -> float:
    """Return how much of the whole work is behind a moment of a stage, 0..1."""
    low, high = _SHARES[stage]
    inside = min(1.0, done / total) if total else 0.0
    return low + (high - low) * inside


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressEvent:
    """One report.

    Attributes:
        stage: What is being done.
        done: Units finished in this stage: frames, chunks, or bytes of a download.
        total: Units of this stage, or None when unknown.
        seconds: Time since the stage began.
    """

    stage: Stage
    done: int
    total: int | None
    seconds: float

    @property
    def text(self) -> str:
        """The event as people read it, for example ``Rendering 45 / 182``."""
        words = self.stage.value
        if not self.total or self.total == 1:
            return words
        if self.stage is Stage.SPEAKING:
            return f"{words} {100 * min(1.0, self.done / self.total):.0f} %"
        if self.stage is Stage.DOWNLOADING:
            return f"{words} {self.done / MEGABYTE:.0f} / {self.total / MEGABYTE:.0f} MB"
        unit = " s" if self.stage is Stage.LISTENING else ""
        return f"{words} {self.done} / {self.total}{unit}"


class Progress:
    """Counts one job and carries the request to stop it.

    Args:
        listener: Called with every `ProgressEvent`, on the working thread.
        should_stop: Polled by `check`; true ends the job with `Cancelled`.
        preview: Called now and then with a finished frame, (H, W, 3) uint8 RGB.
    """

    def __init__(
        self,
        listener: Callable[[ProgressEvent], None] | None = None,
        *,
        should_stop: Callable[[], bool] | None = None,
        preview: Callable[[ImageArray], None] | None = None,
    ) -> None:
        self._listener = listener
        self._should_stop = should_stop
        self._preview = preview
        self._stop = threading.Event()
        self._stage = Stage.LOADING
        self._done = 0
        self._total: int | None = None
        self._began = time.monotonic()

    def stop(self) -> None:
        """Ask the job to end; safe from any thread."""
        self._stop.set()

    def check(self) -> None:
        """Raise `Cancelled` if a stop was asked for."""
        if self._stops():
            raise Cancelled("Stopped.")

    def quiet(self) -> Progress:
        """Return a progress that reports nothing and stops with this one, or before it."""
        return Progress(should_stop=self._stops)

    def _stops(self) -> bool:
        return self._stop.is_set() or (self._should_stop is not None and self._should_stop())

    def enter(self, stage: Stage, total: int | None = None) -> None:
        """Begin a stage of `total` units."""
        self.check()
        self._stage, self._done, self._total = stage, 0, total
        self._began = time.monotonic()
        self._report()

    def advance(self, units: int = 1) -> None:
        """Count finished units of the current stage."""
        self.check()
        self._done += units
        self._report()

    def relay(self, event: ProgressEvent) -> None:
        """Pass on what another process has counted of this job."""
        self.check()
        if self._listener is not None:
            self._listener(event)

    def track(
        self, items: Iterable[Item], stage: Stage, total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items of a stage, counting each one as it is taken."""
        self.enter(stage, total)
        for item in items:
            yield item
            self.advance()

    @property
    def shows(self) -> bool:
        """Whether anybody looks at live previews."""
        return self._preview is not None

    def show(self, frame: ImageArray) -> None:
        """Offer a finished frame as a live preview."""
        if self._preview is not None:
            self._preview(frame)

    def _report(self) -> None:
        if self._listener is not None:
            seconds = time.monotonic() - self._began
            self._listener(
                ProgressEvent(
                    stage=self._stage, done=self._done, total=self._total, seconds=seconds
                )
            )
