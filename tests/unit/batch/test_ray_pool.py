"""Lines made by the workers of a Ray cluster on this machine; needs the extra `ray`.

One cluster serves all tests, because it takes seconds to start.
"""

import errno
import json
import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import av
import pytest
from PIL import Image

from sadtalker_ext.batch import ray_pool
from sadtalker_ext.batch.pool_shape import PoolShape
from sadtalker_ext.batch.ray_pool import RayPool
from sadtalker_ext.batch.ray_worker import Setup
from sadtalker_ext.errors import Cancelled, DiskFull, InvalidOption, SetupError
from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.segments import SegmentFolder
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.cli import main
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.ray_worker import (
    DIES,
    DIES_ONCE,
    FULL_ONCE,
    LINGERS,
    MortalEngine,
    MortalWorker,
)
from tests.support.specs import register

# a module of it: any folder of this name beside the project looks like a package without contents
pytest.importorskip("ray.actor")
ray = pytest.importorskip("ray")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ray")
    Image.fromarray(portrait_like(96, 80)).save(folder / "a.png")
    write_sound(folder / "a.wav", speech_like(0.3), 44100)
    os.environ["MORTAL_FOLDER"] = str(folder)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ray_pool, "Worker", MortalWorker)
        RayPool(PoolShape(workers=2), Setup(folder=folder))._join()
        yield folder
    ray.shutdown()
    del os.environ["MORTAL_FOLDER"]


def job(name, seed=1):
    speech = {"portrait": "a.png", "speech": "a.wav", "engine": "puppet"}
    return {**speech, "output": f"{name}.mp4", "seed": seed}


def test_a_killed_worker_loses_nothing(folder, capsys):
    """One job kills its worker once, one always, one finds no room once; the rest is made."""
    jobs = [job("k1"), job("k2", DIES_ONCE), job("k3", DIES), job("k4", FULL_ONCE), job("k5")]
    path = folder / "jobs.jsonl"
    path.write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    flags = ["--ray", "local", "--workers", "2", "--retries", "1"]
    assert main(["batch", str(path), *flags, "--json"]) == 2
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["line"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows.pop(2)["error"]["code"] == "worker_lost"
    for row in rows:
        assert Path(row["video"]["path"]).stat().st_size > 0
    assert (folder / f"{DIES_ONCE}.once").exists()
    # the unfinished file of the worker that was lost has gone with it
    assert not list(folder.glob(".k2.*"))

    (folder / "k1.mp4").unlink()
    jobs[2]["seed"] = 1
    path.write_text("\n".join(map(json.dumps, jobs)), encoding="utf-8")
    assert main(["batch", str(path), *flags]) == 0
    assert "2 made, 3 skipped, 0 failed" in capsys.readouterr().out
    manifest = (folder / "jobs.manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(manifest) == 7


def test_two_workers_share_the_work_and_can_be_stopped(folder):
    progress = Progress()
    lines = [(number, job(f"s{number}", LINGERS)) for number in range(50)]
    timer = threading.Timer(2.5, progress.stop)
    with RayPool(PoolShape(workers=2), Setup(folder=folder)) as pool:
        timer.start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            for _ in pool.run(lines, progress):
                pass
    assert time.monotonic() - began < 12
    assert not list(folder.glob(".s*")), "unfinished files were left"


def packets(path):
    with av.open(str(path)) as container:
        return b"".join(bytes(packet) for packet in container.demux(video=0) if packet.size)


def test_segments_of_one_worker_and_of_two_are_the_same_file(folder, monkeypatch):
    """And a worker that dies in the middle of one costs nothing."""
    register(monkeypatch, MortalEngine)
    service = Service(StandaloneHost(device="cpu"))
    made = []
    for workers, seed in ((1, 1), (2, 1), (2, DIES_ONCE)):
        (folder / f"{DIES_ONCE}.once").unlink(missing_ok=True)
        request = Request(
            picture=folder / "a.png",
            speech=folder / "a.wav",
            output=folder / f"{workers}-{seed}.mp4",
            options=GenerateOptions(engine="puppet", seed=seed, fps=30),
        )
        shape = PoolShape(workers=workers, segment_seconds=0.1)
        with RayPool(shape, Setup(folder=folder)) as pool:
            made.append(service.generate(request, Progress(), pool.draw))
    one, two, died = made
    assert one.frames == two.frames == died.frames == 9
    assert packets(one.path) == packets(two.path)
    assert packets(died.path)
    assert "mark" in one.marks
    service.close()


def test_workers_that_cannot_start_are_said(folder, monkeypatch):
    class Broken(MortalWorker):
        def __init__(self, setup):
            raise ModuleNotFoundError("No module named 'cv2'")

    monkeypatch.setattr(ray_pool, "Worker", Broken)
    pool = RayPool(PoolShape(workers=1), Setup(folder=folder))
    with pytest.raises(SetupError, match=r"cannot be started.*cv2"), pool:
        list(pool.run([(1, job("b"))], Progress()))


def test_a_worker_that_cannot_start_leaves_the_work_to_the_others(folder, monkeypatch):
    class HalfBroken(MortalWorker):
        def __init__(self, setup):
            try:
                (folder / "first.worker").touch(exist_ok=False)
            except FileExistsError:
                super().__init__(setup)
            else:
                raise ModuleNotFoundError("No module named 'cv2'")

    monkeypatch.setattr(ray_pool, "Worker", HalfBroken)
    told = []
    lines = [(number, job(f"h{number}")) for number in range(4)]
    with RayPool(PoolShape(workers=2), Setup(folder=folder), told.append) as pool:
        rows = dict(pool.run(lines, Progress()))
    assert sorted(rows) == [0, 1, 2, 3] and all("video" in row for row in rows.values())
    (said,) = [one for one in told if "cannot be started" in one]
    assert "cv2" in said and "The others go on without it." in said


def test_segments_that_wait_for_a_slow_one_are_written_out(folder, tmp_path, monkeypatch):
    class SlowAtFirst(MortalWorker):
        def draw(self, scene, begin, end):
            time.sleep(3.0 if begin == 0 else 0.0)
            return bytes([begin])

    monkeypatch.setattr(ray_pool, "Worker", SlowAtFirst)
    parts = [range(begin, begin + 2) for begin in range(0, 12, 2)]
    monkeypatch.setattr(ray_pool, "cut_at_pauses", lambda motion, seconds: parts)
    kept = SegmentFolder(tmp_path, tmp_path / "a.mp4")
    with RayPool(PoolShape(workers=2), Setup(folder=folder)) as pool:
        drawn = pool.draw(SimpleNamespace(motion=None), kept, Progress())
        first = next(drawn)
        assert len([*tmp_path.iterdir()]) >= 4
        found = [(rows, file.read_bytes()) for rows, file in (first, *drawn)]
    assert found == [(rows, bytes([rows.start])) for rows in parts]


def test_a_full_disk_is_told_where_segments_wait(folder, tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    class Quick(MortalWorker):
        def draw(self, scene, begin, end):
            return b"x"

    monkeypatch.setattr(ray_pool, "Worker", Quick)
    monkeypatch.setattr(ray_pool, "cut_at_pauses", lambda motion, seconds: [range(2)])
    kept = SegmentFolder(tmp_path, tmp_path / "a.mp4")
    with RayPool(PoolShape(workers=1), Setup(folder=folder)) as pool:
        drawn = pool.draw(SimpleNamespace(motion=None), kept, Progress())
        monkeypatch.setattr(Path, "write_bytes", full)
        with pytest.raises(DiskFull, match=r"a\.mp4"):
            next(drawn)


@pytest.mark.parametrize("address", ["", "everywhere", "http://a:1", "a:1/b", "ray://"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(InvalidOption, match="HOST:PORT"):
        RayPool(PoolShape(address=address), Setup(folder=Path()))
