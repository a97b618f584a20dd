"""How jobs end that were not ended by an error with words of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sadtalker_ext.errors import (
    InputError,
    OutputUnwritable,
    PackageMissing,
    SadTalkerError,
    is_disk_full,
)
from sadtalker_ext.installing import sadtalker, without_places
from sadtalker_ext.jobs.records import JobState

CANCELLED = {"code": "cancelled", "message": "The job was cancelled.", "hint": ""}
BUG = {
    "code": "error",
    "message": "The video could not be made because of a bug in this program.",
    "hint": "Please report it; the program's log has the details.",
}
OUT_OF_MEMORY = {
    "code": "out_of_memory",
    "message": "The machine ran out of memory while making the video.",
    "hint": "Use a smaller picture, or try again when less is running.",
}
DISK_FULL = {
    "code": "disk_full",
    "message": "No space was left on the machine while making the video.",
    "hint": "Try again when there is space.",
}
UPLOADS_GONE = {
    "code": "interrupted",
    "message": "The program ended before it could store how this job ended.",
    "hint": "See that its disk has space, then send the request again.",
}


def state_after(error: SadTalkerError) -> JobState:
    """Return the state of a job that ended so: whether its sender can help it."""
    # the place of the output is ours, not the sender's
    theirs = isinstance(error, InputError) and not isinstance(error, OutputUnwritable)
    return JobState.REJECTED if theirs else JobState.ERROR


def unforeseen(error: Exception) -> dict[str, str]:
    """Say what an error means that has no words of its own."""
    package = (getattr(error, "name", None) or "").partition(".")[0]
    if isinstance(error, ImportError) and package and package != __name__.partition(".")[0]:
        return _package_missing(package)
    return DISK_FULL if is_disk_full(error) else BUG


def for_clients(error: Mapping[str, str], root: Path) -> dict[str, str]:
    """Leave out of an error where things lie on this machine: clients need not know.

    Args:
        error: As it is stored.
        root: The data folder.
    """
    return {
        name: without_places(text.replace(str(root), "the data folder"))
        for name, text in error.items()
    }


def _package_missing(package: str) -> dict[str, str]:
    """Say that a package cannot be used, in words for a client elsewhere."""
    return PackageMissing(
        f"The Python package {package} cannot be used on the server.",
        hint=f"Whoever runs it can install it anew; `{sadtalker('doctor')}` names what is missing.",
    ).as_dict()
