import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from sadtalker_ext.weights.store import WeightStore
from tests.support.camera_film import write_film

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE_MS = 90_000
"""Continuous integration machines are slow, and share their cores."""


@pytest.fixture(scope="session")
def chromium():
    """Path of a Chromium; the tests are skipped with the reason where there is none."""
    given = os.environ.get("CHROMIUM")
    path = given or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("needs Chromium: install it (Debian: apt install chromium) or set CHROMIUM")
    return path


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """The page, served by a process of its own with the puppet engine."""
    pytest.importorskip("gradio", reason="needs gradio: the page extra is not installed")
    if WeightStore.standard().missing(["face", "phones"]):
        pytest.skip("needs the face models: run `sadtalker weights fetch puppet`")
    folder = tmp_path_factory.mktemp("page")
    environment = os.environ | {"GRADIO_TEMP_DIR": str(folder / "gradio")}
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.serve", str(folder)],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            url = server.stdout.readline().strip()
            assert url, (folder / "log.txt").read_text()[-2000:]
            wait_for(url)
            yield url
        finally:
            server.terminate()
            server.communicate(timeout=30)


def wait_for(url):
    for _ in range(240):
        if answers(url):
            return
        time.sleep(0.25)
    raise AssertionError("the page does not answer")


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310  our own loopback server
            return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def browser(chromium, tmp_path_factory):
    film = write_film(tmp_path_factory.mktemp("film") / "a.y4m", ROOT / "examples" / "portrait.png")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium,
            args=[
                "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
                # a microphone that beeps, a camera before a portrait, nobody who has to allow them
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """A fresh browser profile that talks to nobody but our server."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.foreign, page.problems = [], []
    page.on("request", lambda request: note_foreign(page, address, request.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    # the page's own question for an earlier job shows that its buttons are connected
    with page.expect_response("**/queue/join*"):
        page.goto(address)
    page.wait_for_selector("#sadtalker_ext_generate")
    yield page
    context.close()


def note_foreign(page, address, url):
    if not url.startswith((address, "data:", "blob:")):
        page.foreign.append(url)
