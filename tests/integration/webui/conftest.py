"""A real WebUI on the CPU, with this project as an extension and portraits instead of sampling.

    WEBUI_DIR=... WEBUI_PYTHON=.../python pytest -m webui tests/integration/webui

Everything the WebUI writes goes to a temporary `--data-dir`; its folder is left as it is.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.media import speech_like, write_sound
from tests.support.sites import flags_of, is_sdnext

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 240
CHROMIUM = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # a microphone that beeps, and nobody who has to allow it
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


class WebUI:
    """A running WebUI."""

    def __init__(self, port, data, log, *, sdnext=False):
        self.port, self.data, self.log, self.sdnext = port, data, log, sdnext

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, method, path, body=None, **headers):
        """Send JSON; returns the status and the answer."""
        request = urllib.request.Request(  # noqa: S310  loopback
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def videos(self):
        return sorted((self.data / "outputs/sadtalker").rglob("*.mp4"))

    def pictures(self):
        """What txt2img saved."""
        folder = "text" if self.sdnext else "txt2img-images"
        return [
            path
            for path in (self.data / "outputs" / folder).rglob("*")
            if path.suffix in (".png", ".jpg")
        ]

    def starts(self):
        """How often the page was started."""
        return self.printed().count("Startup time:")

    def answers(self):
        """Whether the port is open; the page is not there with --nowebui."""
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def printed(self):
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(folder, *flags, settings=None):
    """Start a WebUI and stop it again, whatever happens."""
    webui, python = Path(os.environ["WEBUI_DIR"]), os.environ["WEBUI_PYTHON"]
    data, log = folder / "data", folder / "webui.log"
    (data / "extensions").mkdir(parents=True, exist_ok=True)
    # users unzip a download into a folder of this name
    (data / "extensions/SadTalker-main").symlink_to(ROOT)
    (data / "extensions/portraits").symlink_to(Path(__file__).parent / "portrait_extension")
    sdnext = is_sdnext(webui)
    # its own theme is a further repository
    plain = {"theme_type": "Standard", "gradio_theme": "black-teal"} if sdnext else {}
    (data / "config.json").write_text(json.dumps({**plain, **(settings or {})}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "launch.py", *flags_of(webui), "--data-dir", str(data), "--port", str(port)]
    if sdnext:
        flags = [flag for flag in flags if flag != "--api"]  # always on there
    else:
        # with a data folder elsewhere Forge refuses its own scripts and pictures; ours need no flag
        for path in (webui, data / "outputs" / "txt2img-images"):
            command += ["--gradio-allowed-path", str(path)]
    environment = {
        **os.environ,
        "SADTALKER_TEST_PORTRAIT": str(ROOT / "examples/portrait.png"),
        "PYTHONUNBUFFERED": "1",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *flags], cwd=webui, env=environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        server = WebUI(port, data, log, sdnext=sdnext)
        wait_for(server, process)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def wait_for(server, process=None, starts=1):
    """Wait until the WebUI has started for the given time; "Reload UI" is one more start.

    The page answers earlier, before extensions have added their routes.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            break
        if server.starts() >= starts and server.answers():
            return
        time.sleep(1)
    pytest.fail(f"the WebUI did not start:\n{server.printed()[-4000:]}")


@pytest.fixture(scope="session")
def wanted():
    if not (os.environ.get("WEBUI_DIR") and os.environ.get("WEBUI_PYTHON")):
        pytest.skip("WEBUI_DIR and WEBUI_PYTHON name no WebUI")


@pytest.fixture(scope="module")
def webui(wanted, tmp_path_factory):
    with running(tmp_path_factory.mktemp("webui"), "--api") as server:
        yield server


@pytest.fixture(scope="session")
def sounds(tmp_path_factory):
    """A short mp3 (which gradio alone could read only with ffmpeg) and a longer wav."""
    folder = tmp_path_factory.mktemp("sounds")
    short = write_sound(folder / "short.mp3", speech_like(1.5), 44100)
    return short, write_sound(folder / "long.wav", speech_like(30.0, 16000), 16000)


@pytest.fixture(scope="module")
def browser(wanted):
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        pytest.skip("no Chromium")
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield opened
        opened.close()
