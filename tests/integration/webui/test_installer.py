"""install.py under the Python of a real WebUI."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.webui.conftest import ROOT
from tests.support.compare_host import differences

pytestmark = [pytest.mark.webui, pytest.mark.usefixtures("wanted")]


def installed():
    command = [os.environ["WEBUI_PYTHON"], "-m", "pip", "freeze", "--all"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines())


def run_installer(**environment):
    return subprocess.run(
        [os.environ["WEBUI_PYTHON"], str(ROOT / "install.py")],
        check=False,
        capture_output=True,
        text=True,
        cwd=os.environ["WEBUI_DIR"],
        env={**os.environ, "PYTHONPATH": os.environ["WEBUI_DIR"], **environment},
    )


def test_nothing_installed_changes_and_the_second_run_is_silent():
    before = installed()
    first = run_installer()
    assert first.returncode == 0, first.stdout + first.stderr
    assert before <= installed(), before - installed()
    second = run_installer()
    assert (second.returncode, second.stdout) == (0, "")


def test_no_second_opencv_is_added():
    """reForge's own requirements bring two already; every further one overwrites the last."""
    before = {line for line in installed() if line.lower().startswith("opencv")}
    assert before
    run_installer()
    assert {line for line in installed() if line.lower().startswith("opencv")} == before


def test_the_fake_host_is_like_this_one():
    assert differences(Path(os.environ["WEBUI_DIR"])) == []
