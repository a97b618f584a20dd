"""How jobs end when the disk is full, a place cannot be written, or the program ends."""

import errno
import sqlite3
import subprocess
import sys

import pytest

from sadtalker_ext.errors import OutputUnwritable
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.folder import DataFolder
from sadtalker_ext.jobs.records import JobState
from tests.support.api import wait_until


@pytest.mark.parametrize(
    "full",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        sqlite3.OperationalError("database or disk is full"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_at_the_end_does_not_stop_the_lane(room, monkeypatch, full):
    """Both jobs get their end: the one that met the full disk, and the next one."""
    monkeypatch.setattr("sadtalker_ext.jobs.runner.RETRY_SECONDS", 0.05)
    real, failures = room.store.finish, []

    def finish(*words, **rest):
        if len(failures) < 2:
            failures.append(words[0])
            raise full
        return real(*words, **rest)

    monkeypatch.setattr(room.store, "finish", finish)
    room.frames.set()
    first, second = room.add(), room.add()
    wait_until(lambda: room.state(second) is JobState.DONE)
    assert failures == [first, first]
    assert room.state(first) is JobState.DONE
    assert room.folder.result(first).read_bytes() == b"video"
    assert not room.folder.input_dir(first).exists()


def test_the_end_of_a_job_is_stored_when_there_is_space_again(room, monkeypatch):
    """The table may not grow: SQLite answers as on a full disk."""
    monkeypatch.setattr("sadtalker_ext.jobs.runner.RETRY_SECONDS", 0.05)
    job = room.add()
    wait_until(lambda: room.begun)
    tries, real = [], room.store.finish

    def full(*words, **more):
        tries.append(words)
        if len(tries) < 3:
            raise sqlite3.OperationalError("database or disk is full")
        return real(*words, **more)

    monkeypatch.setattr(room.store, "finish", full)
    room.frames.set()
    wait_until(lambda: room.state(job) is JobState.DONE)
    assert len(tries) == 3
    assert room.folder.result(job).read_bytes() == b"video"
    assert not room.folder.input_dir(job).exists()
    following = room.add()
    wait_until(lambda: room.state(following) is JobState.DONE)


def test_an_end_that_was_never_stored_is_not_blamed_on_the_uploads(room, monkeypatch):
    job = room.add()
    wait_until(lambda: room.begun)

    def full(*_words, **_more):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(room.store, "finish", full)
    room.frames.set()
    wait_until(lambda: room.folder.result(job).exists())
    wait_until(lambda: not room.folder.input_dir(job).exists())
    room.runner.close()
    assert room.state(job) is JobState.STARTED
    monkeypatch.undo()
    room.runner = room.make_runner()
    room.runner.start()
    wait_until(lambda: room.state(job).final)
    assert room.state(job) is JobState.ERROR
    assert room.store.get(job).error["code"] == "interrupted"
    assert room.begun == [job]


PROGRAM = """
import atexit, sys, time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.folder import DataFolder, new_id
from sadtalker_ext.jobs.records import NewJob
from sadtalker_ext.jobs.runner import JobRunner
from sadtalker_ext.jobs.store import JobStore
from sadtalker_ext.progress import Stage

def work(job, progress):
    pool, waiting = ThreadPoolExecutor(2), deque()
    for _ in progress.track(range(1000), Stage.RENDERING, 1000):
        waiting.append(pool.submit(time.sleep, 0.02))
        if len(waiting) > 4:
            waiting.popleft().result()
    return {}

folder = DataFolder(Path(sys.argv[1]))
store = JobStore(Database(folder.database))
runner = JobRunner(store, folder, work)
runner.start()
atexit.register(runner.close)
job_id = new_id()
folder.input_dir(job_id).mkdir()
store.add(NewJob(id=job_id, lane="cpu", order={}))
runner.call("cpu")
while store.get(job_id).state != "started":
    time.sleep(0.01)
"""


def test_a_job_goes_back_when_the_main_thread_ends_in_the_middle_of_it(tmp_path):
    """As in the WebUI: the built-in engine renders in a thread pool, which ends first."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    database = Database(DataFolder(tmp_path).database)
    (row,) = database.ask("SELECT state, claimed, attempts FROM jobs")
    database.close()
    assert tuple(row) == ("created", 0, 0), done.stderr


def test_a_full_disk_is_no_bug(room, monkeypatch):
    def fail(*_words):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(room.runner, "_work", fail)
    job = room.add()
    wait_until(lambda: room.state(job).final)
    assert (room.state(job), room.store.get(job).error["code"]) == (JobState.ERROR, "disk_full")


def test_a_place_that_cannot_be_written_is_the_machines_fault(room, monkeypatch):
    def fail(*_words):
        raise OutputUnwritable("No right to write.")

    monkeypatch.setattr(room.runner, "_work", fail)
    job = room.add()
    wait_until(lambda: room.state(job).final)
    assert room.state(job) is JobState.ERROR
