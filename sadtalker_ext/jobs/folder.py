"""The data folder: where uploads wait, and where results stay.

::

    sadtalker-data.json   says that the folder is ours, see `ownership`
    jobs.sqlite3          the job table
    jobs.lock             held by the process that works here
    inputs/ID/...         uploads of jobs that are not final
    page/DAY/...          videos of the page
    results/ID.mp4        finished videos (.mp4, .webm, .mov, .gif, .zip)
    results/ID.srt        captions that were asked for (.srt, .vtt)
    results/ID.webm.c2pa  manifest of a video that cannot hold it; ID.mp4.consent.json: who agreed

Only ids made by `new_id` become part of a path; nothing a client sends does. Nothing is removed
that does not have one of our names, and no finished video unless the job table knows its job: after
the loss of that table videos stay where they are.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from sadtalker_ext.errors import SetupError
from sadtalker_ext.folders import make_folder
from sadtalker_ext.jobs import names
from sadtalker_ext.jobs.names import SUFFIXES, is_id, new_id
from sadtalker_ext.jobs.ownership import claim
from sadtalker_ext.unfinished import is_work_folder

__all__ = ["SUFFIXES", "DataFolder", "is_id", "new_id"]

log = logging.getLogger(__name__)


class DataFolder:
    """Knows every path of the jobs.

    Args:
        root: The folder; made when it is missing.

    Raises:
        SetupError: It belongs to somebody else, or cannot be written to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        claim(self.root)
        self.inputs = self.root / names.INPUTS
        self.results = self.root / names.RESULTS
        for folder in (self.inputs, self.results):
            private_folder(folder)
        if not self.database.exists():
            # the folder around it may be open to others; SQLite gives its log files the same rights
            self.database.touch(mode=0o600)

    @property
    def database(self) -> Path:
        """The job table."""
        return self.root / names.DATABASE

    @property
    def lock(self) -> Path:
        """Held by the process that works here."""
        return self.root / names.LOCK

    @property
    def secret(self) -> Path:
        """The key of webhooks, where none is given."""
        return self.root / names.SECRET

    def input_dir(self, job_id: str) -> Path:
        """Return the folder of a job's uploads."""
        return self.inputs / _checked(job_id)

    def result(self, job_id: str, suffix: str = ".mp4") -> Path:
        """Return where a job's video is, or will be."""
        if suffix not in SUFFIXES:
            raise ValueError(f"not the extension of a result: {suffix!r}")
        return self.results / f"{_checked(job_id)}{suffix}"

    def captions(self, job_id: str, suffix: str) -> Path:
        """Return where a job's captions are, or would be."""
        if suffix not in names.CAPTIONS:
            raise ValueError(f"not the extension of captions: {suffix!r}")
        return self.results / f"{_checked(job_id)}{suffix}"

    def finished(self) -> set[str]:
        """Return the ids of all jobs whose finished video lies here."""
        return {names.video_id(path.name) for path in self.results.iterdir()} - {""}

    def drop_inputs(self, job_id: str) -> None:
        """Remove a job's uploads; nothing happens when there are none."""
        _drop_uploads(self.input_dir(job_id))

    def drop_result(self, job_id: str) -> None:
        """Remove a job's video and what lies beside it; nothing happens when there are none."""
        # on Windows a file that is being sent cannot be removed; it stays
        records = [f"{suffix}{ending}" for suffix in SUFFIXES for ending in names.RECORDS]
        for ending in (*SUFFIXES, *names.CAPTIONS, *records):
            with contextlib.suppress(OSError):
                (self.results / f"{_checked(job_id)}{ending}").unlink(missing_ok=True)

    def drop_unfinished(self) -> int:
        """Remove what belongs to videos that nobody works on any more; returns how many things.

        Only for a process that holds the lock of the folder, before it begins to work.
        """
        found = [one for one in self.results.iterdir() if names.is_unfinished(one.name)]
        page = self.root / names.PAGE
        for day in page.iterdir() if page.is_dir() else ():
            if names.is_page_day(day.name) and day.is_dir() and not day.is_symlink():
                found += [one for one in day.iterdir() if names.is_page_unfinished(one.name)]
        return sum(_drop(one) for one in found)

    def sweep(self, known: Mapping[str, bool]) -> int:
        """Remove what a dead process left behind; finished videos always stay.

        Args:
            known: For every job of the table whether its uploads are still needed.

        Returns:
            How many files and folders were removed.
        """
        needed = {job_id for job_id, wanted in known.items() if wanted}
        removed = 0
        for folder in self.inputs.iterdir():
            if is_id(folder.name) and folder.name not in needed:
                removed += _drop_uploads(folder)
        for file in self.results.iterdir():
            if names.stopped_id(file.name) in known:
                removed += _drop(file)
        removed += self.drop_unfinished()
        strangers = len(self.finished() - known.keys())
        if strangers:
            log.warning(
                "%d videos in %s belong to no job in the job table; they are left there",
                strangers,
                self.results,
            )
        return removed


def private_folder(path: Path) -> None:
    """Make a folder that nobody else can look into; one that exists stays as it is.

    Raises:
        SetupError: It cannot be made.
    """
    make_folder(
        path,
        private=True,
        hint="See that the data folder can be written to, or choose another one (--data-dir).",
        refusal=SetupError,
    )


def _drop_uploads(folder: Path) -> bool:
    """Remove a folder of uploads; anything in it that no job puts there keeps it alive."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    for name in names.UPLOADS:
        with contextlib.suppress(OSError):
            (folder / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return not folder.exists()


def _drop(path: Path) -> bool:
    """Remove an unfinished video, or the folder in which it was worked on."""
    if path.is_symlink():
        return False
    if path.is_dir():
        if is_work_folder(path.name):
            shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
    return not path.exists()


def _checked(job_id: str) -> str:
    if not is_id(job_id):
        raise ValueError(f"not the id of a job: {job_id!r}")
    return job_id
