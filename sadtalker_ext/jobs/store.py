"""The job table.

Every change of state is one statement whose WHERE clause names the state it starts from, so two
threads can never both win.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection

from sadtalker_ext.jobs.database import Database
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
            now = self._clock()
            changed = db.execute(
                "UPDATE jobs SET state = ?, finished_at = ?, result = ?, error = ? "
                "WHERE id = ? AND state IN ('created', 'started')",
                (state.value, now, _text(result), _text(error), job_id),
            ).rowcount
            if changed:
                _queue_webhook(db, job_id, now)
            return bool(changed)

    def cancel_queued(self, job_id: str, error: dict[str, str]) -> bool:
        """Reject a job whose work has not begun; False when it has."""
        with self._db.transaction() as db:
            now = self._clock()
            changed = db.execute(
                "UPDATE jobs SET state = 'rejected', finished_at = ?, error = ? "
                "WHERE id = ? AND state = 'created'",
                (now, _text(error), job_id),
            ).rowcount
            if changed:
                _queue_webhook(db, job_id, now)
            return bool(changed)

    def give_back(self, job_id: str, *, tried: bool = False) -> bool:
        """Queue an open job again.

        Args:
            job_id: The job.
            tried: Whether the try counts; an orderly end leaves it as if it had not begun.
        """
        return self._db.change(
            "UPDATE jobs SET state = 'created', claimed = 0, started_at = NULL, "
            "attempts = max(attempts - ?, 0) WHERE id = ? AND state IN ('created', 'started')",
            (0 if tried else 1, job_id),
        )

    def recover(self, whole: Collection[str] = ()) -> tuple[int, int]:
        """Sort out jobs that a dead process was working on.

        Args:
            whole: Jobs whose finished video lies in the folder. It was not they that ended the
                process, so they are made again as often as twice the usual number of tries.

        Returns:
            How many were queued again, and how many ended in an error.
        """
        with self._db.transaction() as db:
            now = self._clock()
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
                db.execute(
                    "UPDATE jobs SET state = 'error', finished_at = ?, error = ? WHERE id = ?",
                    (now, _text(_GONE), row["id"]),
                )
                _queue_webhook(db, row["id"], now)
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


def _queue_webhook(db: sqlite3.Connection, job_id: str, now: float) -> None:
    db.execute(
        "INSERT INTO deliveries (job_id, due_at) SELECT id, ? FROM jobs "
        "WHERE id = ? AND webhook != ''",
        (now, job_id),
    )


def _text(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
