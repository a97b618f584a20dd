import errno
import sqlite3
import subprocess
import sys
import threading

import pytest

from sadtalker_ext.errors import Cancelled, NoFaceFound, OutputUnwritable
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.folder import DataFolder, new_id
from sadtalker_ext.jobs.records import JobState, NewJob
from sadtalker_ext.jobs.runner import JobRunner
from sadtalker_ext.jobs.store import JobStore
from sadtalker_ext.progress import Stage
from tests.support.api import wait_until


class Room:
    """A store, a folder and a runner whose work is a function that can be held."""

    def __init__(self, root):
        self.folder = DataFolder(root)
        self.database = Database(self.folder.database)
        self.store = JobStore(self.database)
        self.begun, self.frames = [], threading.Event()
        self.turn = threading.Event()
        self.turn.set()
        self.host_stop = False
        self.runner = self.make_runner()

    def make_runner(self):
        return JobRunner(
            self.store, self.folder, self.work, should_stop=lambda lane: self.host_stop
        )

    def work(self, job, progress):
        self.turn.wait(10)
        progress.enter(Stage.RENDERING, 2)
        self.begun.append(job.id)
        while not self.frames.wait(0.01):
            progress.check()
        if job.order.get("fail"):
            raise NoFaceFound("No face.", hint="Another.")
        self.folder.result(job.id).write_bytes(b"video")
        return {"seconds": 1.0, "partial": False}

    def add(self, lane="cpu", **order):
        job, _ = self.store.add(NewJob(id=new_id(), lane=lane, order=order))
        self.folder.input_dir(job.id).mkdir()
        self.runner.call(lane)
        return job.id

    def state(self, job_id):
        return self.store.get(job_id).state


@pytest.fixture
def room(tmp_path):
    opened = Room(tmp_path / "data")
    opened.runner.start()
    yield opened
    opened.frames.set()
    opened.turn.set()
    opened.runner.close()
    opened.database.close()


def test_lanes_work_side_by_side_and_each_in_order(room):
    first, second, other = room.add(), room.add(), room.add("gpu")
    wait_until(lambda: len(room.begun) == 2)
    assert set(room.begun) == {first, other}
    assert room.state(second) is JobState.CREATED
    room.frames.set()
    wait_until(lambda: room.state(second) is JobState.DONE)
    assert room.begun[2] == second


def test_a_job_that_waits_for_the_device_is_still_waiting_and_cancelled_at_once(room):
    room.turn.clear()
    job = room.add("gpu")
    wait_until(lambda: room.store.get(job).attempts == 1)
    assert room.state(job) is JobState.CREATED
    room.runner.cancel(job)
    assert room.state(job) is JobState.REJECTED
    room.turn.set()
    after = room.add("gpu")
    wait_until(lambda: room.begun)
    assert room.begun == [after]


def test_a_failure_ends_the_job_but_not_the_lane(room):
    room.frames.set()
    bad, good = room.add(fail=True), room.add()
    wait_until(lambda: room.state(good) is JobState.DONE)
    assert room.state(bad) is JobState.REJECTED
    assert room.store.get(bad).error["code"] == "no_face"
    assert not room.folder.input_dir(bad).exists()


def test_the_hosts_stop_button_stops_a_running_job(room):
    job = room.add("gpu")
    wait_until(lambda: room.begun)
    room.host_stop = True
    wait_until(lambda: room.state(job) is JobState.REJECTED)
    assert room.store.get(job).error["code"] == "cancelled"


def test_the_hosts_stop_button_does_not_stop_waiting_jobs(room):
    room.turn.clear()
    room.host_stop = True
    job = room.add("gpu")
    wait_until(lambda: room.store.get(job).attempts == 1)
    room.host_stop = False
    room.turn.set()
    room.frames.set()
    wait_until(lambda: room.state(job) is JobState.DONE)


def test_an_orderly_end_keeps_running_jobs_for_the_next_start(room):
    job = room.add()
    wait_until(lambda: room.begun)
    room.runner.close()
    assert room.state(job) is JobState.CREATED
    assert room.store.get(job).attempts == 0
    assert room.folder.input_dir(job).exists()
    room.frames.set()
    room.runner = room.make_runner()
    room.runner.start()
    wait_until(lambda: room.state(job) is JobState.DONE)
    assert room.begun == [job, job]


def test_what_a_dead_process_left_is_cleared_away(tmp_path):
    room = Room(tmp_path / "data")
    room.frames.set()
    job = room.add()
    room.store.claim("cpu")
    room.store.start(job)
    (room.folder.results / f".{job}.12ab34cd.part.mp4").write_bytes(b"half")
    orphan = room.folder.input_dir(new_id())
    orphan.mkdir()
    room.runner.start()
    wait_until(lambda: room.state(job) is JobState.DONE)
    room.runner.close()
    room.database.close()
    assert not orphan.exists()
    assert [file.name for file in room.folder.results.iterdir()] == [f"{job}.mp4"]


def test_an_older_job_table_costs_no_finished_video(tmp_path):
    """It counts jobs as open that were done; their uploads are gone, or the second try fails."""
    room = Room(tmp_path / "data")
    room.frames.set()
    gone, fails, fresh = room.add(), room.add(fail=True), room.add(fail=True)
    room.folder.input_dir(gone).rmdir()
    for job in (gone, fails):
        room.folder.result(job).write_bytes(b"made long ago")
    room.runner.start()
    wait_until(lambda: room.state(fresh) is JobState.REJECTED)
    assert room.state(gone) is JobState.ERROR
    assert room.state(fails) is JobState.REJECTED
    room.runner.close()
    room.database.close()
    again = Room(tmp_path / "data")
    again.runner.start()
    again.runner.close()
    again.database.close()
    for job in (gone, fails):
        assert room.folder.result(job).read_bytes() == b"made long ago"


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


def test_a_stop_before_the_start_is_not_a_failure(room):
    def work(job, progress):
        raise Cancelled("Stopped.")

    room.runner._work = work
    job = room.add()
    wait_until(lambda: room.state(job) is JobState.REJECTED)
    assert room.store.get(job).error["code"] == "cancelled"


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
