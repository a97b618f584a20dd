"""Work on a thread of its own, and how far it has come."""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from sadtalker_ext.errors import ResourceError
from sadtalker_ext.progress import Progress, ProgressEvent, Stage
from sadtalker_ext.types import ImageArray

log = logging.getLogger(__name__)

PREVIEW_SIDE = 480
LOOK_SECONDS = 0.25
KEPT_RUNS = 24
MOST_RUNS = 50


class Run:
    """One piece of work: started at once, watched from anywhere, stopped from anywhere.

    Args:
        work: Called with the progress on a new thread.
        name: Of the thread.
    """

    def __init__(self, work: Callable[[Progress], Any], name: str = "sadtalker-page") -> None:
        self.event: ProgressEvent | None = None
        self.preview = ""
        self.stopping = False
        self.result: Any = None
        self.error: BaseException | None = None
        self._finished = threading.Event()
        self._progress = Progress(self._listen, preview=self._show)
        self._work = work
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def finished(self) -> bool:
        """Tell whether `result` or `error` is there."""
        return self._finished.is_set()

    def stop(self) -> None:
        """Ask for the end; the work notices at its next frame."""
        self.stopping = True
        self._progress.stop()

    def watch(self, seconds: float = LOOK_SECONDS) -> Iterator[ProgressEvent | None]:
        """Yield the latest report now and then until the work is finished."""
        while not self._finished.wait(seconds):
            yield self.event

    def _listen(self, event: ProgressEvent) -> None:
        self.event = event

    def _show(self, frame: ImageArray) -> None:
        self.preview = picture_url(frame)

    def _run(self) -> None:
        try:
            self.result = self._work(self._progress)
        except BaseException as error:  # noqa: BLE001  the watcher decides what it means
            self.error = error
        finally:
            self._finished.set()


class RunBook:
    """The latest runs by the id that a browser made up, so that a reloaded page finds its own.

    Args:
        side_by_side: Most runs that work at the same time.
        most: Most that work or wait; one more is refused.
    """

    def __init__(self, side_by_side: int = 2, most: int = MOST_RUNS) -> None:
        self._most = most
        self._places = threading.Semaphore(side_by_side)
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._guard = threading.Lock()

    def start(self, key: str, work: Callable[[Progress], Any]) -> Run:
        """Start a run; the oldest finished ones are forgotten.

        It waits while too many others work. A key that is in use keeps its run.
        """
        with self._guard:
            known = self._runs.get(key)
            if known is not None and not known.finished:
                return known
            crowded = sum(not one.finished for one in self._runs.values()) >= self._most
            run = self._runs[key] = Run(_refuse if crowded else self._in_turn(work))
            self._runs.move_to_end(key)
            done = [name for name, one in self._runs.items() if one.finished]
            for name in done[: max(0, len(self._runs) - KEPT_RUNS)]:
                del self._runs[name]
        return run

    def _in_turn(self, work: Callable[[Progress], Any]) -> Callable[[Progress], Any]:
        def waiting(progress: Progress) -> Any:
            while not self._places.acquire(timeout=LOOK_SECONDS):
                progress.enter(Stage.WAITING)
            try:
                return work(progress)
            finally:
                self._places.release()

        return waiting

    def find(self, key: str) -> Run | None:
        """Return the run of an id, or None when it is unknown here."""
        # a run that is being started is known before anybody can ask for it
        with self._guard:
            return self._runs.get(key)


def _refuse(_progress: Progress) -> Any:
    raise ResourceError("Too many videos are waiting.", hint="Try again in a few minutes.")


def seconds_left(event: ProgressEvent | None) -> float | None:
    """Estimate how long a job still takes; None when nothing can be said.

    Only rendering and downloads are nearly all that is left; the end of an earlier stage is not the
    end people wait for.
    """
    if event is None or event.stage not in _LONG or event.seconds < 0.5:
        return None
    if not event.total or not event.done:
        return None
    rate = event.done / event.seconds
    return max(0.0, (event.total - event.done) / rate)


_LONG = (Stage.RENDERING, Stage.DOWNLOADING)


def picture_url(frame: ImageArray) -> str:
    """Return a small JPEG of a frame as a data URL; empty when OpenCV is missing."""
    try:
        import cv2
    except ImportError:
        return ""
    scale = min(1.0, PREVIEW_SIDE / max(frame.shape[:2]))
    size = (max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale)))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    written, data = cv2.imencode(".jpg", small[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 72])
    if not written:
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def new_key() -> str:
    """Return an id for a run that no browser named."""
    return f"task({time.monotonic_ns():x})"
