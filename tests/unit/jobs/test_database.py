"""The job table as a file: damaged, full, of another version, in use."""

import sqlite3
import threading
from contextlib import closing

import pytest

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs.database import Database
from sadtalker_ext.jobs.store import JobStore
from tests.unit.jobs.room import add, new


def test_a_failed_change_changes_nothing(store, database):
    job = add(store)
    with pytest.raises(sqlite3.IntegrityError):
        store.add(new(id=job.id))
    assert store.open_count() == 1
    assert add(store)


def test_readers_do_not_wait_for_a_writer(store, database):
    job = add(store)
    found = []
    with database.transaction() as db:
        db.execute("UPDATE jobs SET lane = 'other'")
        thread = threading.Thread(target=lambda: found.append(store.get(job.id).lane))
        thread.start()
        thread.join(5)
    assert found == ["cpu"]


@pytest.mark.parametrize("content", [b"not a database at all, " * 100])
def test_a_damaged_table_is_an_error_with_the_way_out(tmp_path, content):
    path = tmp_path / "jobs.sqlite3"
    path.write_bytes(content)
    with pytest.raises(SetupError) as caught:
        Database(path)
    assert caught.value.hint


def test_a_damaged_page_is_seen_at_the_start(tmp_path):
    """SQLite opens such a file, and fails when it comes upon the page."""
    path = tmp_path / "jobs.sqlite3"
    Database(path).close()
    with closing(sqlite3.connect(path)) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'turns'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)
    with pytest.raises(SetupError, match="cannot be used"):
        Database(path)


def test_a_table_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "jobs.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(SetupError, match="newer"):
        Database(path)


def test_a_full_disk_costs_one_write_and_no_more(database, store):
    """SQLite itself refuses to grow, in the middle of a transaction or at its end."""
    job, _ = store.add(new())
    pages = database.ask("PRAGMA page_count")[0][0]
    database._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.add(new(order={"text": "x" * 100_000}))
    database._writer.execute("PRAGMA max_page_count = 1000000")
    assert store.claim("cpu").id == job.id
    assert store.add(new(order={"text": "x" * 100_000}))[1]


def test_a_commit_that_fails_leaves_no_open_transaction(database, store):
    class Full:
        """A connection whose COMMIT finds the disk full."""

        def __init__(self, inner):
            self.inner = inner

        def execute(self, words, *rest):
            if words == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.inner.execute(words, *rest)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    real, database._writer = database._writer, Full(database._writer)
    with pytest.raises(sqlite3.OperationalError):
        store.add(new())
    database._writer = real
    assert store.open_count() == 0
    assert store.add(new())[1]


def test_a_table_of_before_turns_is_used_on(tmp_path, clock):
    """As versions without them left it."""
    path = tmp_path / "jobs.sqlite3"
    database = Database(path)
    earlier = add(JobStore(database, clock))
    database.change("DROP TABLE turns", ())
    database.close()
    database = Database(path)
    assert JobStore(database, clock).claim("cpu").id == earlier.id
    database.close()
