"""What a worker keeps of a task, in this process: `test_ray_calls` has it in others."""

import pytest

from sadtalker_ext.batch import ray_worker
from sadtalker_ext.batch.ray_worker import Done, Setup, Worker
from sadtalker_ext.errors import Cancelled, NoFaceFound
from sadtalker_ext.progress import Stage


@pytest.fixture
def worker(tmp_path, monkeypatch):
    monkeypatch.setattr(ray_worker, "_was_restarted", lambda: False)
    monkeypatch.setattr(ray_worker, "_use_threads", lambda count: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Worker(Setup(folder=tmp_path))


class Task:
    """Leaves two files, after a stop that was asked for, or an error, has had its chance."""

    def __init__(self, error=None, before=lambda: None):
        self.error, self.before = error, before

    def __call__(self, service, folder, progress):
        (folder / "b").write_bytes(b"0123456789")
        (folder / "a").write_bytes(b"")
        progress.enter(Stage.RENDERING, 4)
        self.before()
        progress.advance(3)
        if self.error is not None:
            raise self.error
        return {"fact": 1}, [folder / "b", folder / "a"]


def test_files_of_a_task_are_there_in_blocks_until_they_are_forgotten(
    worker, tmp_path, monkeypatch
):
    monkeypatch.setattr(ray_worker, "BLOCK", 4)
    assert worker.seen("one") is None
    assert worker.do("one", Task()) == Done(facts={"fact": 1}, sizes={"b": 10, "a": 0})
    assert [worker.block("b", start) for start in (0, 4, 8)] == [b"0123", b"4567", b"89"]
    assert worker.seen("one").done == 3
    assert worker.seen("two") is None
    assert list(tmp_path.glob("sadtalker-job-*/b"))
    worker.forget()
    assert not list(tmp_path.iterdir())
    worker.do("two", Task())


@pytest.mark.parametrize("error", [NoFaceFound("No face."), ZeroDivisionError()])
def test_a_task_that_fails_leaves_nothing(worker, tmp_path, error):
    if isinstance(error, NoFaceFound):
        assert worker.do("one", Task(error)) is error
    else:
        with pytest.raises(ZeroDivisionError):
            worker.do("one", Task(error))
    assert not list(tmp_path.iterdir())


def test_a_stop_is_for_one_task_however_early_or_late_it_comes(worker):
    worker.put_down("early")
    assert isinstance(worker.do("early", Task()), Cancelled)
    assert isinstance(worker.do("next", Task()), Done)
    worker.put_down("next")
    assert isinstance(worker.do("other", Task()), Done)
    running = Task(before=lambda: worker.put_down("running"))
    assert isinstance(worker.do("running", running), Cancelled)
