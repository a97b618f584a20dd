"""One SQLite file in write-ahead mode, used by many threads and by one process.

Readers have a connection of their own: in write-ahead mode they never wait for a writer, so a
status question is answered in well under a millisecond while a job is being stored.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs.records import Job, JobState

VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    lane TEXT NOT NULL,
    state TEXT NOT NULL,
    claimed INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    started_at REAL,
    finished_at REAL,
    job_order TEXT NOT NULL,
    result TEXT,
    error TEXT,
    key TEXT,
    fingerprint TEXT NOT NULL,
    webhook TEXT NOT NULL,
    UNIQUE (owner, key)
);
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, lane, seq);
CREATE INDEX IF NOT EXISTS jobs_by_owner ON jobs (owner, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS cancels (
    job_id TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
    error TEXT
);
CREATE TABLE IF NOT EXISTS turns (
    owner TEXT NOT NULL,
    lane TEXT NOT NULL,
    served INTEGER NOT NULL,
    PRIMARY KEY (owner, lane)
);
PRAGMA user_version = 1;
"""


class Database:
    """The file behind the job store and the outbox; safe to use from any thread.

    Args:
        path: The database file; its folder exists.

    Raises:
        SetupError: The file is damaged, or written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._writing = threading.RLock()
        self._reading = threading.Lock()
        try:
            self._writer = _connect(path)
            try:
                _prepare(self._writer, path)
                self._reader = _connect(path)
            except BaseException:
                self._writer.close()
                raise
        except sqlite3.DatabaseError as problem:
            raise SetupError(
                f"{path.name} should be a job database, but it cannot be used: {problem}.",
                hint=f"Move {path.name} and the files {path.name}-* away, then a new table is made "
                "and finished videos stay; or choose another data folder.",
            ) from problem

    def close(self) -> None:
        """Close the file; safe to call twice."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write: all or nothing."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                # a full disk may fail the COMMIT itself, or have ended the transaction already
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def change(self, statement: str, values: tuple[Any, ...]) -> bool:
        """Run one writing statement; tell whether any row was touched."""
        with self.transaction() as db:
            return bool(db.execute(statement, values).rowcount)

    def compact(self) -> None:
        """Write the file anew without what was removed, and empty the log of changes."""
        with self._writing, self._reading:
            self._writer.execute("VACUUM")
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def ask(self, question: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        """Read."""
        with self._reading:
            return self._reader.execute(question, values).fetchall()


def as_job(row: sqlite3.Row) -> Job:
    """Return one row of the table as a value."""
    return Job(
        seq=row["seq"],
        id=row["id"],
        owner=row["owner"],
        lane=row["lane"],
        state=JobState(row["state"]),
        attempts=row["attempts"],
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        order=json.loads(row["job_order"]),
        result=json.loads(row["result"]) if row["result"] else None,
        error=json.loads(row["error"]) if row["error"] else None,
        key=row["key"] or "",
        fingerprint=row["fingerprint"],
        webhook=row["webhook"],
    )


class FolderLock:
    """Keeps a data folder for one process; a killed process lets go of it.

    SQLite's own file locks do this on every system.

    Args:
        path: A file that exists only for this purpose.

    Raises:
        SetupError: Another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            self._db.close()
            raise SetupError(
                f"The data folder {path.parent} is in use by another process.",
                hint="End the other one, or choose another data folder.",
            ) from problem

    def release(self) -> None:
        """Let go; safe to call twice."""
        self._db.close()


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables that are not there yet, after looking through those that are.

    Raises:
        DatabaseError: A page is damaged. SQLite alone says so only when it comes upon it.
    """
    found = [row[0] for row in db.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise sqlite3.DatabaseError(str(found[0]).replace("\n", " "))
    if db.execute("PRAGMA user_version").fetchone()[0] > VERSION:
        raise SetupError(
            f"{path.name} was written by a newer version of this program.",
            hint="Update the program, or choose another data folder.",
        )
    db.executescript(_SCHEMA)


def _connect(path: Path) -> sqlite3.Connection:
    # check_same_thread: our own locks keep the threads apart; isolation_level: we say BEGIN
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # what was answered with 201 survives a power cut
        db.execute("PRAGMA foreign_keys = ON")
    except sqlite3.Error:
        db.close()
        raise
    return db
