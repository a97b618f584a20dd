"""Webhook calls that are still to be made; they survive a restart like the jobs themselves."""

from __future__ import annotations

import time
from collections.abc import Callable

from sadtalker_ext.jobs.database import Database, as_job
from sadtalker_ext.jobs.records import Delivery


class Outbox:
    """The queue of webhook calls; filled by the store in the transaction that ends a job.

    Args:
        database: Where.
        clock: Seconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._db = database
        self._clock = clock

    def due(self, limit: int = 20) -> list[Delivery]:
        """Return calls whose time has come, the longest waiting first."""
        rows = self._db.ask(
            "SELECT j.*, d.id AS delivery_id, d.attempts AS tries FROM deliveries d "
            "JOIN jobs j ON j.id = d.job_id WHERE d.due_at <= ? ORDER BY d.due_at LIMIT ?",
            (self._clock(), limit),
        )
        return [
            Delivery(id=row["delivery_id"], attempts=row["tries"], job=as_job(row)) for row in rows
        ]

    def done(self, delivery: Delivery) -> None:
        """Forget a call: it was made, or given up."""
        self._db.change("DELETE FROM deliveries WHERE id = ?", (delivery.id,))

    def postpone(self, delivery: Delivery, seconds: float) -> None:
        """Count a failed call and try again later."""
        self._db.change(
            "UPDATE deliveries SET attempts = attempts + 1, due_at = ? WHERE id = ?",
            (self._clock() + seconds, delivery.id),
        )

    def waiting(self) -> int:
        """Return how many calls are still to be made."""
        return int(self._db.ask("SELECT count(*) FROM deliveries")[0][0])
