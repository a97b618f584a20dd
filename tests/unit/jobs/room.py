"""A room to work in: a store, a folder and a runner."""

import threading

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.folder import DataFolder, new_id
from sadtalker_ext.jobs.records import NewJob
from sadtalker_ext.jobs.runner import JobRunner
from sadtalker_ext.jobs.store import JobStore
from sadtalker_ext.progress import Stage


def new(**rest):
    """A job as it is sent."""
    return NewJob(**{"id": new_id(), "lane": "cpu", "order": {"a": 1}, **rest})


def add(store, **rest):
    """A new job in the table."""
    return store.add(new(**rest))[0]


class Clock:
    """The time, which stands still."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


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
