"""What a killed process left beside its output: known by its name, removed when nobody needs it.

An unfinished file or folder has a name that says which process of which machine made it, see
`maker_token`. It is removed where that machine is this one, that process has ended, and nothing was
written for a day. Anything else stays: other names, links, files of other users, those of other
machines in a shared folder or of other containers, and those of versions that wrote no process.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import platform
import re
import secrets
import shutil
import sys
import time
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

OLD_SECONDS: Final = 86_400.0
"""Since the last write; a guard against two machines that seem to be one."""
_NAME = re.compile(
    r"\..+\.[0-9a-f]{8}-(?P<process>\d{1,10})-(?P<machine>[0-9a-f]{8})\.(?:probe|part\.\w{2,4}|dub)"
)
_LOADED: Final = time.time()
"""Nothing that is older was made by this process."""


def maker_token() -> str:
    """Return the part of a hidden name that is unused and says who made it."""
    return f"{secrets.token_hex(4)}-{os.getpid()}-{_machine()}"


def remove_abandoned(folder: Path) -> int:
    """Remove what killed processes of this machine left in a folder; returns how many things."""
    with contextlib.suppress(OSError):
        return sum(remove_if_abandoned(one) for one in [*folder.iterdir()])
    return 0


def remove_if_abandoned(path: Path) -> bool:
    """Remove a file or folder if it is one that a killed process of this machine left."""
    found = _NAME.fullmatch(path.name)
    with contextlib.suppress(OSError):
        return found is not None and _is_abandoned(path, found) and _removed(path)
    return False


def _is_abandoned(path: Path, found: re.Match[str]) -> bool:
    facts = path.lstat()
    if found["machine"] != _machine() or path.is_symlink():
        return False
    if hasattr(os, "getuid") and facts.st_uid != os.getuid():
        return False
    if facts.st_mtime > time.time() - OLD_SECONDS:
        return False
    process = int(found["process"])
    if process == os.getpid():  # in a container numbers come again
        return facts.st_mtime < _LOADED - OLD_SECONDS
    return not _lives(process)


def _removed(path: Path) -> bool:
    _log.info("removing %s, which a killed process left", path)
    if path.name.endswith(".dub"):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
    return not path.exists()


@functools.lru_cache(maxsize=1)
def _machine() -> str:
    """Return 8 hexadecimal digits for this machine, or for this container of it."""
    facts = [platform.node()]
    with contextlib.suppress(OSError):
        facts.append(Path("/etc/machine-id").read_text(encoding="ascii", errors="replace"))
    with contextlib.suppress(OSError):
        facts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - no path: "pid:[4026531836]"
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]


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
