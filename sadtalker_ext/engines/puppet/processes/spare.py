"""Processes for drawing, and spare ones that load what they need before there is a face to draw.

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
from sadtalker_ext.engines.puppet.processes.exchange import SharedFrames

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from sadtalker_ext.engines.puppet.processes.child import serve; serve()"
)


class Child:
    """A process that waits to be told what to draw, and the memory for its frames.

    Attributes:
        process: The process.
        frames: Not laid out yet.

    Raises:
        OSError: It cannot be started, or there is no memory that can be shared.
    """

    def __init__(self) -> None:
        root = Path(__file__).resolve().parents[4]
        self.frames = SharedFrames()
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

    def end(self) -> None:
        """End the process and let go of everything; safe to call twice."""
        self.process.kill()
        self.process.wait()
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


def take_spare() -> Child | None:
    """Return a process that was started before, if there is one."""
    with _taking:
        return _spares.pop(0) if _spares else None
