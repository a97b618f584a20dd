"""A child that listens hears what this process would."""

import dataclasses
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled, WeightsMissing
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import aside
from sadtalker_ext.speech.hearing import listen
from tests.support.espeak import speech_of
from tests.support.media import speech_like

HZ = 16000


def none(name):
    raise WeightsMissing(f"{name} is not here.")


@pytest.fixture(scope="module")
def speech():
    return speech_of(speech_like(3.0, HZ).astype(np.float32).reshape(-1)[: 3 * HZ], HZ)


def same(one, other):
    assert one.seconds == other.seconds
    assert one.phonemes == other.phonemes
    assert one.warnings == other.warnings
    assert np.array_equal(one.semitones, other.semitones)
    assert np.array_equal(one.loudness.value, other.loudness.value)
    assert np.array_equal(one.loudness.present, other.loudness.present)


def test_a_child_hears_the_same_and_is_counted(speech, monkeypatch):
    events = []
    monkeypatch.setattr(aside, "listen", None)  # not in this process
    heard = aside.listen_aside(speech, Progress(events.append), none)
    same(heard, listen(speech, Progress(), none))
    assert (events[0].stage, events[0].total) == (Stage.LISTENING, 3)
    assert events[-1].done <= 3


@pytest.fixture
def children(monkeypatch):
    """The processes that were started."""
    started = []

    class Kept(subprocess.Popen):
        def __init__(self, *given, **named):
            super().__init__(*given, **named)
            started.append(self)

    monkeypatch.setattr("subprocess.Popen", Kept)
    return started


def test_a_stop_ends_the_child(speech, monkeypatch, children):
    monkeypatch.setattr(aside, "_START", "import time; time.sleep(60)")
    progress, began = Progress(), time.monotonic()
    threading.Timer(0.2, progress.stop).start()
    with pytest.raises(Cancelled):
        aside.listen_aside(speech, progress, none)
    assert time.monotonic() - began < 30
    (child,) = children
    assert child.returncode is not None


_HALTS = """
import pathlib, sys, time
(pathlib.Path(sys.argv[2]) / "seconds.txt").write_text("1")
time.sleep(60)
"""


def test_a_child_that_stands_still_is_given_up(speech, monkeypatch, children):
    monkeypatch.setattr(aside, "_START", _HALTS)
    monkeypatch.setattr(aside, "_STILL_SECONDS", 0.3)
    said = []
    monkeypatch.setattr(aside.log, "warning", lambda *words: said.append(words))
    heard = aside.listen_aside(dataclasses.replace(speech, seconds=0.5), Progress(), none)
    assert "heard nothing more" in str(said[0][1])
    assert heard.seconds == 3.0, "by this process"
    (child,) = children
    assert child.returncode is not None


@pytest.mark.parametrize("broken", ["executable", "code", "answer"])
def test_this_process_listens_where_no_child_can(speech, monkeypatch, broken):
    if broken == "executable":
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
    elif broken == "code":
        monkeypatch.setattr(aside, "_START", "raise SystemExit(3)")
    else:
        monkeypatch.setattr(aside, "_START", "pass")
    same(aside.listen_aside(speech, Progress(), none), listen(speech, Progress(), none))
