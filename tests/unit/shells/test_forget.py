"""What a server stored about somebody is removed, and nothing else."""

import json
import sqlite3
import time
from contextlib import closing

import pytest

from sadtalker_ext.history import History
from sadtalker_ext.jobs import database
from sadtalker_ext.jobs.database import FolderLock
from sadtalker_ext.jobs.folder import new_id
from sadtalker_ext.jobs.records import JobState
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.shells.cli import main
from tests.support.decoy import lay_out, snapshot_of
from tests.unit.jobs.room import Room
from tests.unit.test_history import make


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Two users' jobs: a done one and a waiting one each; and files of somebody else."""
    monkeypatch.setenv("SADTALKER_HOME", str(tmp_path / "home"))
    room = Room(tmp_path / "data")
    for owner in ("ann", "bob"):
        for state in ("done", "created"):
            job = room.store.add(job_of(owner))[0]
            room.folder.input_dir(job.id).mkdir()
            for name in ("audio", "speech_0"):
                (room.folder.input_dir(job.id) / name).write_bytes(b"voice")
            if state == "done":
                room.store.start(job.id)
                room.store.finish(job.id, JobState.DONE, result={"suffix": ".mp4"})
                room.folder.result(job.id).write_bytes(b"video")
                room.folder.captions(job.id, ".srt").write_bytes(b"words")
            else:
                (room.folder.results / f".{job.id}.12ab34cd.dub").mkdir()
    room.folder.result(new_id()).write_bytes(b"of a table that was lost")
    day = room.folder.root / "page" / "2026-01-31"
    day.mkdir(parents=True)
    (day / "0001-ann.mp4").write_bytes(b"video")
    room.database.close()
    lay_out(room.folder.root, {"page/2026-01-31/holiday.mp4": b"mine", "results/x.mp4": b"mine"})
    return room.folder


def job_of(owner):
    from sadtalker_ext.jobs.records import NewJob

    return NewJob(
        id=new_id(), lane="cpu", order={"secret": f"what {owner} said"}, owner=owner,
        webhook=f"https://{owner}.example/",
    )  # fmt: skip


def forget(data, *words):
    return main(["forget", "--data-dir", str(data.root), "--json", *words])


def owners(data):
    with closing(sqlite3.connect(data.database)) as db, db:
        return sorted(row[0] for row in db.execute("SELECT owner FROM jobs"))


def test_one_user_is_forgotten(data, capsys):
    foreign = snapshot_of([data.root / "results" / "x.mp4"])
    assert forget(data, "--user", "ann") == 0
    assert json.loads(capsys.readouterr().out) == {"jobs": 2, "page_videos": 0, "page_state": 0}
    assert owners(data) == ["bob", "bob"]
    assert len(list(data.inputs.iterdir())) == 2
    assert len(data.finished()) == 2
    assert not list(data.results.glob("*.dub")), "of a server that was killed"
    assert b"what bob said" in stored(data)
    assert b"ann" not in stored(data)
    assert snapshot_of([data.root / "results" / "x.mp4"]) == foreign


def test_a_users_presets_of_the_page_go_with_their_jobs(data, tmp_path, capsys):
    page = tmp_path / "home" / "page"
    for user in ("ann", "bob", ""):
        PresetBook(page, user).save("Look", {"head_motion": 0.5})
    assert forget(data, "--user", "ann") == 0
    assert json.loads(capsys.readouterr().out)["page_state"] == 1
    assert [PresetBook(page, user).is_own("Look") for user in ("ann", "bob", "")] == [0, 1, 1]
    assert forget(data, "--page") == 0
    assert list(page.iterdir()) == []


def stored(data):
    return b"".join(one.read_bytes() for one in data.root.glob("jobs.sqlite3*"))


def test_what_earlier_removals_left_in_the_file_goes_too(data):
    """Rows that were removed without being overwritten, as most SQLites do."""
    with closing(sqlite3.connect(data.database, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = OFF")
        db.execute("DELETE FROM jobs WHERE owner = 'ann'")
    assert b"what ann said" in stored(data)
    assert forget(data, "--user", "ann") == 0
    assert b"what ann said" not in stored(data)


def test_removed_rows_are_overwritten_before_the_file_is_written_anew(data, monkeypatch):
    """Blocks that a shorter file gives back to the disk hold nothing either."""

    def as_most_are_built(path):
        db = connect(path)
        db.execute("PRAGMA secure_delete = OFF")
        return db

    connect = database._connect
    monkeypatch.setattr(database, "_connect", as_most_are_built)
    monkeypatch.setattr(database.Database, "compact", lambda self: None)
    assert forget(data, "--user", "ann") == 0
    assert b"what bob said" in stored(data)
    assert b"what ann said" not in stored(data)


def test_one_job_and_old_ones(data):
    (job, *_others) = data.finished()
    assert forget(data, "--job", job, "--job", "tlk_unknown") == 0
    assert job not in data.finished()
    with closing(sqlite3.connect(data.database)) as db, db:
        db.execute("UPDATE jobs SET finished_at = ? WHERE state = 'done'", (time.time() - 90_000,))
    assert forget(data, "--older-than", "1") == 0
    with closing(sqlite3.connect(data.database)) as db:
        assert "created" in str(db.execute("SELECT * FROM jobs").fetchall())


def test_everything_is_forgotten_but_what_is_not_ours(data):
    assert forget(data, "--all") == 0
    assert owners(data) == []
    left = sorted(str(one.relative_to(data.root)) for one in data.root.rglob("*") if one.is_file())
    ours = ("jobs.", "sadtalker-data.json")
    assert [one for one in left if not one.startswith(ours)] == [
        "page/2026-01-31/holiday.mp4",
        "results/x.mp4",
    ]


@pytest.mark.parametrize("words", [[], ["--older-than", "-1"], ["--older-than", "nan"]])
def test_nothing_by_accident(data, words, capsys):
    assert forget(data, *words) != 0
    assert owners(data) == ["ann", "ann", "bob", "bob"]


def test_a_folder_that_is_not_ours_or_in_use_is_left_alone(data, tmp_path, capsys):
    for other in (tmp_path / "none", tmp_path):
        assert main(["forget", "--data-dir", str(other), "--all"]) != 0
    assert not (tmp_path / "none").exists()
    lock = FolderLock(data.lock)
    assert forget(data, "--all") != 0
    lock.release()
    assert "in use" in capsys.readouterr().out
    assert len(owners(data)) == 4


def test_a_user_s_videos_of_the_page_are_forgotten_with_their_jobs(data, tmp_path, capsys):
    page = data.root / "page"
    history = History(page, tmp_path / "home" / "page")
    for name, owner in (("0002-a.mp4", "ann"), ("0003-b.mp4", "bob")):
        history.note(make(page / "2026-02-01" / name, 1000), owner)
    assert forget(data, "--user", "ann") == 0
    assert json.loads(capsys.readouterr().out)["page_videos"] == 1
    left = {path.name for path in page.rglob("*.mp4")}
    assert left == {"0001-ann.mp4", "0003-b.mp4", "holiday.mp4"}
