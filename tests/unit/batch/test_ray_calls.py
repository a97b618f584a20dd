"""A server's jobs made by the workers of a Ray cluster on this machine; needs the extra `ray`."""

import os
import signal
import threading
import time
from types import SimpleNamespace

import pytest

# a module of it: any folder of this name beside the project looks like a package without contents
pytest.importorskip("ray.actor")
pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("ray")

import httpx
import ray
import uvicorn

from sadtalker_ext.batch import ray_calls, ray_pool
from sadtalker_ext.batch.pool_shape import PoolShape
from sadtalker_ext.batch.ray_calls import RayCalls
from sadtalker_ext.batch.ray_pool import RayPool
from sadtalker_ext.batch.ray_worker import Setup
from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.settings import ApiSettings
from tests.support.api import TALKS, FakeService, free_port, wait_until
from tests.support.ray_worker import SLOW, MortalWorker
from tests.support.workers import ServerWithWorkers


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """One cluster for all: it takes seconds to start. Its engines find the folder of a test."""
    folder = tmp_path_factory.mktemp("ray")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["MORTAL_FOLDER"] = str(folder)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ray_pool, "Worker", MortalWorker)
        # two for the server, one for a worker that cannot start
        RayPool(PoolShape(workers=3), Setup(folder=folder))._join()
        yield folder
    ray.shutdown()
    del os.environ["MORTAL_FOLDER"]


@pytest.fixture(scope="module")
def calls(cluster):
    with RayCalls(PoolShape(workers=2, retries=0), Setup(folder=cluster)) as opened:
        yield opened


def pids(calls):
    """The process of each worker that lives."""
    return [int(ray.get(worker.ready.remote(), timeout=30).split()[1]) for worker in calls._workers]


class TestRay(ServerWithWorkers):
    @pytest.fixture
    def workers(self, calls, cluster):
        for left in cluster.glob("*.once"):
            left.unlink()
        return calls

    def test_progress_and_cancel_reach_the_worker(self, tmp_path, workers):
        """And it puts the job down by itself: none is replaced."""
        before = pids(workers)
        super().test_progress_and_cancel_reach_the_worker(tmp_path, workers)
        assert pids(workers) == before

    def test_workers_that_died_idle_cost_no_try(self, tmp_path, workers):
        for pid in pids(workers):
            os.kill(pid, signal.SIGKILL)
        with self.server(tmp_path / "data", workers) as client:
            ids = [self.send(client, seed) for seed in (1, 2)]
            assert self.ends(client, ids) == [("done", None, 1)] * 2

    def test_a_server_on_loopback_whose_worker_is_killed(self, tmp_path, workers, cluster):
        """Eight jobs over HTTP; a worker is killed by its id in the middle of one."""
        port = free_port()
        folder = tmp_path / "data"
        app = build_app(FakeService(), ApiSettings(folder=folder, workers=workers))
        server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
        thread = threading.Thread(target=server.run)
        thread.start()
        wait_until(lambda: server.started)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
            slow = self.send(client, SLOW, 1.5)
            ids = [slow, *(self.send(client, seed) for seed in range(1, 8))]
            once = cluster / f"{SLOW}.once"
            wait_until(lambda: once.exists() and once.read_text())
            killed = int(once.read_text())
            os.kill(killed, signal.SIGKILL)
            assert self.ends(client, ids) == [("done", None, 2)] + [("done", None, 1)] * 7
        assert killed not in pids(workers)
        assert len(pids(workers)) == 2
        server.should_exit = True
        thread.join(30)
        assert {file.name for file in (folder / "results").iterdir()} == {
            f"{one}.mp4" for one in ids
        }

    def test_a_worker_that_does_not_stop_is_replaced(self, tmp_path, workers, monkeypatch):
        monkeypatch.setattr(ray_calls, "_GOODBYE_SECONDS", 0.0)
        before = set(pids(workers))
        with self.server(tmp_path / "data", workers) as client:
            job = self.send(client, SLOW, 20.0)
            wait_until(lambda: client.sadtalker.runner.moment(job) is not None)
            time.sleep(0.5)
            client.delete(f"{TALKS}/{job}")
            assert self.ends(client, [job]) == [("rejected", "cancelled", 1)]
            assert self.ends(client, [self.send(client, 1)]) == [("done", None, 1)]
        assert len(set(pids(workers)) - before) == 1

    def test_a_cluster_that_has_gone_ends_the_server_and_no_job(
        self, tmp_path, cluster, monkeypatch
    ):
        """Its connection breaks as that of a client does; jobs go back as if they had not begun."""

        def broken(*words, **more):
            raise ConnectionError("GRPC connection failed")

        gone = SimpleNamespace(
            exceptions=ray.exceptions, wait=broken, get=broken, kill=broken,
            is_initialized=lambda: False,
        )  # fmt: skip
        told = threading.Event()
        shape, setup = PoolShape(workers=1, retries=0), Setup(folder=cluster)
        with (
            RayCalls(shape, setup, lost=told.set) as calls,
            self.server(tmp_path / "data", calls) as client,
            monkeypatch.context() as patched,
        ):
            job = self.send(client, SLOW, 20.0)
            wait_until(lambda: client.sadtalker.runner.moment(job) is not None)
            patched.setattr(calls, "_ray", gone)
            assert told.wait(10)
            client.sadtalker.close()
        with self.server(tmp_path / "data", None) as client:
            assert self.ends(client, [job]) == [("done", None, 1)]

    def test_workers_that_cannot_start_are_said(self, tmp_path, cluster, monkeypatch):
        class Broken(MortalWorker):
            def __init__(self, setup):
                raise ModuleNotFoundError("No module named 'cv2'")

        monkeypatch.setattr(ray_pool, "Worker", Broken)
        monkeypatch.setattr(ray_calls, "_AGAIN_SECONDS", 1.0)
        with RayCalls(PoolShape(workers=1, retries=0), Setup(folder=cluster)) as broken:
            monkeypatch.setattr(ray_pool, "Worker", MortalWorker)
            with self.server(tmp_path / "data", broken) as client:
                job = self.send(client, 1)
                assert self.ends(client, [job]) == [("error", "setup_error", 1)]
                # it is tried again after a while; by then the machine may have been set right
                broken._actor = ray.remote(MortalWorker).options(max_concurrency=2)
                time.sleep(1.0)
                assert self.ends(client, [self.send(client, 1)]) == [("done", None, 1)]
