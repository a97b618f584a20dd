"""Programs started beside this one end with it, and Python ends whatever becomes of frames."""

import os
import subprocess
import sys

import pytest

from sadtalker_ext import children

WAITS = """
import time
from sadtalker_ext.children import end_with_parent
end_with_parent()
print("here", flush=True)
time.sleep(60)
"""
STOPS_DRAWING = """
from types import SimpleNamespace
import numpy as np
from sadtalker_ext.engines.puppet.processes.crew import Crew
from sadtalker_ext.engines.puppet.rig import PuppetRig
frame = np.zeros((2, 2, 3), np.uint8)
rig = SimpleNamespace(crew=Crew(), draw_row=lambda *_: frame)

def video():
    frames = PuppetRig._drawn(rig, SimpleNamespace(face=None), range(100), None)
    for frame in frames:
        print("drawn", flush=True)
        raise OSError("the disk is full")

video()
"""


def test_a_child_ends_when_its_parent_has_gone():
    with subprocess.Popen(
        [sys.executable, "-c", WAITS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout.readline().strip() == b"here"
        child.stdin.close()
        assert child.wait(20) == 1


def test_an_error_that_nobody_catches_ends_python():
    done = subprocess.run(
        [sys.executable, "-c", STOPS_DRAWING], capture_output=True, timeout=60, check=False
    )
    assert done.stdout.split() == [b"drawn"]
    assert done.returncode == 1


def test_numerical_libraries_of_a_child_keep_to_one_core(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert children.one_thread()["OMP_NUM_THREADS"] == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(
    ("name", "value", "can"), [("frozen", True, False), ("executable", None, False), ("x", 1, True)]
)
def test_a_program_that_is_no_python_starts_none(monkeypatch, name, value, can):
    monkeypatch.setattr(sys, name, value, raising=False)
    assert children.can_start() is can
