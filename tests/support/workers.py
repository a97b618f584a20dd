"""Workers that stand in for those of a cluster, and what a server may expect of either."""

import json
import os
import pickle  # noqa: TID251 - as a cluster does
import threading
from contextlib import contextmanager

from fastapi.testclient import TestClient

from sadtalker_ext.errors import WorkerLost
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.progress import Stage
from sadtalker_ext.scratch import scratch_folder
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.settings import ApiSettings
from tests.support.api import TALKS, FakeService, form, wait_final, wait_until, wav
from tests.support.ray_worker import (
    BUG,
    DIES,
    DIES_ONCE,
    FULL,
    SLOW,
    MortalEngine,
    MortalRig,
)
from tests.support.specs import specs_with


def sent(value):
    """A value as it comes out of another process."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - our own


class Death(BaseException):
    """What ends a worker that is no process."""


class StandInRig(MortalRig):
    def die(self):
        raise Death


class StandInEngine(MortalEngine):
    rig = StandInRig


class StandIn:
    """Does tasks in the threads of their callers; everything travels as to a cluster."""

    def __init__(self, seats):
        self.seats = seats
        self._free = threading.Semaphore(seats)

    def call(self, task, progress, keep):
        while not self._free.acquire(timeout=0.02):
            progress.check()
        service = Service(StandaloneHost(), specs=specs_with(StandInEngine))
        try:
            progress.enter(Stage.LOADING)
            with scratch_folder() as folder:
                facts, files = sent(task)(service, folder, progress)
                for file in files:
                    content = file.read_bytes()
                    middle = len(content) // 2
                    keep(file.name, iter((content[:middle], content[middle:])))
            return facts
        except Death:
            progress.check()
            raise WorkerLost("Gone.") from None
        finally:
            service.close()
            self._free.release()


class ServerWithWorkers:
    """What holds for a server whose jobs are made by workers, whoever they are.

    A test class inherits it and has the fixture `workers`, with two seats.
    """

    @contextmanager
    def server(self, folder, workers):
        os.environ["MORTAL_FOLDER"] = str(folder.parent)
        # an engine of its own would draw without dying
        app = build_app(FakeService(), ApiSettings(folder=folder, workers=workers))
        with TestClient(app) as client:
            client.sadtalker = app.state.sadtalker
            yield client

    def send(self, client, seed, seconds=0.3, **config):
        talk = {"config": {"seed": seed, "engine": "puppet", "mark": "none", **config}}
        answer = client.post(TALKS, **form(sound=wav(seconds), **talk))
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def ends(self, client, ids):
        """How each job ended: status, code of its error, tries."""
        talks = [wait_final(client, one, 60.0) for one in ids]
        return [
            (talk["status"], (talk.get("error") or {}).get("code"), talk["attempts"])
            for talk in talks
        ]

    def test_every_job_gets_its_end_and_a_lost_worker_is_one_try(self, tmp_path, workers):
        """Eight jobs; one worker dies in the middle of one, two die of another."""
        folder = tmp_path / "data"
        with self.server(folder, workers) as client:
            seeds = [1, DIES_ONCE, 3, DIES, 5, 6, BUG, FULL]
            ids = [self.send(client, seed, consent_by="Ann") for seed in seeds]
            assert self.ends(client, ids) == [
                ("done", None, 1),
                ("done", None, 2),
                ("done", None, 1),
                ("error", "worker_lost", 2),
                ("done", None, 1),
                ("done", None, 1),
                ("error", "error", 1),
                ("error", "out_of_memory", 1),
            ]
            assert "secret" not in client.get(f"{TALKS}/{ids[6]}").text
            done = [ids[number] for number in (0, 1, 2, 4, 5)]
            for one in done:
                video = client.get(f"{TALKS}/{one}/video")
                assert video.content == (folder / "results" / f"{one}.mp4").read_bytes()
                assert b"ftyp" in video.content[:32]
            talk = client.get(f"{TALKS}/{done[1]}").json()
            assert talk["metadata"]["num_frames"] == 8, json.dumps(talk)
        # what lies beside a video comes with it
        assert {file.name for file in (folder / "results").iterdir()} == {
            f"{one}.mp4{ending}" for one in done for ending in ("", ".consent.json")
        }
        record = folder / "results" / f"{done[1]}.mp4.consent.json"
        assert json.loads(record.read_text(encoding="utf-8"))["video"] == f"{done[1]}.mp4"
        assert not list((folder / "inputs").iterdir())

    def test_progress_and_cancel_reach_the_worker(self, tmp_path, workers):
        folder = tmp_path / "data"
        with self.server(folder, workers) as client:
            slow = [self.send(client, SLOW, 20.0) for _ in range(2)]
            waiting = self.send(client, 1)

            def drawn(job):
                progress = client.get(f"{TALKS}/{job}").json()["progress"]
                return progress.get("stage") == "rendering" and progress["done"] > 4

            wait_until(lambda: all(drawn(job) for job in slow), 40.0)
            assert client.get(f"{TALKS}/{waiting}").json()["status"] == "created"
            assert client.delete(f"{TALKS}/{slow[0]}").is_success
            assert self.ends(client, slow[:1]) == [("rejected", "cancelled", 1)]
            # the seat is free again, and the other one works on
            assert self.ends(client, [waiting]) == [("done", None, 1)]
            assert client.get(f"{TALKS}/{slow[1]}").json()["status"] == "started"
            # kept: an orderly end gives a job back as if it had not begun
        with self.server(folder, workers) as client:
            row = client.sadtalker.store.get(slow[1])
            assert row.attempts <= 1
            assert not row.state.final
            client.delete(f"{TALKS}/{slow[1]}")
            assert self.ends(client, slow[1:])[0][:2] == ("rejected", "cancelled")
        assert [file.name for file in (folder / "results").iterdir()] == [f"{waiting}.mp4"]
