import sqlite3
import threading

import pytest

from sadtalker_ext.errors import Cancelled, WorkerLost
from sadtalker_ext.jobs.folder import new_id
from sadtalker_ext.jobs.records import JobState
from sadtalker_ext.jobs.runner import JobRunner
from sadtalker_ext.jobs.store import MAX_ATTEMPTS
from sadtalker_ext.progress import Stage
from tests.support.api import wait_until
from tests.unit.jobs.room import Room


def test_lanes_work_side_by_side_and_each_in_order(room):
    first, second, other = room.add(), room.add(), room.add("gpu")
    wait_until(lambda: len(room.begun) == 2)
    assert set(room.begun) == {first, other}
    assert room.state(second) is JobState.CREATED
    room.frames.set()
    wait_until(lambda: room.state(second) is JobState.DONE)
    assert room.begun[2] == second


def test_a_lane_of_two_works_on_two_jobs_and_hears_of_every_one(tmp_path, monkeypatch):
    """No thread waits for its next look at the table while a job is there."""
    monkeypatch.setattr("sadtalker_ext.jobs.runner.IDLE_SECONDS", 60.0)
    room = Room(tmp_path / "data")
    room.runner = JobRunner(room.store, room.folder, room.work, lanes={"cpu": 2, "gpu": 1})
    room.runner.start()
    for _ in range(5):
        room.begun.clear()
        room.frames.clear()
        jobs = [room.add(), room.add()]
        wait_until(lambda: len(room.begun) == 2, 5.0)
        room.frames.set()
        for job in jobs:
            wait_until(lambda job=job: room.state(job) is JobState.DONE)
    room.runner.close()
    room.database.close()


def test_a_job_whose_worker_dies_is_begun_as_often_as_after_a_restart(room):
    tries = []

    def work(job, progress):
        tries.append(room.store.get(job.id).attempts)
        raise WorkerLost("Gone.")

    room.runner._work = work
    job = room.add()
    wait_until(lambda: room.state(job).final)
    assert room.state(job) is JobState.ERROR
    assert room.store.get(job).error["code"] == "worker_lost"
    assert tries == [*range(1, MAX_ATTEMPTS + 1)]
    wait_until(lambda: not room.folder.input_dir(job).exists())


def test_a_stop_is_not_forgotten_because_the_worker_dies(room):
    begun, dead = threading.Event(), threading.Event()

    def work(job, progress):
        progress.enter(Stage.RENDERING)
        begun.set()
        dead.wait(10)
        raise WorkerLost("Gone.")

    room.runner._work = work
    job = room.add()
    assert begun.wait(10)
    room.runner.cancel(job)
    dead.set()
    wait_until(lambda: room.state(job).final)
    assert room.store.get(job).error["code"] == "cancelled"
    assert room.store.get(job).attempts == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_cancel_in_the_moment_of_the_return_to_the_queue_is_not_lost(room, monkeypatch, after):
    """It comes when the runner has seen that nobody wants a stop, or when it has let go."""
    begun, dead = threading.Event(), threading.Event()
    give_back, tries = room.store.give_back, []

    def work(job, progress):
        progress.enter(Stage.RENDERING)
        tries.append(job.attempts)
        begun.set()
        dead.wait(10)
        raise WorkerLost("Gone.")

    def cancelled_then(job_id, **rest):
        if after:
            asked = room.store.cancel(job_id, {"code": "cancelled"})
            assert not asked
        else:
            room.runner.cancel(job_id)
        return give_back(job_id, **rest)

    monkeypatch.setattr(room.store, "give_back", cancelled_then)
    room.runner._work = work
    job = room.add()
    assert begun.wait(10)
    dead.set()
    wait_until(lambda: room.state(job).final)
    assert room.store.get(job).error["code"] == "cancelled"
    assert tries == [1]
    wait_until(lambda: not room.folder.input_dir(job).exists())


def test_a_job_that_was_cancelled_is_not_done_after_the_next_start(room):
    begun, end = threading.Event(), threading.Event()

    def work(job, progress):
        progress.enter(Stage.RENDERING)
        begun.set()
        end.wait(10)
        progress.check()

    room.runner._work = work
    job = room.add()
    assert begun.wait(10)
    room.runner.cancel(job)
    closing = threading.Thread(target=room.runner.close)
    closing.start()
    wait_until(room.runner._closing.is_set)
    end.set()
    closing.join(20)
    assert room.state(job) is JobState.REJECTED


def test_a_full_disk_keeps_nobody_from_stopping_a_job(room, monkeypatch):
    def full(job_id, error):
        raise sqlite3.OperationalError("database or disk is full")

    job = room.add()
    wait_until(lambda: room.begun)
    monkeypatch.setattr(room.store, "cancel", full)
    with pytest.raises(sqlite3.OperationalError):
        room.runner.cancel(job)
    wait_until(lambda: room.state(job).final)


def test_a_worker_that_dies_while_the_server_ends_costs_its_job_no_try(room):
    begun, dead = threading.Event(), threading.Event()

    def work(job, progress):
        begun.set()
        dead.wait(10)
        raise WorkerLost("Gone.")

    room.runner._work = work
    job = room.add()
    assert begun.wait(10)
    closing = threading.Thread(target=room.runner.close)
    closing.start()
    wait_until(room.runner._closing.is_set)
    dead.set()
    closing.join(20)
    assert room.state(job) is JobState.CREATED
    assert room.store.get(job).attempts == 0


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


def test_death_after_the_last_rename_leaves_no_video_of_a_failed_job(tmp_path):
    room = Room(tmp_path / "data")
    room.frames.set()
    job = room.add()
    room.folder.result(job).write_bytes(b"whole")
    for _ in range(2):
        room.store.recover(room.folder.finished())
        room.store.claim("cpu")
        room.store.start(job)
    room.runner.start()
    wait_until(lambda: room.state(job) is JobState.DONE)
    room.runner.close()
    room.database.close()
    assert room.folder.result(job).read_bytes() == b"video"


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


def test_a_stop_before_the_start_is_not_a_failure(room):
    def work(job, progress):
        raise Cancelled("Stopped.")

    room.runner._work = work
    job = room.add()
    wait_until(lambda: room.state(job) is JobState.REJECTED)
    assert room.store.get(job).error["code"] == "cancelled"
