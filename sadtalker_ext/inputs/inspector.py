"""Files of strangers are looked at in processes of their own, with bounds on time and memory.

A file can be made to keep a decoder busy for hours, to fill the memory, or to crash it. So a
decoder meets it first in a child process (`child`), which is ended when it takes too long, and
whose memory and processor time the system bounds (not on Windows, where time alone is bounded).
Children live on from file to file; one that was ended is replaced at the next file.

Files take turns: as many at once as there are children, and pictures only as many as the memory
set aside for them holds.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sadtalker_ext.children import QUIETLY, one_thread
from sadtalker_ext.inputs.looking import Bounds, Part
from sadtalker_ext.inputs.refusals import ending, error_of, gave_up, too_busy

log = logging.getLogger(__name__)

CHILDREN = 2
SECONDS = 20.0
SECONDS_PER_MEGABYTE = 0.25
"""A sound of two hours takes some 10 s; no honest file takes longer for its bytes."""
MEMORY_BYTES = 1_500_000_000
"""Address space of a child; the libraries take a third of it."""
TURN_BYTES = 900_000_000
"""Pictures decoded at the same time need no more than this; a larger one is alone."""
TURN_SECONDS = 120.0
START_SECONDS = 60.0
"""A child imports libraries before its first file; on a busy machine that takes a while."""

_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from sadtalker_ext.inputs.child import serve; "
    "serve(int(sys.argv[2]))"
)


class Inspector:
    """Looks at files in child processes; safe to use from many threads.

    Args:
        children: Most files looked at side by side.
        seconds: Time for a file, not counting what its size adds.
        memory: Bytes of address space of a child.
        turn_bytes: Memory that pictures share.
    """

    def __init__(
        self,
        *,
        children: int = CHILDREN,
        seconds: float = SECONDS,
        memory: int = MEMORY_BYTES,
        turn_bytes: int = TURN_BYTES,
    ) -> None:
        self._seconds = seconds
        self._memory = memory
        self._turn_bytes = turn_bytes
        self._idle: list[_Child | None] = [None] * children
        self._all: set[_Child | None] = set()
        self._busy: Counter[str] = Counter()
        self._each = max(1, children // 2)
        self._taken = 0
        self._closed = threading.Event()
        self._turns = threading.Condition()

    def look_at_picture(self, path: Path, bounds: Bounds, owner: str = "") -> None:
        """See `looking.look_at_picture`.

        Args:
            path: The file.
            bounds: What is too much.
            owner: Who sent it; one that has a name never has all children.

        Raises:
            InputError: It cannot be used, or takes too much to read.
            ResourceError: Too many others are looked at.
        """
        with self._child(owner) as child:
            need = int(self._ask(child, "measure", path, bounds, Part()) or 0)
            with self._memory_for(need):
                self._ask(child, "picture", path, bounds, Part())

    def look_at_sound(self, path: Path, part: Part, bounds: Bounds, owner: str = "") -> float:
        """See `looking.look_at_sound`; otherwise as `look_at_picture`."""
        with self._child(owner) as child:
            return float(self._ask(child, "sound", path, bounds, part))

    def look_at_driving(self, path: Path, part: Part, bounds: Bounds, owner: str = "") -> None:
        """See `looking.look_at_driving`; otherwise as `look_at_picture`."""
        with self._child(owner) as child:
            self._ask(child, "driving", path, bounds, part)

    def measure(self, reader: str, path: Path, owner: str = "") -> float:
        """Return the number that a function of this package finds for a file.

        Args:
            reader: "module:function", which takes the path.
            path: The file.
            owner: As for `look_at_picture`.

        Raises:
            SadTalkerError: What the function raises, or as `look_at_picture`.
        """
        with self._child(owner) as child:
            return float(self._ask(child, "motion", path, Bounds(), Part(), reader))

    def close(self) -> None:
        """End all children, also those at work; whoever waits for one gets an error."""
        with self._turns:
            self._closed.set()
            children, self._all = self._all, set()
            self._turns.notify_all()
        for child in children:
            if child is not None:
                child.end()

    @contextmanager
    def _child(self, owner: str) -> Iterator[_Child]:
        with self._turns:

            def free() -> bool:
                mine = not owner or self._busy[owner] < self._each
                return self._closed.is_set() or bool(self._idle and mine)

            if not self._turns.wait_for(free, TURN_SECONDS):
                raise too_busy()
            if self._closed.is_set():
                raise ending()
            child = self._idle.pop()
            self._busy[owner] += 1
        try:
            if child is None or not child.alive:
                dead, child = child, _Child(self._memory)
                with self._turns:
                    self._all.discard(dead)
                    self._all.add(child)
                    closed = self._closed.is_set()
                if dead is not None:
                    dead.end()
                if closed:
                    child.end()
                    raise ending()
            yield child
        finally:
            with self._turns:
                if child is not None and not child.alive:
                    self._all.discard(child)
                    child = None
                self._idle.append(child)
                self._busy[owner] -= 1
                if not self._busy[owner]:
                    del self._busy[owner]
                self._turns.notify_all()

    @contextmanager
    def _memory_for(self, need: int) -> Iterator[None]:
        with self._turns:

            def free() -> bool:
                fits = not self._taken or self._taken + need <= self._turn_bytes
                return fits or self._closed.is_set()

            if not self._turns.wait_for(free, TURN_SECONDS):
                raise too_busy()
            self._taken += need
        try:
            yield
        finally:
            with self._turns:
                self._taken -= need
                self._turns.notify_all()

    def _ask(
        self, child: _Child, kind: str, path: Path, bounds: Bounds, part: Part, reader: str = ""
    ) -> Any:
        seconds = self._seconds + SECONDS_PER_MEGABYTE * path.stat().st_size / 1e6
        question = {
            "kind": kind,
            "reader": reader,
            "path": str(path),
            "seconds": seconds,
            "bounds": asdict(bounds),
            "part": asdict(part),
        }
        answer = child.ask(question, seconds)
        if self._closed.is_set():
            raise ending()
        if answer is None:
            log.warning("the reader of a file (%s) had to be ended, or broke down", kind)
            raise gave_up(kind, path.name, seconds, late=child.was_late)
        if "value" in answer:
            return answer["value"]
        if answer.get("trace"):
            log.error("unexpected error while a file was looked at:\n%s", answer["trace"])
        raise error_of(answer, kind, path.name)


class _Child:
    """One process, asked one question at a time."""

    def __init__(self, memory: int) -> None:
        # one thread each: libraries would set aside address space for as many as there are cores
        root = Path(__file__).resolve().parents[2]
        self.was_late = False
        self._ready = False
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(root), str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=one_thread(),
            text=True,
            encoding="utf-8",
            **QUIETLY,
        )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """Return the answer; None when the child broke down, or was ended after its time."""
        if not self._ready:
            self._ready = self._exchange("", START_SECONDS) is not None
        return self._exchange(json.dumps(question) + "\n", seconds) if self._ready else None

    def _exchange(self, words: str, seconds: float) -> dict[str, Any] | None:
        """Send some words and return the line that follows."""
        send, receive = self._process.stdin, self._process.stdout
        if send is None or receive is None:
            return None
        watchdog = threading.Timer(seconds, self._late)
        watchdog.daemon = True
        watchdog.start()
        try:
            send.write(words)
            send.flush()
            answer: dict[str, Any] = json.loads(receive.readline())
        except (OSError, ValueError):
            self.end()
            return None
        finally:
            watchdog.cancel()
        return answer

    def _late(self) -> None:
        self.was_late = True
        self._process.kill()

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not sent is of no use to anybody now
                    pipe.close()
