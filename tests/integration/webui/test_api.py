"""Our routes on a real WebUI: with and without its page, with and without passwords.

    WEBUI_DIR=.../webui WEBUI_PYTHON=.../bin/python pytest -m webui tests/integration/webui

The WebUI gets a data folder of its own, so that nothing of the user's is read or changed.
WEBUI_FLAGS replaces the flags for a machine without a graphics card.
"""

import os
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("httpx")

import httpx

from sadtalker_ext.client import ApiError, Client
from sadtalker_ext.weights.store import cache_folder
from tests.support.api import PREFIX, free_port

pytestmark = pytest.mark.webui

ROOT = Path(__file__).resolve().parents[3]
FLAGS = (
    "--skip-install --skip-prepare-environment --skip-torch-cuda-test --no-download-sd-model "
    "--no-half --precision full --use-cpu all --skip-load-model-at-start"
)
SECONDS = 180


@contextmanager
def webui(folder, *flags):
    """Start the WebUI on loopback and wait until our routes answer."""
    home = os.environ.get("WEBUI_DIR")
    if not home:
        pytest.skip("WEBUI_DIR is not set")
    extensions = folder / "data" / "extensions"
    extensions.mkdir(parents=True)
    (extensions / "any-name").symlink_to(ROOT)
    port = free_port()
    command = [
        os.environ.get("WEBUI_PYTHON", "python"),
        "launch.py",
        *os.environ.get("WEBUI_FLAGS", FLAGS).split(),
        *("--server-name", "127.0.0.1", "--port", str(port)),
        *("--data-dir", str(folder / "data")),
        *flags,
    ]
    places = {
        "SADTALKER_HOME": str(folder / "cache"),
        "SADTALKER_CHECKPOINTS": str(cache_folder() / "weights"),
        "HF_HUB_OFFLINE": "1",
        "GRADIO_ANALYTICS_ENABLED": "False",
    }
    log = folder / "webui.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=home, env=os.environ | places, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_routes(process, url, log)
        yield url
    finally:
        process.kill()
        process.wait()


def wait_for_routes(process, url, log):
    deadline = time.monotonic() + SECONDS
    while not answers(url):
        words = log.read_text(errors="replace")[-3000:]
        assert process.poll() is None, words
        assert time.monotonic() < deadline, words
        time.sleep(0.5)


def answers(url):
    try:
        return httpx.get(f"{url}{PREFIX}/health", timeout=5.0).status_code in (200, 401)
    except httpx.TransportError:
        return False


def make_video(client, folder):
    target = folder / "video.mp4"
    talk = client.make(
        ROOT / "examples" / "portrait.png",
        ROOT / "examples" / "speech.flac",
        target,
        config={"audio_end": 1.0, "engine": "puppet"},
        timeout=300,
    )
    assert talk.metadata["num_frames"] == 25
    assert target.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("page", ["--api", "--nowebui"])
def test_a_video_with_passwords(tmp_path, page):
    with webui(tmp_path, page, "--api-auth", "bob:b,ann:rightword") as url:
        routes = ["/talks", "/options", "/engines", "/voices", "/health", "/openapi.json", "/docs"]
        for route in [*routes, "/talks/tlk_x", "/talks/tlk_x/video", "/talks/tlk_x/events"]:
            assert httpx.get(url + PREFIX + route).status_code == 401, route
        assert httpx.post(f"{url}{PREFIX}/talks", json={}).status_code == 401
        wrong = httpx.get(f"{url}{PREFIX}/talks", auth=("ann", "wrong"))
        assert wrong.status_code == 401
        assert httpx.get(f"{url}/sdapi/v1/progress").status_code == 401
        flags = httpx.get(f"{url}/sdapi/v1/cmd-flags", auth=("ann", "rightword")).text
        assert "webhook" not in flags
        with Client(url, auth=("ann", "rightword")) as client:
            make_video(client, tmp_path)
        with Client(url, auth=("bob", "b")) as other:
            assert list(other.list()) == []


def test_an_open_webui(tmp_path):
    with webui(tmp_path, "--api") as url, Client(url) as client:
        make_video(client, tmp_path)
        page = httpx.get(url)
        assert page.status_code == 200
        with pytest.raises(ApiError) as caught:
            client.create("http://127.0.0.1/portrait.png", b"")
        assert caught.value.code == "url_refused"
        evil = httpx.post(f"{url}{PREFIX}/talks", headers={"Origin": "https://evil.example"})
        assert evil.status_code == 403
