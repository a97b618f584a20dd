"""The data folder: where uploads wait, and where results stay.

::

    jobs.sqlite3          the job table
    jobs.lock             held by the process that works here
    inputs/ID/...         uploads of jobs that are not final
    results/ID.mp4        finished videos (.mp4, .webm, .gif, .zip)

Only ids made by `new_id` become part of a path; nothing a client sends does.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
from pathlib import Path

from sadtalker_ext.options import SUFFIXES as FORMATS

SUFFIXES = tuple(FORMATS.values())
_ID = re.compile(r"tlk_[A-Za-z0-9_-]{22}")


def new_id() -> str:
    """Return a random id of 128 bits."""
    return f"tlk_{secrets.token_urlsafe(16)}"


def is_id(text: str) -> bool:
    """Tell whether a text could have come from `new_id`."""
    return _ID.fullmatch(text) is not None


class DataFolder:
    """Knows every path of the jobs.

    Args:
        root: The folder; made when it is missing.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.inputs = self.root / "inputs"
        self.results = self.root / "results"
        for folder in (self.inputs, self.results):
            folder.mkdir(parents=True, exist_ok=True)
        # uploads are private: on systems with user rights nobody else looks at them
        self.root.chmod(0o700)

    @property
    def database(self) -> Path:
        """The job table."""
        return self.root / "jobs.sqlite3"

    @property
    def lock(self) -> Path:
        """Held by the process that works here."""
        return self.root / "jobs.lock"

    def input_dir(self, job_id: str) -> Path:
        """Return the folder of a job's uploads."""
        return self.inputs / _checked(job_id)

    def result(self, job_id: str, suffix: str = ".mp4") -> Path:
        """Return where a job's video is, or will be."""
        if suffix not in SUFFIXES:
            raise ValueError(f"not the extension of a result: {suffix!r}")
        return self.results / f"{_checked(job_id)}{suffix}"

    def drop_inputs(self, job_id: str) -> None:
        """Remove a job's uploads; nothing happens when there are none."""
        shutil.rmtree(self.input_dir(job_id), ignore_errors=True)

    def drop_result(self, job_id: str) -> None:
        """Remove a job's video; nothing happens when there is none."""
        # on Windows a file that is being sent cannot be removed; the next start sweeps it
        for suffix in SUFFIXES:
            with contextlib.suppress(OSError):
                self.result(job_id, suffix).unlink(missing_ok=True)

    def sweep(self, with_inputs: set[str], with_results: set[str]) -> int:
        """Remove everything that belongs to no job, for example after a crash.

        Args:
            with_inputs: Ids of jobs whose uploads are still needed.
            with_results: Ids of jobs whose video is kept.

        Returns:
            How many files and folders were removed.
        """
        removed = 0
        for folder in self.inputs.iterdir():
            if folder.name not in with_inputs:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        for file in self.results.iterdir():
            if file.suffix not in SUFFIXES or file.stem not in with_results:
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)
                removed += 1
        return removed


def _checked(job_id: str) -> str:
    if not is_id(job_id):
        raise ValueError(f"not the id of a job: {job_id!r}")
    return job_id
