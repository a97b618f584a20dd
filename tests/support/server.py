"""Starting and ending server processes."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.api import PREFIX, free_port

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """A server process.

    Args:
        command: Its arguments after the interpreter; PORT is replaced.
        seconds: How long it may take to answer.
    """

    def __init__(self, command, seconds=60.0):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        words = [str(self.port) if word == "PORT" else str(word) for word in command]
        self.process = subprocess.Popen([sys.executable, *words], cwd=ROOT)
        deadline = time.monotonic() + seconds
        while not self._answers():
            assert self.process.poll() is None, "the server ended"
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError("the server does not answer")
            time.sleep(0.05)

    def _answers(self):
        try:
            httpx.get(f"{self.url}{PREFIX}/health", timeout=5.0)
        except httpx.TransportError:
            return False
        return True

    def kill(self):
        """SIGKILL: no handler runs."""
        self.process.kill()
        self.process.wait()

    def end(self):
        """An orderly end."""
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def fake_server(folder, journal, pause=0.0):
    server = Server(["-m", "tests.support.serve_fake", "PORT", folder, journal, pause])
    try:
        yield server
    finally:
        server.kill()
