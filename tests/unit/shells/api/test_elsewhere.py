"""Jobs made by workers that stand in for a cluster's; `unit/batch/test_ray_calls` asks the same of
real ones."""

import pytest

from sadtalker_ext.jobs.folder import DataFolder, new_id
from sadtalker_ext.jobs.records import Job, JobState
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.api.elsewhere import Parcel, make_elsewhere
from sadtalker_ext.types import VideoFile
from tests.support.workers import ServerWithWorkers, StandIn, sent


class TestStandIn(ServerWithWorkers):
    @pytest.fixture
    def workers(self):
        return StandIn(2)


class Dubber:
    """A service that notes what it is asked to dub."""

    def dub(self, request, progress):
        self.request = request
        self.heard = request.roles[1].speech.read_bytes()
        self.seen = request.video.read_bytes()
        request.output.write_bytes(b"video")
        request.output.with_suffix(".srt").write_text("words", encoding="utf-8")
        (request.output.parent / "left.txt").write_text("nobody asked", encoding="utf-8")
        return VideoFile(
            path=request.output, width=2, height=2, fps=25.0, frames=1, seconds=0.04,
            engine="puppet", seed=0,
        )  # fmt: skip


def test_a_dubbing_travels_with_its_sounds(tmp_path):
    job_id = new_id()
    dub = {"face": "largest", "roles": [{"text": "Hello"}, {"speech_file": "speech_1"}]}
    parcel = sent(
        Parcel(
            job_id=job_id,
            order={"config": {}, "dub": dub},
            uploads={"reference_video": b"film", "speech_1": b"sound"},
        )
    )
    dubber = Dubber()
    facts, files = parcel(dubber, tmp_path, Progress())
    assert (dubber.seen, dubber.heard) == (b"film", b"sound")
    assert [role.text for role in dubber.request.roles] == ["Hello", ""]
    assert [file.name for file in files] == [f"{job_id}.srt", f"{job_id}.mp4"]
    assert facts["suffix"] == ".mp4"
    assert "path" not in facts


class Stranger:
    """A worker that sends a file of another name, or ends in the middle of one."""

    def __init__(self, name, blocks):
        self.name, self.blocks = name, blocks

    def call(self, task, progress, keep):
        keep(self.name, self.blocks)


def broken():
    yield b"half"
    raise OSError("gone")


@pytest.mark.parametrize(
    ("name", "blocks", "error"),
    [
        ("../../stranger.mp4", iter([b"x"]), ValueError),
        (f"{new_id()}.mp4", iter([b"x"]), ValueError),
        ("ID.mp4", broken(), OSError),
        ("ID.srt", broken(), OSError),
    ],
    ids=["path", "another job", "video cut off", "captions cut off"],
)
def test_nothing_but_whole_results_of_the_job_is_kept(tmp_path, name, blocks, error):
    folder = DataFolder(tmp_path / "data")
    job = Job(
        seq=1, id=new_id(), owner="", lane="cpu", state=JobState.STARTED, attempts=1,
        created_at=0.0, started_at=0.0, finished_at=None, order={"config": {}}, result=None,
        error=None,
    )  # fmt: skip
    folder.input_dir(job.id).mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error):
        make_elsewhere(Stranger(name.replace("ID", job.id), blocks), job, folder, Progress())
    assert sorted(tmp_path.rglob("*")) == before
