"""Temporary folders that do not stay behind, not even when the process is killed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

PREFIX = "sadtalker-"
IN_USE = "in-use.lock"
"""A file in each folder, locked as long as the process that made it lives."""

_OURS = re.compile(rf"{re.escape(PREFIX)}job-[A-Za-z0-9_]{{8}}")


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder that is removed at the end, and remove those of dead processes."""
    sweep(Path(tempfile.gettempdir()))
    with (
        tempfile.TemporaryDirectory(prefix=f"{PREFIX}job-", ignore_cleanup_errors=True) as name,
        (Path(name) / IN_USE).open("wb") as file,
    ):
        _lock(file)
        yield Path(name)


def sweep(parent: Path) -> int:
    """Remove our folders whose process has ended; returns how many.

    Only folders of our own user and naming that hold our lock file are looked at; those of versions
    that wrote none stay.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for folder in [one for one in parent.iterdir() if _OURS.fullmatch(one.name)]:
            removed += _sweep_one(folder)
    return removed


def _sweep_one(folder: Path) -> bool:
    try:
        facts = folder.lstat()
        if folder.is_symlink() or (hasattr(os, "getuid") and facts.st_uid != os.getuid()):
            return False
        with (folder / IN_USE).open("r+b") as file:
            _lock(file)
    except OSError:  # in use, or not finished, or not ours
        return False
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _lock(file: IO[bytes]) -> None:
    """Lock a file for this process; the system unlocks it at its end.

    Raises:
        OSError: Another process has it.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
