"""A real ComfyUI on the CPU, with this project as a pack of nodes.

    COMFYUI_DIR=... COMFYUI_PYTHON=.../python pytest -m comfyui tests/integration/comfyui

Everything ComfyUI writes goes to a temporary `--base-directory`; its folder is left as it is.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.support.media import speech_like

ROOT = Path(__file__).resolve().parents[3]
READY_SECONDS = 240
JOB_SECONDS = 300
RATE = 16000


class ComfyUI:
    """A running ComfyUI."""

    def __init__(self, port, base, log):
        self.address, self.base, self.log = f"http://127.0.0.1:{port}", base, log

    def call(self, path, body=None):
        """Send JSON, or nothing; returns the status and the answer."""
        request = urllib.request.Request(  # noqa: S310  loopback
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or "null")

    def start(self, prompt):
        """Queue a prompt and return its id."""
        status, answer = self.call("/prompt", {"prompt": prompt})
        assert status == 200, answer
        return answer["prompt_id"]

    def finished(self, prompt_id):
        """Wait for a prompt; returns its entry of the history."""
        end = time.monotonic() + JOB_SECONDS
        while time.monotonic() < end:
            _, history = self.call(f"/history/{prompt_id}")
            if prompt_id in history and history[prompt_id]["status"]["status_str"]:
                return history[prompt_id]
            time.sleep(0.3)
        raise AssertionError(f"not finished: {self.printed()[-2000:]}")

    def printed(self):
        return self.log.read_text(encoding="utf-8", errors="replace")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory):
    """Start it once for all tests."""
    folder, python = os.environ["COMFYUI_DIR"], os.environ["COMFYUI_PYTHON"]
    base = tmp_path_factory.mktemp("comfyui")
    (base / "custom_nodes").mkdir()
    (base / "custom_nodes" / "sadtalker").symlink_to(ROOT, target_is_directory=True)
    (base / "input").mkdir()
    shutil.copy(ROOT / "examples/portrait.png", base / "input/portrait.png")
    with wave.open(str(base / "input/speech.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        sound = np.asarray(speech_like(1.0, RATE)).reshape(-1)
        file.writeframes((sound * 32767).astype(np.int16).tobytes())
    port, log = free_port(), base / "log.txt"
    command = [
        *(python, "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(port)),
        *("--base-directory", str(base), "--disable-auto-launch"),
    ]
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out)
        found = ComfyUI(port, base, log)
        try:
            end = time.monotonic() + READY_SECONDS
            while True:
                assert process.poll() is None, found.printed()[-3000:]
                assert time.monotonic() < end, found.printed()[-3000:]
                try:
                    found.call("/system_stats")
                    break
                except OSError:
                    time.sleep(0.5)
            yield found
        finally:
            process.terminate()
            process.wait(30)
