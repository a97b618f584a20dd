"""The names that videos have until they are whole: given here, and read again.

``.STEM.<random>-<process>-<machine>.<ending>``; earlier versions wrote neither process nor machine.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROBE: Final = "probe"
"""Ending of a file that only shows whether one can be written."""
DUB_FOLDER: Final = "dub"
"""Ending of the folder in which a dubbing is worked on."""
SEGMENTS: Final = "segments"
"""Ending of the folder of a video's segments that wait to be joined."""
FOLDERS: Final = (DUB_FOLDER, SEGMENTS)
_NAME: Final = re.compile(
    r"\.(?P<stem>.+)\.[0-9a-f]{8}(?:-(?P<process>\d{1,10})-(?P<machine>[0-9a-f]{8}))?"
    rf"\.(?P<ending>{PROBE}|{'|'.join(FOLDERS)}|part\.\w{{2,4}})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """What the name of an unfinished file or folder tells.

    Attributes:
        stem: Of the finished file.
        process: Who made it; 0 where the name does not tell.
        machine: Where, as `machine` names it; empty where the name does not tell.
        ending: `PROBE`, one of `FOLDERS`, or ``part`` with the extension of the finished file.
    """

    stem: str
    process: int
    machine: str
    ending: str


def part(suffix: str) -> str:
    """Return the ending of an unfinished file, by the extension of the finished one."""
    return f"part{suffix}"


def unfinished_name(stem: str, ending: str) -> str:
    """Return an unused name that says who made it; see `Unfinished`."""
    return f".{stem}.{secrets.token_hex(4)}-{os.getpid()}-{machine()}.{ending}"


def read_name(name: str) -> Unfinished | None:
    """Return what a name tells; None where it is no unfinished file's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    process, where = int(found["process"] or 0), found["machine"] or ""
    return Unfinished(stem=found["stem"], process=process, machine=where, ending=found["ending"])


def is_work_folder(name: str) -> bool:
    """Tell whether a name is that of a folder, one of `FOLDERS`."""
    return name.rpartition(".")[2] in FOLDERS


@functools.lru_cache(maxsize=1)
def machine() -> str:
    """Return 8 hexadecimal digits for this machine, or for this container of it."""
    facts = [platform.node()]
    with contextlib.suppress(OSError):
        facts.append(Path("/etc/machine-id").read_text(encoding="ascii", errors="replace"))
    with contextlib.suppress(OSError):
        facts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - no path: "pid:[4026531836]"
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:8]
