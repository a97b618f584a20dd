"""What runs in a worker process of a cluster: a service that stays, and one line at a time."""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.batch.cores import take_cores
from sadtalker_ext.batch.make import Row, make_line
from sadtalker_ext.batch.scene_worker import SceneWorker
from sadtalker_ext.errors import Cancelled, SadTalkerError
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.segments import Scene
from sadtalker_ext.service import Service


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
