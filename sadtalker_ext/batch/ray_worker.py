"""What runs in a worker process of a cluster: a service that stays, and one line at a time."""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.batch.cores import take_cores
from sadtalker_ext.batch.make import Row, make_line
from sadtalker_ext.batch.scene_worker import SceneWorker
from sadtalker_ext.errors import Cancelled, SadTalkerError
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress, ProgressEvent
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.segments import Scene
from sadtalker_ext.service import Service

BLOCK: Final = 8_000_000
"""Most bytes of a result that travel at once: no process holds a whole video in memory."""

Task = Callable[[Service, Path, Progress], tuple[dict[str, Any], Sequence[Path]]]
"""Makes something in an empty folder; returns facts, and the files to be fetched in their order.
It travels to a worker, so it can be pickled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a task.

    Attributes:
        facts: As the task returned them.
        sizes: Bytes of each file that can be fetched, by its name.
    """

    facts: dict[str, Any]
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every worker is given.

    Attributes:
        folder: Paths of lines are relative to it.
        device: As `StandaloneHost` takes it.
        weight_dirs: Folders to search for weights before the usual ones.
        threads: Threads that numerical libraries may use.
        overwrite: Whether outputs that exist are made anew.
        suit: See `StandaloneHost`.
    """

    folder: Path
    device: str = "auto"
    weight_dirs: tuple[Path, ...] = ()
    threads: int = 1
    overwrite: bool = False
    suit: Callable[[str], None] | None = None


class Worker:
    """One process with its engine; Ray calls it from two threads, one of which only stops."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._progress = Progress()
        self._restarted = _was_restarted()
        self._cores = take_cores(setup.threads) if setup.device == "cpu" else None
        _use_threads(setup.threads)
        host = StandaloneHost(weight_dirs=setup.weight_dirs, device=setup.device, suit=setup.suit)
        self._service = Service(host)
        self._scene: SceneWorker | None = None
        self._kept = ExitStack()
        self._files: dict[str, Path] = {}
        self._seen: tuple[str, ProgressEvent] | None = None
        self._put_down = ""

    def ready(self) -> str:
        """Return where this worker is."""
        return f"{socket.gethostname()} {os.getpid()}"

    def work(self) -> float:
        """Return the processor time of this worker so far, in seconds."""
        return time.process_time()

    def make(self, values: Mapping[str, Any]) -> Row:
        """Make one line; see `make_line`."""
        again, self._restarted = self._restarted, False
        try:
            return make_line(
                self._service,
                values,
                self._setup.folder,
                self._progress,
                overwrite=self._setup.overwrite,
                again=again,
            )
        except Cancelled as stopped:
            return {"error": stopped.as_dict()}

    def draw(self, scene: Scene, begin: int, end: int) -> bytes | SadTalkerError:
        """Draw the rows of a scene from `begin` to before `end`; what it keeps of it stays."""
        try:
            if self._scene is None or self._scene.scene.key != scene.key:
                self._scene = None
                self._scene = SceneWorker(self._service, scene, self._progress)
            return self._scene.segment(range(begin, end))
        except SadTalkerError as error:
            return error

    def do(self, key: str, task: Task) -> Done | SadTalkerError:
        """Run a task; the files it leaves can be fetched until they are forgotten.

        Args:
            key: Names this run, so that a stop that comes late stops no other.
            task: See `Task`.
        """

        def note(event: ProgressEvent) -> None:
            self._seen = key, event

        progress = Progress(note, should_stop=lambda: self._put_down == key)
        try:
            folder = self._kept.enter_context(scratch_folder())
            facts, files = task(self._service, folder, progress)
        except SadTalkerError as error:
            self.forget()
            return error
        except BaseException:
            self.forget()
            raise
        self._files = {file.name: file for file in files}
        return Done(facts=facts, sizes={file.name: file.stat().st_size for file in files})

    def seen(self, key: str) -> ProgressEvent | None:
        """Return how far a task is; None when it has counted nothing yet."""
        seen = self._seen
        return seen[1] if seen is not None and seen[0] == key else None

    def put_down(self, key: str) -> None:
        """Stop a task, if it is the one that runs or comes next."""
        self._put_down = key

    def block(self, name: str, start: int) -> bytes:
        """Return at most `BLOCK` bytes of a file that the last task left, from `start` on."""
        with self._files[name].open("rb") as file:
            file.seek(start)
            return file.read(BLOCK)

    def forget(self) -> None:
        """Remove what the last task left."""
        self._files = {}
        self._kept.close()

    def stop(self) -> None:
        """Put down what is being made."""
        self._progress.stop()


def _was_restarted() -> bool:
    """Tell whether this worker stands in for one that died; its first line was begun before."""
    import ray

    return bool(ray.get_runtime_context().was_current_actor_reconstructed)


def _use_threads(count: int) -> None:
    """Keep OpenCV to the cores this worker was given; Ray tells torch and numpy by itself."""
    if importlib.util.find_spec("cv2") is not None:
        import cv2

        cv2.setNumThreads(count)
