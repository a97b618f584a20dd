"""Temporary folders end with their process, or at the next start."""

import subprocess
import sys

import pytest

from sadtalker_ext.scratch import IN_USE, scratch_folder, sweep
from tests.support.decoy import lay_out, snapshot

CHILD = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from sadtalker_ext.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "speech.wav").write_bytes(b"x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_killed_processs_folder_is_swept_a_living_ones_is_not(place):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(place)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        folder = child.stdout.readline().strip()
        assert folder
        assert sweep(place) == 0
        child.kill()
        child.wait()
        assert (place / folder / "speech.wav").exists()
        with scratch_folder() as mine:
            assert list(place.iterdir()) == [mine]
        assert not list(place.iterdir())
    finally:
        child.kill()
        child.communicate()


def test_nothing_else_is_touched(place):
    lay_out(place / "sadtalker-job-abcd1234")  # no lock file: not finished, or not ours
    lay_out(place / "sadtalker-wheel-abcd1234", {IN_USE: b"", "x": b"x"})
    lay_out(place / "other-job-abcd1234", {IN_USE: b"", "x": b"x"})
    (place / "sadtalker-job-link0000").symlink_to(place / "other-job-abcd1234")
    before = snapshot(place)
    assert sweep(place) == 0
    assert snapshot(place) == before
