"""Other people's files in and instead of a data folder, over the whole life of a server."""

import os
import sqlite3
import subprocess
from contextlib import closing

import pytest

from tests.integration.api.conftest import make
from tests.support.api import PREFIX, TALKS, form, wait_final
from tests.support.decoy import lay_out, snapshot, snapshot_of


def talk(site):
    with site.http() as client:
        job = client.post(TALKS, **form()).json()["id"]
        assert wait_final(client, job)["status"] == "done"
    return job


def damage(folder, kind):
    """Do to the job table what a bad disk, a full one or a helpful person does."""
    table, log = folder / "jobs.sqlite3", folder / "jobs.sqlite3-wal"
    if kind == "overwritten":
        table.write_bytes(b"\xff" * 20_000)
    elif kind == "moved away":
        for file in folder.glob("jobs.sqlite3*"):
            file.unlink()
    elif kind == "emptied":
        table.write_bytes(b"")
        log.unlink(missing_ok=True)
    elif kind == "log cut":
        os.truncate(log, log.stat().st_size // 2)
    elif kind == "log gone":
        log.unlink()


def damage_pages(folder):
    """Overwrite all pages but the first under the hands of a running server."""
    with closing(sqlite3.connect(folder / "jobs.sqlite3", isolation_level=None)) as table:
        table.execute("UPDATE jobs SET attempts = attempts")  # so that no one trusts copies
        assert table.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        size = table.execute("PRAGMA page_size").fetchone()[0]
    with (folder / "jobs.sqlite3").open("r+b") as file:
        end = file.seek(0, 2)
        file.seek(size)
        file.write(b"\xa5" * (end - size))


@pytest.mark.parametrize("kind", ["moved away", "emptied", "log cut", "log gone"])
def test_foreign_files_and_finished_videos_outlive_every_start_and_end(tmp_path, kind):
    site = make("alone", tmp_path)
    site.start()
    try:
        decoys = lay_out(site.folder)
        videos = [site.results / f"{talk(site)}.mp4"]
        site.end()
        kept = snapshot_of([*decoys, *videos])
        site.start()
        site.kill()
        site.start()
        videos.append(site.results / f"{talk(site)}.mp4")
        assert kept == snapshot_of([*decoys, videos[0]])
        kept = snapshot_of([*decoys, *videos])
        site.kill()  # its log stays, and may be all there is of the last job
        damage(site.folder, kind)
        site.start()
        assert snapshot_of([*decoys, *videos]) == kept
        talk(site)
        site.end()
        assert snapshot_of([*decoys, *videos]) == kept
    finally:
        site.kill()


def test_a_damaged_table_stops_the_start_and_costs_nothing(tmp_path):
    site = make("alone", tmp_path)
    site.start()
    try:
        video = site.results / f"{talk(site)}.mp4"
        site.end()
        decoys = lay_out(site.folder)
        kept = snapshot_of([*decoys, video])
        damage(site.folder, "overwritten")
        with pytest.raises(AssertionError, match=r"Move jobs\.sqlite3 and the files"):
            site.start()
        assert snapshot_of([*decoys, video]) == kept
        damage(site.folder, "moved away")  # what the sentence says
        site.start()
        assert snapshot_of([*decoys, video]) == kept
    finally:
        site.kill()


def test_pages_damaged_while_it_runs_are_a_sentence(tmp_path):
    site = make("alone", tmp_path)
    site.start()
    try:
        video = site.results / f"{talk(site)}.mp4"
        kept = snapshot_of([video])
        damage_pages(site.folder)
        with site.http() as client:
            for answer in (client.get(TALKS), client.post(TALKS, **form())):
                assert answer.status_code == 503
                assert answer.json()["message"] == "The server's job table cannot be used now."
            assert client.get(f"{PREFIX}/options").status_code == 200
        site.end()
        assert "the job table cannot be used: database disk image is malformed" in site.printed()
        assert "Traceback" not in site.printed()
        with pytest.raises(AssertionError, match=r"Move jobs\.sqlite3 and the files"):
            site.start()
        assert snapshot_of([video]) == kept
    finally:
        site.kill()


def test_a_start_on_somebodys_folder_changes_not_one_byte(tmp_path):
    pytest.importorskip("uvicorn")
    site = make("alone", tmp_path, steered=False)
    lay_out(site.folder)
    before = snapshot(site.folder)
    words, place, _ = site.command()
    ended = subprocess.run(
        [str(word) for word in words], check=False, cwd=place, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "should be empty or one of sadtalker's" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert snapshot(site.folder) == before
