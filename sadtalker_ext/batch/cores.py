"""Cores of a worker's own, where the system lets a process choose: Linux does.

Drawing, encoding and the numerical libraries start as many threads as the process may use cores;
without a choice every worker of a machine would start as many as it has.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path
from typing import IO


def take_cores(count: int, folder: Path | None = None) -> IO[bytes] | None:
    """Bind this process to cores that no other worker of this machine has taken.

    The cores are divided into groups of `count`; a lock on a file stands for each. The system takes
    it back when the process ends, however it does.

    Args:
        count: Cores that are wanted.
        folder: Where the locks are; one of this user's in the temporary folder when left out.

    Returns:
        The locked file, to be kept open; None where nothing could be chosen: all stay in use.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    cores = sorted(os.sched_getaffinity(0))
    if count >= len(cores):
        return None
    if folder is None:
        folder = Path(tempfile.gettempdir()) / f"sadtalker-cores-{os.getuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid != os.getuid():  # a link that somebody put there is not followed
            return None
        for start in range(0, len(cores) - count + 1, count):
            group = cores[start : start + count]
            file = (folder / "-".join(map(str, group))).open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.sched_setaffinity(0, group)
            except OSError:  # another worker's
                file.close()
                continue
            return file
    return None
