"""Choosing the format by a file's name, writing it, and reading whatever it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from sadtalker_ext.errors import InvalidOption, UnreadableMotion
from sadtalker_ext.motion.formats import arkit, live2d, live_link, own, vrma
from sadtalker_ext.motion.formats.weights import from_weights, to_weights
from sadtalker_ext.types import Motion

SUFFIXES: Final = (live_link.SUFFIX, vrma.SUFFIX, arkit.SUFFIX, live2d.SUFFIX, own.SUFFIX)
"""What names may end in; the longer ones before ``.json``."""

_CSV = b"Timecode"
_MOST_BYTES = 256 << 20
_NEXT = "Give a .csv of Live Link Face, .vrma, .arkit.json, .motion3.json or our own .json."


def check_motion_name(path: Path) -> None:
    """Raise InvalidOption unless a name belongs to one of the formats."""
    if not path.name.lower().endswith(SUFFIXES):
        raise InvalidOption(
            f"Motion should be a {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]} file, found "
            f"{path.name}.",
            hint="Choose one of these names.",
        )


def motion_bytes(path: Path, motion: Motion) -> bytes:
    """Return the content of a motion file of this name.

    Raises:
        InvalidOption: The name belongs to no format.
    """
    check_motion_name(path)
    name = path.name.lower()
    if name.endswith(live_link.SUFFIX):
        return live_link.write(to_weights(motion))
    if name.endswith(vrma.SUFFIX):
        return vrma.write(to_weights(motion))
    if name.endswith(arkit.SUFFIX):
        return arkit.write(to_weights(motion))
    if name.endswith(live2d.SUFFIX):
        return live2d.write(motion)
    return own.write(motion)


def read_motion(path: Path) -> Motion:
    """Read a motion file; what it is is told by what is in it, whatever its name is.

    Raises:
        UnreadableMotion: It is missing, too large, damaged, or of another kind.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UnreadableMotion(f"{path.name} should have at most {_MOST_BYTES >> 20} MB.")
        data = path.read_bytes()
    except OSError as problem:
        raise UnreadableMotion(
            f"The motion {path.name} cannot be read: {problem.strerror}.", hint=_NEXT
        ) from problem
    try:
        return _read(data, path.name.lower())
    except UnreadableMotion as problem:
        problem.message = f"{path.name}: {problem.message}"
        problem.hint = problem.hint or _NEXT
        raise


def motion_seconds(path: Path) -> float:
    """Return how long a file of motion lasts; raises as `read_motion`."""
    motion = read_motion(path)
    return len(motion) / motion.fps


def _read(data: bytes, name: str) -> Motion:
    if data[:4] == b"glTF":
        return from_weights(vrma.read(data))
    if name.endswith(live_link.SUFFIX) or data.removeprefix(b"\xef\xbb\xbf").startswith(_CSV):
        return from_weights(live_link.read(data))
    told = _object(data)
    if own.is_own(told):
        return own.read(told)
    if live2d.is_live2d(told):
        return live2d.read(told)
    if arkit.is_arkit(told):
        return from_weights(arkit.read(told))
    raise UnreadableMotion("It holds no motion that is known here.")


def _object(data: bytes) -> dict[str, Any]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise UnreadableMotion("It is no motion file that is known here.") from problem
    if not isinstance(told, dict):
        raise UnreadableMotion("Its JSON should be an object.")
    return told
