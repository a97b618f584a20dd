"""Removing what a data folder holds about somebody, while no server works in it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from sadtalker_ext.jobs import names
from sadtalker_ext.jobs.database import Database, FolderLock
from sadtalker_ext.jobs.folder import DataFolder


class Forgetter:
    """Opens a data folder, chooses jobs, and removes them with all their files.

    Args:
        root: The data folder.

    Raises:
        SetupError: The folder is not ours, its table is damaged, or a server works in it.
    """

    def __init__(self, root: Path) -> None:
        self._folder = DataFolder(root)
        self._lock = FolderLock(self._folder.lock)
        try:
            self._db = Database(self._folder.database)
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Forgetter:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the folder."""
        self._db.close()
        self._lock.release()

    def jobs_of(self, owner: str) -> set[str]:
        """Return the ids of a user's jobs, waiting ones included."""
        return self._ids("owner = ?", owner)

    def known(self, job_ids: Iterable[str]) -> set[str]:
        """Return those ids that are jobs, or whose video lies in the folder without a job."""
        return set(job_ids) & self.everything()

    def older_than(self, seconds: float) -> set[str]:
        """Return the ids of jobs that ended longer ago than this."""
        return self._ids("finished_at < ?", time.time() - seconds)

    def everything(self) -> set[str]:
        """Return the ids of all jobs, and of videos whose job is not in the table any more."""
        return self._ids("1 = ?", 1) | self._folder.finished()

    def forget(self, job_ids: set[str]) -> int:
        """Remove jobs, their uploads, videos and captions; returns how many they were.

        With them goes what a killed server left of videos that it was making.

        Removed rows are overwritten in the file of the table, not only marked as free.
        """
        with self._db.transaction() as db:
            db.execute("PRAGMA secure_delete = ON")
            db.executemany("DELETE FROM jobs WHERE id = ?", [(one,) for one in job_ids])
            db.execute("DELETE FROM turns WHERE owner NOT IN (SELECT owner FROM jobs)")
        for job_id in job_ids:
            self._folder.drop_inputs(job_id)
            self._folder.drop_result(job_id)
        self._folder.drop_unfinished()
        self._db.compact()
        return len(job_ids)

    def forget_page(self) -> int:
        """Remove the videos that the page numbered; returns how many."""
        removed = 0
        self._folder.drop_unfinished()
        page = self._folder.root / names.PAGE
        for day in page.iterdir() if page.is_dir() else ():
            if not names.is_page_day(day.name) or day.is_symlink() or not day.is_dir():
                continue
            for file in day.iterdir():
                if names.is_page_file(file.name) and file.is_file() and not file.is_symlink():
                    file.unlink()
                    removed += 1
            with contextlib.suppress(OSError):
                day.rmdir()
        return removed

    def _ids(self, condition: str, value: object) -> set[str]:
        question = f"SELECT id FROM jobs WHERE {condition}"  # noqa: S608 - our own words
        return {row["id"] for row in self._db.ask(question, (value,))}
