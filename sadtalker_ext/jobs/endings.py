"""How jobs end that were not ended by an error with words of its own."""

from __future__ import annotations

from sadtalker_ext.errors import PackageMissing
from sadtalker_ext.installing import sadtalker

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


def package_missing(package: str) -> dict[str, str]:
    """Say that a package cannot be used, in words for a client elsewhere."""
    return PackageMissing(
        f"The Python package {package} cannot be used on the server.",
        hint=f"Whoever runs it can install it anew; `{sadtalker('doctor')}` names what is missing.",
    ).as_dict()
