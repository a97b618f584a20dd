"""A process that draws frames of one rig, seen from the one that started it.

It is given the picture and not the prepared layers: it prepares them again, which gives the same
ones.
"""

from __future__ import annotations

import logging
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable

from sadtalker_ext.engines.puppet.processes.board import Board
from sadtalker_ext.engines.puppet.processes.exchange import (
    Message,
    SharedFrames,
    receive,
    send,
)
from sadtalker_ext.engines.puppet.processes.spare import SLOTS, Child, take_spare

log = logging.getLogger(__name__)

IDLE_SECONDS = 900.0
"""A process that has got no work for so long is ended: whoever wanted it has gone another way."""
STILL_SECONDS = 60.0
"""A process that has not answered for so long is ended; a frame takes a hundredth of a second, and
getting ready some seconds."""
_LOOK_SECONDS = 1.0
Orders = Callable[[int], Message]
"""Says what a process has to know to draw a row."""


class Drawer:
    """One process, and the thread of ours that gives it work.

    Args:
        scene: What it has to know of the rig; kept only until it has been told.
        size: Width and height of frames.
    """

    def __init__(self, scene: Message, size: tuple[int, int]) -> None:
        self._scene: Message | None = scene
        self._size = size
        self._work: queue.SimpleQueue[tuple[Board, Orders] | None] = queue.SimpleQueue()
        self._child = take_spare(scene)
        self._process: subprocess.Popen[bytes] | None = None
        # again by one thread: the collector may end a crew in the middle of anything
        self._ending = threading.RLock()
        self._ended = self._ready = False
        self._waits_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="sadtalker-drawer", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it draws, or is starting."""
        return not self._ended

    @property
    def ready(self) -> bool:
        """Whether it draws."""
        return self._ready and not self._ended

    def draw(self, board: Board, orders: Orders) -> None:
        """Draw rows of a board as soon as the process is ready, and as long as there are any."""
        self._work.put((board, orders))

    def end(self) -> None:
        """End the process at once; what it has not finished goes back to its board."""
        with self._ending:
            self._ended = True
            if self._process is not None:
                self._process.kill()
        self._work.put(None)

    def _run(self) -> None:
        try:
            child = self._child or Child()
        except OSError as problem:
            self._ended = True
            log.warning("a process that draws cannot be started; the others go on: %s", problem)
            return
        frames = child.frames
        try:
            threading.Thread(target=self._watch, name="sadtalker-watch", daemon=True).start()
            self._start(child)
            while (work := self._work.get(timeout=IDLE_SECONDS)) is not None:
                self._draw(*work, frames)
        except queue.Empty:
            log.info("a process that draws had nothing to do")
        except (OSError, ValueError) as problem:
            if not self._ended:
                log.warning("a process that draws has ended; the others go on: %s", problem)
        finally:
            self._clear(child)

    def _start(self, child: Child) -> None:
        """Tell a process about the rig and wait until it is ready.

        Raises:
            OSError: It broke down, or there is no memory for its frames.
        """
        with self._ending:
            self._process = child.process
            if self._ended:
                raise OSError("It was ended before it began.")
        scene, self._scene = self._scene, None
        if scene is not None and not child.told:
            child.tell(scene, self._size)
        child.wait_until_told()
        self._answer()
        self._ready = True

    def _draw(self, board: Board, orders: Orders, frames: SharedFrames) -> None:
        free, waiting = deque(range(SLOTS)), deque[tuple[int, int, bool]]()
        try:
            while True:
                while free and (row := board.take(wait=not waiting)) is not None:
                    told, slot = orders(row), free.popleft()
                    waiting.append((row, slot, bool(told.words["planes"])))
                    self._order(told, slot)
                if not waiting:
                    return
                self._answer()
                row, slot, planes = waiting.popleft()
                board.put(row, frames.frame(slot, planes=planes))
                free.append(slot)
        except BaseException:
            for row, _, _ in waiting:
                board.give_back(row)
            raise

    def _order(self, order: Message, slot: int) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise OSError("It has no input.")
        send(process.stdin, {**order.words, "slot": slot}, order.arrays)

    def _answer(self) -> None:
        """Wait until the process has done the next thing.

        Raises:
            OSError: It could not, or has ended.
        """
        process = self._process
        self._waits_since = time.monotonic()
        answer = None if process is None or process.stdout is None else receive(process.stdout)
        self._waits_since = None
        if answer is None:
            raise OSError("It has closed its output.")
        if "trace" in answer.words:
            raise OSError(answer.words["trace"])

    def _watch(self) -> None:
        """End a process that stands still: others then draw what it has taken."""
        while not self._ended:
            time.sleep(_LOOK_SECONDS)
            since = self._waits_since
            if since is not None and time.monotonic() - since > STILL_SECONDS:
                log.warning("a process that draws stands still and is ended")
                self.end()

    def _clear(self, child: Child) -> None:
        with self._ending:
            self._ended = True
        child.end()
