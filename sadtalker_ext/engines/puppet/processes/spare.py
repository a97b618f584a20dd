"""Processes for drawing, and spare ones that get ready while this process prepares a face itself.

They are fresh interpreters, never copies of this process, which may be a WebUI. They end when their
input does, so they outlive nobody.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sadtalker_ext.children import QUIETLY, one_thread
from sadtalker_ext.engines.puppet.processes.exchange import Message, SharedFrames, send

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from sadtalker_ext.engines.puppet.processes.child import serve; serve()"
)


SLOTS = 2
"""Frames of a process that may wait to be fetched: it draws one while the other is copied."""


class Child:
    """A process that waits to be told what to draw, and the memory for its frames.

    Attributes:
        process: The process.
        frames: What it draws into, once it was told.

    Raises:
        OSError: It cannot be started, or there is no memory that can be shared.
    """

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[4]
        self.frames = SharedFrames()
        self._telling: threading.Thread | None = None
        self._scene: Message | None = None
        self._problem: Exception | None = None
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-c", _START, str(root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=self.frames.inherited,
                env=one_thread(),
                **QUIETLY,
            )
        except BaseException:
            self.frames.close()
            raise

    def tell(self, scene: Message, size: tuple[int, int]) -> None:
        """Begin to tell it what a rig is prepared from (`orders.scene`); returns at once.

        Args:
            scene: Told once only.
            size: Width and height of frames.
        """
        self._scene = scene
        self._telling = threading.Thread(
            target=self._tell, args=(scene, size), name="sadtalker-scene", daemon=True
        )
        self._telling.start()

    def knows(self, scene: Message) -> bool:
        """Whether it is told the same."""
        return self._scene is not None and all(
            self._scene.arrays[name] is array for name, array in scene.arrays.items()
        )

    @property
    def told(self) -> bool:
        """Whether it is told anything."""
        return self._scene is not None

    def wait_until_told(self) -> None:
        """Wait until it has heard everything.

        Raises:
            OSError: It does not listen any more, or there is no memory for its frames.
        """
        if self._telling is not None:
            self._telling.join()
        if self._problem is not None:
            raise OSError(str(self._problem)) from self._problem

    def _tell(self, scene: Message, size: tuple[int, int]) -> None:
        try:
            if self.process.stdin is None:
                raise OSError("It has no input.")
            self.frames.lay_out(SLOTS, size)
            place = {"place": self.frames.place, "slots": SLOTS, "size": size}
            send(self.process.stdin, {**scene.words, **place}, scene.arrays)
        except (OSError, ValueError) as problem:
            self._problem = problem

    def end(self) -> None:
        """End the process and let go of everything; safe to call twice."""
        self.process.kill()
        self.process.wait()
        if self._telling is not None:
            self._telling.join()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use to anybody now
                    pipe.close()
        self.frames.close()


_taking = threading.Lock()
_spares: list[Child] = []


@contextmanager
def spare_processes(count: int) -> Iterator[None]:
    """Start processes that the next rigs will need; those that nobody takes end afterwards."""
    own: list[Child] = []
    try:
        with suppress(OSError):  # whoever needs one will say so
            for _ in range(count):
                own.append(Child())
                with _taking:
                    _spares.append(own[-1])
        yield
    finally:
        with _taking:
            left = [one for one in own if one in _spares]
            for one in left:
                _spares.remove(one)
        for one in left:
            one.end()


def tell_spares(scene: Message, size: tuple[int, int], most: int) -> None:
    """Let so many of the spare processes prepare a rig; see `Child.tell`."""
    with _taking:
        for one in [one for one in _spares if not one.told][:most]:
            one.tell(scene, size)


def take_spare(scene: Message) -> Child | None:
    """Return a process that was started before and was told this, or else nothing yet."""
    with _taking:
        fitting = [one for one in _spares if one.knows(scene)]
        fitting += [one for one in _spares if not one.told]
        if not fitting:
            return None
        _spares.remove(fitting[0])
        return fitting[0]
