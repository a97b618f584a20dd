"""The speech recogniser, in a process of its own that is started once and kept."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sadtalker_ext.speech import sphinx_worker

logger = logging.getLogger(__name__)

_WORKER = Path(sphinx_worker.__file__)
_GOODBYE_SECONDS = 5


class Recogniser:
    """Talks to one child process; serves one caller at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any], pcm: bytes = b"") -> Any:
        """Return the child's answer; a child that died is started again once.

        Where no child can work at all, the answer is computed in this process.
        """
        with self._turn:
            for attempt in (self._exchange, self._exchange_anew):
                answered, answer = self._try(attempt, request, pcm)
                if answered:
                    return answer
            return sphinx_worker.answer(request, pcm)

    def _try(
        self, attempt: Callable[[dict[str, Any], bytes], Any], request: dict[str, Any], pcm: bytes
    ) -> tuple[bool, Any]:
        try:
            return True, attempt(request, pcm)
        except (OSError, ValueError) as error:
            logger.warning("The speech recogniser ended (%s)", error)
            return False, None

    def _exchange_anew(self, request: dict[str, Any], pcm: bytes) -> Any:
        self._end()
        return self._exchange(request, pcm)

    def close(self) -> None:
        """End the child; safe to call twice."""
        with self._turn:
            self._end()

    def _exchange(self, request: dict[str, Any], pcm: bytes) -> Any:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(_WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise OSError("it has no pipes")
        stdin.write(json.dumps({**request, "bytes": len(pcm)}).encode() + b"\n" + pcm)
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise OSError("it closed its output")
        return json.loads(line)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
        try:
            process.wait(_GOODBYE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


RECOGNISER = Recogniser()
"""Kept for the life of the process: its models take half a second to load."""

atexit.register(RECOGNISER.close)
