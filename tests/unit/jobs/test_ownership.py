import json
import shutil
import sqlite3

import pytest

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs import ownership
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.folder import DataFolder, new_id
from sadtalker_ext.jobs.ownership import MARKER, claim
from tests.support.decoy import lay_out, snapshot

posix = pytest.mark.skipif("os.name == 'nt'", reason="Windows has no such rights")


def earlier_version(root):
    """A folder as versions without a marker left it after an orderly end."""
    folder = DataFolder(root)
    Database(folder.database).close()
    folder.lock.touch()
    (root / MARKER).unlink()
    folder.result(new_id()).write_bytes(b"a video")
    return folder


def refused(root):
    before = snapshot(root)
    with pytest.raises(SetupError) as caught:
        DataFolder(root)
    assert snapshot(root) == before
    assert "--data-dir" in caught.value.hint or "Update" in caught.value.hint
    return str(caught.value)


@posix
def test_a_new_folder_is_private_and_marked(tmp_path):
    claim(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    marker = tmp_path / "a" / "b" / MARKER
    assert json.loads(marker.read_text()) == {"program": "sadtalker", "format": 1}
    assert list(marker.parent.iterdir()) == [marker]


@posix
def test_an_empty_folder_keeps_its_rights_and_what_is_in_it_is_private(tmp_path):
    root = tmp_path / "shared"
    root.mkdir()
    root.chmod(0o755)
    (root / "lost+found").mkdir()
    folder = DataFolder(root)
    assert root.stat().st_mode & 0o777 == 0o755
    for private in (folder.inputs, folder.results):
        assert private.stat().st_mode & 0o077 == 0
    Database(folder.database).close()
    assert folder.database.stat().st_mode & 0o077 == 0
    root.chmod(0o750)
    DataFolder(root)
    assert root.stat().st_mode & 0o777 == 0o750


def test_somebodys_folder_is_refused_and_not_touched(tmp_path):
    lay_out(tmp_path)
    words = refused(tmp_path)
    assert "should be empty or one of sadtalker's" in words
    assert "thesis.docx" in words


@pytest.mark.parametrize("name", ["jobs.lock", "inputs", "webhook.secret"])
def test_a_name_of_ours_alone_does_not_make_a_folder_ours(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    (tmp_path / "diary.txt").write_bytes(b"mine")
    refused(tmp_path)


def test_another_programs_job_table_is_only_read(tmp_path):
    """In write-ahead mode SQLite would write beside the file as soon as it is opened."""
    made = sqlite3.connect(tmp_path / "jobs.sqlite3")
    made.execute("PRAGMA journal_mode = WAL")
    made.execute("CREATE TABLE jobs (id TEXT, title TEXT)")
    made.execute("INSERT INTO jobs VALUES ('1', 'gardener')")
    made.commit()
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in ("jobs.sqlite3", "jobs.sqlite3-wal"):
        shutil.copyfile(tmp_path / file, copy / file)
    made.close()
    (copy / "jobs.lock").touch()
    (copy / "results").mkdir()
    (copy / "results" / "gardening.mp4").write_bytes(b"x")
    refused(copy)


@pytest.mark.parametrize("state", ["as it was", "killed", "damaged", "gone", "emptied"])
def test_a_folder_of_an_earlier_version_is_adopted_whatever_became_of_its_table(tmp_path, state):
    root = tmp_path / "data"
    folder = earlier_version(root)
    if state == "killed":  # the tables are still in the log
        folder.database.unlink()
        opened = Database(folder.database)
        for file in ("jobs.sqlite3", "jobs.sqlite3-wal"):
            shutil.copyfile(root / file, tmp_path / file)
        opened.close()
        for file in ("jobs.sqlite3", "jobs.sqlite3-wal"):
            shutil.copyfile(tmp_path / file, root / file)
        (root / "notes.txt").write_bytes(b"the user's own, beside ours")
    elif state == "damaged":
        folder.database.write_bytes(b"\xff" * 9000)
    elif state == "gone":
        folder.database.unlink()
    elif state == "emptied":
        folder.database.write_bytes(b"")
    videos = snapshot(root / "results")
    DataFolder(root)
    assert (root / MARKER).exists()
    assert snapshot(root / "results") == videos


def test_an_earlier_folder_with_a_damaged_table_and_foreign_files_is_refused(tmp_path):
    folder = earlier_version(tmp_path / "data")
    folder.database.write_bytes(b"\xff" * 9000)
    (folder.results / "holiday.mp4").write_bytes(b"somebody's")
    refused(tmp_path / "data")


def test_a_marked_folder_is_ours_with_whatever_lies_in_it(tmp_path):
    claim(tmp_path)
    lay_out(tmp_path)
    before = snapshot(tmp_path)
    claim(tmp_path)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"format": 2}', "newer version"),
        ('{"format": "one"}', "as a number"),
        ('{"format": true}', "as a number"),
        ("[]", "as a number"),
        ("", "as a number"),
    ],
)
def test_a_marker_that_is_not_understood_stops_the_start(tmp_path, content, words):
    (tmp_path / MARKER).write_text(content)
    before = snapshot(tmp_path)
    with pytest.raises(SetupError, match=words):
        DataFolder(tmp_path)
    assert snapshot(tmp_path) == before


def test_a_start_that_died_while_marking_is_no_obstacle(tmp_path):
    (tmp_path / f"{MARKER}.12ab34cd.part").write_text("{")
    claim(tmp_path)
    assert (tmp_path / MARKER).exists()


def test_a_file_in_the_folders_place_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "data").write_bytes(b"mine")
    with pytest.raises(SetupError, match="found a file"):
        claim(tmp_path / "data")
    assert (tmp_path / "data").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_written_to_is_refused_with_a_sentence(tmp_path, monkeypatch):
    claim(tmp_path)
    monkeypatch.setattr(ownership.os, "access", lambda *_: False)
    with pytest.raises(SetupError, match="read-only"):
        claim(tmp_path)
