"""The data folder: one process, our names alone, and what a start throws away."""

import pytest

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs import names
from sadtalker_ext.jobs.database import FolderLock
from sadtalker_ext.jobs.folder import DataFolder, is_id, new_id


def test_a_folder_has_one_process(tmp_path):
    lock = FolderLock(tmp_path / "jobs.lock")
    with pytest.raises(SetupError, match="in use"):
        FolderLock(tmp_path / "jobs.lock")
    lock.release()
    FolderLock(tmp_path / "jobs.lock").release()


@pytest.mark.parametrize("text", ["", "tlk_", "../x", "tlk_" + "a" * 21, "tlk_" + "a" * 23, "x"])
def test_only_our_ids_become_paths(tmp_path, text):
    folder = DataFolder(tmp_path / "data")
    assert not is_id(text)
    for path_of in (folder.result, folder.input_dir):
        with pytest.raises(ValueError, match="not the id"):
            path_of(text)


def test_sweeping_leaves_uploads_of_open_jobs_and_every_finished_video(tmp_path, caplog):
    folder = DataFolder(tmp_path / "data")
    still_open, over, lost = new_id(), new_id(), new_id()
    for job_id in (still_open, over, lost):
        folder.input_dir(job_id).mkdir()
        for name in names.UPLOADS:
            (folder.input_dir(job_id) / name).write_bytes(b"x")
        folder.result(job_id).write_bytes(b"x")
    (folder.results / f".{over}.12ab34cd.part.mp4").write_bytes(b"x")
    (folder.results / f".{over}.12ab34cd.probe").write_bytes(b"x")
    (folder.results / f"{over}.partial.mp4").write_bytes(b"x")
    day = folder.root / "page" / "2026-01-31"
    for name in (f".{over}.12ab34cd.dub", f".{over}.12ab34cd.segments"):
        (folder.results / name / "spoken-00000").mkdir(parents=True)
        (folder.results / name / "spoken-00000" / "speech.wav").write_bytes(b"x")
    (day / ".0001-ada.12ab34cd.dub").mkdir(parents=True)
    (day / ".0002-ada.12ab34cd.part.mp4").write_bytes(b"x")
    (day / "0001-ada.mp4").write_bytes(b"x")
    assert folder.sweep({still_open: True, over: False}) == 9
    assert [path.name for path in day.iterdir()] == ["0001-ada.mp4"]
    assert [path.name for path in folder.inputs.iterdir()] == [still_open]
    videos = {f"{job_id}.mp4" for job_id in (still_open, over, lost)}
    assert {path.name for path in folder.results.iterdir()} == videos
    assert "1 videos in" in caplog.text


def test_what_lies_beside_a_video_goes_with_it(tmp_path):
    folder = DataFolder(tmp_path / "data")
    mine, other = new_id(), new_id()
    endings = (".srt", ".webm.c2pa", ".mp4.consent.json", ".gif.consent.json")
    for job_id in (mine, other):
        folder.result(job_id, ".webm").write_bytes(b"x")
        for ending in endings:
            (folder.results / f"{job_id}{ending}").write_bytes(b"x")
    stopped = folder.results / f"{mine}.partial.gif.c2pa"
    stopped.write_bytes(b"x")
    assert folder.sweep({mine: False, other: False}) == 1
    assert not stopped.exists()
    folder.drop_result(mine)
    left = {one.name for one in folder.results.iterdir()}
    assert left == {f"{other}{ending}" for ending in (*endings, ".webm")}
    assert all(names.is_ours(name) for name in left)


def test_sweeping_removes_nothing_that_has_another_name_than_ours(tmp_path):
    folder = DataFolder(tmp_path / "data")
    uploads = folder.input_dir(new_id())
    uploads.mkdir()
    foreign = [
        folder.inputs / "note.txt",
        folder.inputs / new_id(),  # a file, where we make folders
        uploads / "photo.jpg",
        folder.results / "holiday.mp4",
        folder.results / ".part.mp4",
        folder.results / f"{new_id()}.mkv",
        folder.results / f"{new_id()}.partial.mp4",  # of no job that is known
        folder.results / f".{new_id()}.dub" / "speech.wav",
        folder.results / f".{new_id()}.12ab34cd.part.mp4" / "film.mp4",  # a folder
        folder.root / "page" / "holiday" / ".0001-x.12ab34cd.part.mp4",
        folder.root / "page" / "2026-01-31" / ".film.12ab34cd.part.mp4",
    ]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"somebody's")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "audio").write_bytes(b"somebody's")
    (folder.inputs / new_id()).symlink_to(elsewhere)
    assert folder.sweep({}) == 0
    folder.drop_inputs(uploads.name)
    assert all(path.read_bytes() == b"somebody's" for path in [*foreign, elsewhere / "audio"])
