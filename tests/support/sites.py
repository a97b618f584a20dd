"""Servers to test: a process of our own, or a real WebUI; killed, ended and started again."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from sadtalker_ext.client import Client
from sadtalker_ext.weights.store import cache_folder
from tests.support.api import PREFIX, free_port
from tests.support.under_test import Control

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "tests" / "integration" / "webui"
USERS = {"ann": "rightword", "bob": "b"}
GOOD_ORIGIN = "https://good.example"
LIMITS = {
    "request_mb": 2,
    "upload_seconds": 8,
    "megapixels": 4,
    "video_seconds": 20,
    "queued": 220,
}
"""Small enough to be reached by a test; both kinds of server get the same."""
WEBUI_FLAGS = (
    "--skip-install",
    "--skip-prepare-environment",
    "--skip-torch-cuda-test",
    "--no-download-sd-model",
    "--server-name",
    "127.0.0.1",
)
A1111 = ("--no-half", "--precision", "full", "--use-cpu", "all", "--skip-load-model-at-start")
FORGE = ("--always-cpu",)
SDNEXT = ("--skip-all", "--quick", "--use-cpu", "all", "--server-name", "127.0.0.1")


def flags_of(home):
    """The words after ``launch.py`` for the WebUI of a folder."""
    if is_sdnext(home):
        return SDNEXT
    return (*WEBUI_FLAGS, *(FORGE if (home / "modules_forge").is_dir() else A1111))


def is_sdnext(home):
    """Tell whether the WebUI of a folder is SD.Next."""
    return (home / "installer.py").is_file()


class Site:
    """A server process with a data folder.

    Args:
        folder: Everything it writes.
        users: Passwords by name; empty lets everybody in.
        steered: Whether tests steer its engine and its internet; else they are the real ones.

    Attributes:
        url: Its address; stays the same over restarts.
        control: Steers the engine and the internet.
    """

    kind = ""
    patience = 60.0
    orderly = True
    """Whether the server has an end of which programs inside it hear."""

    def __init__(self, folder, users=None, *, steered=True):
        self.base = folder
        self.users = dict(users or {})
        self.steered = steered
        self.control = Control(folder / "control")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_file = folder / "server.log"
        self.process = None

    @property
    def folder(self):
        """The folder of jobs."""
        raise NotImplementedError

    def command(self):
        """Words of the command line, the working folder, and additions to the environment."""
        raise NotImplementedError

    def end(self):
        """Ask for an orderly end, and wait for it."""
        raise NotImplementedError

    @property
    def results(self):
        return self.folder / "results"

    @property
    def inputs(self):
        return self.folder / "inputs"

    def start(self):
        words, place, environment = self.command()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [str(word) for word in words],
                cwd=place,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.patience
        while not self.answers():
            ended = self.process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server does not answer:\n{self.printed()[-3000:]}")
            time.sleep(0.1)
        return self

    def answers(self):
        try:
            found = httpx.get(f"{self.url}{PREFIX}/health", timeout=5.0)
        except httpx.TransportError:
            return False
        return found.status_code in (200, 401)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """SIGKILL to the process and its children: no handler runs."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def printed(self):
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def auth(self, user="ann"):
        return (user, self.users[user]) if self.users else None

    def http(self, user="ann", **more):
        """A client of bare requests; the first user's, where there are users."""
        return httpx.Client(base_url=self.url, auth=self.auth(user), timeout=60.0, **more)

    def stranger(self):
        """A client that gives no credentials."""
        return httpx.Client(base_url=self.url, timeout=60.0)

    def client(self, user="ann"):
        return Client(self.url, auth=self.auth(user))

    def health(self):
        with self.client() as client:
            return client.health()

    def rest(self):
        """Undo what a test steered, and wait until nothing is left to do."""
        self.control.clear()
        if not (self.alive() and self.answers()):  # a failed test may have left it dead
            self.kill()
            self.start()
        deadline = time.monotonic() + 120.0
        while True:
            jobs = self.health()["jobs"]
            if not jobs["created"] + jobs["started"]:
                return
            assert time.monotonic() < deadline, jobs
            time.sleep(0.05)


class Alone(Site):
    """The stand-alone app."""

    kind = "alone"

    @property
    def folder(self):
        return self.base / "data"

    def command(self):
        if not self.steered:
            words = ["-m", "sadtalker_ext", "serve", "--port", self.port]
            words += ["--data-dir", self.folder]
            return [sys.executable, *words], ROOT, {}
        given = {
            "port": self.port,
            "folder": str(self.folder),
            "control": str(self.control.folder),
            "users": self.users,
            "limits": LIMITS,
            "origin": GOOD_ORIGIN,
        }
        return [sys.executable, "-m", "tests.support.serve_fake", json.dumps(given)], ROOT, {}

    def end(self):
        self.process.terminate()
        return self.process.wait(60)


class WebUI(Site):
    """A real WebUI: WEBUI_DIR is its folder, WEBUI_PYTHON its Python.

    Args:
        page: Whether it serves its page; else it runs with --nowebui.
    """

    kind = "webui"
    patience = 300.0

    def __init__(self, folder, users=None, *, steered=True, page=True):
        super().__init__(folder, users, steered=steered)
        self.page = page
        self.home = Path(os.environ["WEBUI_DIR"])
        forge = (self.home / "modules_forge").is_dir()
        self.flags = flags_of(self.home)
        self.orderly = not forge
        self.data = folder / "webui"
        extensions = self.data / "extensions"
        extensions.mkdir(parents=True)
        # users unzip a download into a folder of this name
        (extensions / "SadTalker-main").symlink_to(ROOT)
        (extensions / "under-test").symlink_to(EXTENSIONS / "api_extension")
        (extensions / "portraits").symlink_to(EXTENSIONS / "portrait_extension")
        numbers = {"queued": "api_queued", "request_mb": "api_request_mb",
                   "upload_seconds": "api_upload_seconds", "megapixels": "api_megapixels",
                   "video_seconds": "api_video_seconds"}  # fmt: skip
        settings = {f"sadtalker_ext_{numbers[name]}": value for name, value in LIMITS.items()}
        (self.data / "config.json").write_text(json.dumps(settings if steered else {}))

    @property
    def folder(self):
        (found,) = (self.base / "cache" / "webui").iterdir()
        return found

    def command(self):
        words = [os.environ.get("WEBUI_PYTHON", "python"), "launch.py", *self.flags]
        words += ["--data-dir", self.data, "--port", self.port]
        words += ["--cors-allow-origins", GOOD_ORIGIN]
        words += ["--api", "--api-server-stop"] if self.page else ["--nowebui"]
        if self.users:
            words += ["--api-auth", ",".join(":".join(pair) for pair in self.users.items())]
        environment = {
            "SADTALKER_HOME": str(self.base / "cache"),
            "SADTALKER_CHECKPOINTS": str(cache_folder() / "weights"),
            "SADTALKER_TEST_ROOT": str(ROOT),
            "SADTALKER_TEST_PORTRAIT": str(ROOT / "examples" / "portrait.png"),
            "SADTALKER_TEST_CONTROL": str(self.control.folder) if self.steered else "",
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "GRADIO_ANALYTICS_ENABLED": "False",
            "PYTHONUNBUFFERED": "1",
        }
        return words, self.home, environment

    def answers(self):
        # routes of ours are there before the WebUI's own start has ended
        started = self.printed().count("Startup time:") > self._starts
        return started and super().answers()

    def start(self):
        self._starts = self.printed().count("Startup time:") if self.log_file.exists() else 0
        return super().start()

    def end(self):
        if not self.page:
            self.process.terminate()
            return self.process.wait(60)
        with self.http() as client:
            client.post("/sdapi/v1/server-stop")
        return self.process.wait(60)
