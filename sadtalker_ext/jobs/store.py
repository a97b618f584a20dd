"""The job table.

Every change of state is one statement whose WHERE clause names the state it starts from, so two
threads can never both win.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection

from sadtalker_ext.jobs.database import Database, as_job
from sadtalker_ext.jobs.records import Job, JobState, Json, NewJob

MAX_ATTEMPTS = 2
"""A job whose process dies, or whose worker, is tried once more."""

_GONE = {
    "code": "interrupted",
    "message": "The program ended twice while this video was being made.",
    "hint": "Look at the program's log, then send the request again.",
}


class JobStore:
    """Keeps jobs; safe to use from any thread.

    Args:
        database: Where.
        clock: Seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._db = database
        self._clock = clock

    def now(self) -> float:
        """Seconds since the epoch, as the table counts them."""
        return self._clock()

    def add(self, new: NewJob) -> tuple[Job, bool]:
        """Queue a job.

        Returns:
            The job, and whether it is new: with an idempotency key that was used before, the
            earlier job is returned as it is.
        """
        with self._db.transaction() as db:
            if new.key:
                row = db.execute(
                    "SELECT * FROM jobs WHERE owner = ? AND key = ?", (new.owner, new.key)
                ).fetchone()
                if row is not None:
                    return as_job(row), False
            db.execute(
                "INSERT INTO jobs (id, owner, lane, state, created_at, job_order, key, "
                "fingerprint, webhook) VALUES (?, ?, ?, 'created', ?, ?, ?, ?, ?)",
                (
                    new.id,
                    new.owner,
                    new.lane,
                    self._clock(),
                    json.dumps(new.order, ensure_ascii=False),
                    new.key or None,
                    new.fingerprint,
                    new.webhook,
                ),
            )
            row = db.execute("SELECT * FROM jobs WHERE id = ?", (new.id,)).fetchone()
            return as_job(row), True

    def claim(self, lane: str) -> Job | None:
        """Take a waiting job of a lane, so that nobody else takes it.

        It is the oldest one of the owner who has waited longest for a turn: the many jobs of one
        owner do not keep the only one of another waiting.
        """
        with self._db.transaction() as db:
            row = db.execute(
                "SELECT seq FROM (SELECT min(seq) AS seq, owner FROM jobs WHERE state = 'created' "
                "AND claimed = 0 AND lane = :lane GROUP BY owner) AS first ORDER BY "
                "(SELECT ifnull(max(served), 0) FROM turns WHERE turns.owner = first.owner "
                "AND turns.lane = :lane), seq LIMIT 1",
                {"lane": lane},
            ).fetchone()
            if row is None:
                return None
            db.execute(
                "UPDATE jobs SET claimed = 1, attempts = attempts + 1 WHERE seq = ?", (row["seq"],)
            )
            db.execute(
                "INSERT OR REPLACE INTO turns (owner, lane, served) SELECT owner, lane, "
                "(SELECT ifnull(max(served), 0) + 1 FROM turns) FROM jobs WHERE seq = ?",
                (row["seq"],),
            )
            return as_job(db.execute("SELECT * FROM jobs WHERE seq = ?", (row["seq"],)).fetchone())

    def start(self, job_id: str) -> bool:
        """Note that the work begins; False when the job was cancelled or removed meanwhile."""
        return self._db.change(
            "UPDATE jobs SET state = 'started', started_at = ? WHERE id = ? AND state = 'created'",
            (self._clock(), job_id),
        )

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        result: Json | None = None,
        error: dict[str, str] | None = None,
    ) -> bool:
        """Make an open job final and queue its webhook; False when it was final or gone."""
        with self._db.transaction() as db:
            return self._make_final(db, job_id, state, _text(error), _text(result))

    def cancel(self, job_id: str, error: dict[str, str]) -> bool:
        """Reject a job whose work has not begun; note at one that has that it is to end.

        The note is for `give_back` and `recover`, which queue no such job again.

        Returns:
            Whether the job is rejected now; otherwise whoever works on it is to stop.
        """
        with self._db.transaction() as db:
            row = db.execute("SELECT state FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is not None and row["state"] == JobState.STARTED:
                db.execute("INSERT OR IGNORE INTO cancels VALUES (?, ?)", (job_id, _text(error)))
            if row is None or row["state"] != JobState.CREATED:
                return False
            return self._make_final(db, job_id, JobState.REJECTED, _text(error))

    def give_back(self, job_id: str, *, tried: bool = False) -> bool:
        """Queue an open job again; reject it instead where it was cancelled.

        Args:
            job_id: The job.
            tried: Whether the try counts; an orderly end leaves it as if it had not begun.

        Returns:
            Whether the job waits again.
        """
        with self._db.transaction() as db:
            self._reject_cancelled(db, job_id)
            changed = db.execute(
                "UPDATE jobs SET state = 'created', claimed = 0, started_at = NULL, "
                "attempts = max(attempts - ?, 0) WHERE id = ? AND state IN ('created', 'started')",
                (0 if tried else 1, job_id),
            )
            return bool(changed.rowcount)

    def recover(self, whole: Collection[str] = ()) -> tuple[int, int]:
        """Sort out jobs that a dead process was working on; those that were cancelled are rejected.

        Args:
            whole: Jobs whose finished video lies in the folder. It was not they that ended the
                process, so they are made again as often as twice the usual number of tries.

        Returns:
            How many were queued again, and how many ended in an error.
        """
        with self._db.transaction() as db:
            self._reject_cancelled(db)
            tried = db.execute(
                "SELECT id, attempts FROM jobs WHERE state IN ('created', 'started') "
                "AND claimed = 1 AND attempts >= ?",
                (MAX_ATTEMPTS,),
            ).fetchall()
            broken = [
                row
                for row in tried
                if row["attempts"] >= MAX_ATTEMPTS * (2 if row["id"] in whole else 1)
            ]
            for row in broken:
                self._make_final(db, row["id"], JobState.ERROR, _text(_GONE))
            again = db.execute(
                "UPDATE jobs SET state = 'created', claimed = 0, started_at = NULL "
                "WHERE state IN ('created', 'started') AND claimed = 1"
            ).rowcount
            return again, len(broken)

    def remove(self, job_id: str) -> bool:
        """Forget a final job; False when it is not final or not there."""
        return self._db.change(
            "DELETE FROM jobs WHERE id = ? AND state NOT IN ('created', 'started')", (job_id,)
        )

    def get(self, job_id: str, owner: str | None = None) -> Job | None:
        """Return a job; with an owner, only if it is theirs."""
        rows = self._db.ask("SELECT * FROM jobs WHERE id = ?", (job_id,))
        job = as_job(rows[0]) if rows else None
        return job if job is None or owner in (None, job.owner) else None

    def by_key(self, owner: str, key: str) -> Job | None:
        """Return the job that was made with an idempotency key."""
        rows = self._db.ask("SELECT * FROM jobs WHERE owner = ? AND key = ?", (owner, key))
        return as_job(rows[0]) if rows else None

    def page(self, owner: str, limit: int, before: int | None = None) -> list[Job]:
        """Return an owner's jobs, newest first, that are older than the position `before`."""
        rows = self._db.ask(
            "SELECT * FROM jobs WHERE owner = ? AND seq < ? ORDER BY seq DESC LIMIT ?",
            (owner, 2**62 if before is None else before, limit),
        )
        return [as_job(row) for row in rows]

    def ahead_of(self, job: Job) -> int:
        """Return about how many open jobs of the same lane come before this one.

        Owners take turns: the third job of one comes after the first two of every other.
        """
        rows = self._db.ask(
            "WITH waiting AS (SELECT seq, row_number() OVER (PARTITION BY owner ORDER BY seq) "
            "AS turn FROM jobs WHERE state IN ('created', 'started') AND lane = ?) "
            "SELECT count(*) FROM waiting, (SELECT turn AS mine FROM waiting WHERE seq = ?) "
            "WHERE turn < mine OR (turn = mine AND seq < ?)",
            (job.lane, job.seq, job.seq),
        )
        return int(rows[0][0])

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are in each state."""
        rows = self._db.ask("SELECT state, count(*) FROM jobs GROUP BY state")
        found = {row[0]: int(row[1]) for row in rows}
        return {state.value: found.get(state.value, 0) for state in JobState}

    def open_count(self, owner: str | None = None) -> int:
        """Return how many jobs are waiting or being worked on, all or an owner's."""
        rows = self._db.ask(
            "SELECT count(*) FROM jobs WHERE state IN ('created', 'started') "
            "AND (? IS NULL OR owner = ?)",
            (owner, owner),
        )
        return int(rows[0][0])

    def finished_before(self, moment: float, limit: int = 500) -> list[str]:
        """Return the ids of final jobs that ended before a time, oldest first."""
        rows = self._db.ask(
            "SELECT id FROM jobs WHERE state NOT IN ('created', 'started') AND finished_at < ? "
            "ORDER BY finished_at LIMIT ?",
            (moment, limit),
        )
        return [row["id"] for row in rows]

    def known(self) -> dict[str, JobState]:
        """Return the state of every job there is."""
        rows = self._db.ask("SELECT id, state FROM jobs")
        return {row["id"]: JobState(row["state"]) for row in rows}

    def _make_final(
        self,
        db: sqlite3.Connection,
        job_id: str,
        state: JobState,
        error: str | None,
        result: str | None = None,
    ) -> bool:
        """End an open job and queue its webhook; False when it was final or gone."""
        now = self._clock()
        changed = db.execute(
            "UPDATE jobs SET state = ?, finished_at = ?, result = ?, error = ? "
            "WHERE id = ? AND state IN ('created', 'started')",
            (state.value, now, result, error, job_id),
        ).rowcount
        if changed:
            db.execute("DELETE FROM cancels WHERE job_id = ?", (job_id,))
            db.execute(
                "INSERT INTO deliveries (job_id, due_at) SELECT id, ? FROM jobs "
                "WHERE id = ? AND webhook != ''",
                (now, job_id),
            )
        return bool(changed)

    def _reject_cancelled(self, db: sqlite3.Connection, job_id: str | None = None) -> None:
        """Reject jobs that were cancelled while they were worked on: one, or all."""
        found = db.execute(
            "SELECT job_id, error FROM cancels WHERE ? IS NULL OR job_id = ?", (job_id, job_id)
        ).fetchall()
        for row in found:
            self._make_final(db, row["job_id"], JobState.REJECTED, row["error"])


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
