"""What a killed process left beside its output: known by its name, removed when nobody needs it.

An unfinished file or folder has a name that says which process of which machine made it, see
`unfinished`. It is removed where that machine is this one, that process has ended, and nothing was
written for a day. Anything else stays: other names, links, files of other users, those of other
machines in a shared folder or of other containers, and those of versions that wrote no process.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Final

from sadtalker_ext.unfinished import Unfinished, is_work_folder, machine, read_name

_log = logging.getLogger(__name__)

OLD_SECONDS: Final = 86_400.0
"""Since the last write; a guard against two machines that seem to be one."""
_AGAIN_SECONDS: Final = 3600.0
_MOST_FOLDERS: Final = 100
_cleared: dict[Path, float] = {}
_LOCK: Final = threading.Lock()
_LOADED: Final = time.time()
"""Nothing that is older was made by this process."""


def clear_now_and_then(folder: Path) -> None:
    """Remove what killed processes left in a folder, if that was not looked for within an hour."""
    now = time.monotonic()
    with _LOCK:
        if now - _cleared.get(folder, -math.inf) < _AGAIN_SECONDS:
            return
        if len(_cleared) >= _MOST_FOLDERS:
            _cleared.clear()
        _cleared[folder] = now
    remove_abandoned(folder)


def remove_abandoned(folder: Path) -> int:
    """Remove what killed processes of this machine left in a folder; returns how many things."""
    with contextlib.suppress(OSError):
        return sum(remove_if_abandoned(one) for one in [*folder.iterdir()])
    return 0


def remove_if_abandoned(path: Path) -> bool:
    """Remove a file or folder if it is one that a killed process of this machine left."""
    found = read_name(path.name)
    with contextlib.suppress(OSError):
        return found is not None and _is_abandoned(path, found) and _removed(path)
    return False


def _is_abandoned(path: Path, found: Unfinished) -> bool:
    facts = path.lstat()
    if found.machine != machine() or path.is_symlink():
        return False
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        return False
    if facts.st_mtime > time.time() - OLD_SECONDS:
        return False
    if found.process == os.getpid():  # in a container numbers come again
        return facts.st_mtime < _LOADED - OLD_SECONDS
    return not _lives(found.process)


def _removed(path: Path) -> bool:
    _log.info("removing %s, which a killed process left", path)
    if is_work_folder(path.name):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
    return not path.exists()


def _lives(process: int) -> bool:
    """Tell whether there is a process of this number, whoever's."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        query, unknown = 0x1000, 87  # PROCESS_QUERY_LIMITED_INFORMATION, ERROR_INVALID_PARAMETER
        handle = kernel.OpenProcess(query, False, process)
        if handle is None:
            return ctypes.get_last_error() != unknown
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
