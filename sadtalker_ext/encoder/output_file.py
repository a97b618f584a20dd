"""Where a video goes: checks before the work, a hidden name during it, one rename at its end."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import secrets
import shutil
from pathlib import Path

from sadtalker_ext.errors import (
    OVERWRITE,
    DiskFull,
    EncodingError,
    OutputExists,
    OutputUnwritable,
    SadTalkerError,
)
from sadtalker_ext.unfinished import FOLDERS, PROBE, part, read_name, unfinished_name

_log = logging.getLogger(__name__)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOO_LARGE = (errno.EFBIG,)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_LONGEST_STEM = 100
"""Bytes kept of a long name where something is added to it: file systems allow 143 to 255."""


def check_output(path: Path | str, *, overwrite: bool = False, suffix: str = ".mp4") -> None:
    """Find out, before any work starts, whether the video can be written.

    A small file is made and removed in the folder: permissions alone do not tell the truth on
    network drives, on Windows or for administrators.

    Args:
        path: The video.
        overwrite: Whether it may exist.
        suffix: The extension of its format.

    Raises:
        OutputExists: There is a file already and `overwrite` is false.
        OutputUnwritable: Another extension, a folder, a name that is too long, or in a folder that
            is missing or read-only.
        DiskFull: The disk has no space left.
    """
    path = Path(path)
    _require_name(path)
    if path.is_dir():
        raise OutputUnwritable(
            f"The output {path} should be a file name, but it is a folder.",
            hint=f"Name a file in it, for example {path / f'talking{suffix}'}.",
        )
    if path.suffix.lower() != suffix:
        found = f"the extension {path.suffix}" if path.suffix else "no extension"
        raise OutputUnwritable(
            f"The output {path.name} should end in {suffix}, found {found}.",
            hint=f"Use {path.stem}{suffix}, or choose another format.",
        )
    folder = path.parent
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "does not exist"
        raise OutputUnwritable(
            f"The output {path.name} should go into the folder {folder}, which {what}.",
            hint="Make the folder first, or choose another one.",
        )
    if not overwrite:
        require_free(path)
    probe = hidden_name(path, PROBE)
    try:
        probe.write_bytes(b"\0" * 4096)
    except OSError as problem:
        raise explain(problem, path) from problem
    finally:
        discard(probe)


def _require_name(path: Path) -> None:
    """Raise `OutputUnwritable` if no file can have this name, whatever there is."""
    try:
        path.lstat()
    except ValueError as problem:  # a zero byte
        raise OutputUnwritable(
            f"The output {path.name!r} should be a file name, but holds a character that none has.",
            hint="Choose another name.",
        ) from problem
    except OSError as problem:
        if problem.errno == errno.ENAMETOOLONG:
            raise OutputUnwritable(
                f"The output {path.name[:40]}... should have a name of at most about 250 bytes, "
                f"found {len(os.fsencode(path.name))}, in a path of {len(os.fsencode(path))}.",
                hint="Choose a shorter name.",
            ) from problem


def require_free(path: Path) -> None:
    """Raise `OutputExists` if anything has this name."""
    if os.path.lexists(path):
        raise OutputExists(
            f"The output {path.name} exists already in {path.parent}.",
            hint="Choose another name, or ask for overwriting.",
            remedy=OVERWRITE,
        )


def hidden_name(path: Path, ending: str = "") -> Path:
    """Return an unused name beside the final one; see `unfinished`.

    What a killed process leaves under such a name is removed by `leftovers.remove_abandoned`.
    """
    return path.with_name(unfinished_name(_short_stem(path), ending or part(path.suffix)))


def _short_stem(path: Path) -> str:
    """Return as much of a name without its extension as leaves room for an addition."""
    return os.fsencode(path.stem)[:_LONGEST_STEM].decode("utf-8", "ignore")


def partial_name(path: Path, *, overwrite: bool) -> Path:
    """Return the name of a kept partial video: ``NAME.partial.mp4``, numbered if that is taken."""
    first = path.with_name(f"{_short_stem(path)}.partial{path.suffix}")
    if overwrite:
        return first
    number = 1
    name = first
    while os.path.lexists(name):
        number += 1
        name = path.with_name(f"{_short_stem(path)}.partial-{number}{path.suffix}")
    return name


def move_into_place(part: Path, path: Path, *, overwrite: bool, beside: bool = False) -> Path:
    """Give the finished file its final name in one step, and return that name.

    Without `overwrite`, a file that appeared under that name in the meantime is never replaced:
    a hard link fails if the name is taken, where looking first would leave a moment to lose.

    Args:
        part: The finished file.
        path: Its name.
        overwrite: Whether a file of that name may be replaced.
        beside: Whether another name will do where that one is taken: ``NAME-2.mp4`` and so on.

    Raises:
        OutputExists: The name was taken meanwhile; the finished video keeps another name, which
            the message tells.
        OutputUnwritable: The folder went away or became read-only.
    """
    try:
        if overwrite:
            part.replace(path)
        elif beside:
            return _claim_beside(part, path)
        else:
            _claim(part, path)
        return path
    except FileExistsError as problem:
        kept = path.with_name(f"{_short_stem(path)}.{secrets.token_hex(4)}{path.suffix}")
        part.replace(kept)
        raise OutputExists(
            f"The output {path.name} was made by someone else while the video was rendered.",
            hint=f"The finished video is {kept}.",
        ) from problem
    except OSError as problem:
        raise explain(problem, path) from problem


def _claim_beside(part: Path, path: Path) -> Path:
    for number in itertools.count(1):
        name = path.with_name(f"{_short_stem(path)}-{number}{path.suffix}") if number > 1 else path
        with contextlib.suppress(FileExistsError):
            _claim(part, name)
            break
    return name


def _claim(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # FAT and some network drives know no hard links
        part.stat()  # one that has gone must not leave an empty file under the name
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            part.replace(path)
        except OSError:
            discard(path)
            raise
        return
    part.unlink()


def discard(part: Path) -> None:
    """Remove a file that is no longer wanted; a failure is only logged."""
    try:
        part.unlink(missing_ok=True)
    except OSError as problem:
        _log.warning("%s could not be removed: %s", part, problem)


def discard_parts(path: Path) -> None:
    """Remove unfinished work for this name; only for who knows that nobody goes on with it.

    A process that was killed leaves a file or a folder behind, see `hidden_name`. Names so long
    that they are shortened are left alone, because others may be shortened to the same.
    """
    stem = _short_stem(path)
    if stem != path.stem:
        return
    with contextlib.suppress(OSError):
        for one in [*path.parent.iterdir()]:
            found = read_name(one.name)
            if found is None or found.stem != stem:
                continue
            if found.ending not in (part(path.suffix), *FOLDERS):
                continue
            if one.is_dir():
                shutil.rmtree(one, ignore_errors=True)
            else:
                discard(one)


def explain(problem: BaseException, path: Path) -> SadTalkerError:
    """Turn what the system or the media library reported into one of our errors."""
    if isinstance(problem, SadTalkerError):
        return problem
    number = getattr(problem, "errno", None)
    words = getattr(problem, "strerror", None) or str(problem) or type(problem).__name__
    if number in _FULL:
        return DiskFull(
            f"The disk ran full while {path.name} was written to {path.parent}.",
            hint="Free some space, or choose a folder on another disk.",
        )
    if number in _TOO_LARGE:
        return OutputUnwritable(
            f"The output {path.name} grew larger than the system allows in {path.parent}.",
            hint="Choose a folder on another disk, or a lower quality (a higher CRF).",
        )
    if number in _DENIED:
        return OutputUnwritable(
            f"The output {path.name} cannot be written to {path.parent}: {words}.",
            hint="Choose a folder you may write to.",
        )
    if isinstance(problem, OSError):
        return OutputUnwritable(
            f"The output {path.name} cannot be written to {path.parent}: {words}.",
            hint="Check the disk and the folder.",
        )
    return EncodingError(
        f"The video {path.name} could not be encoded: {words}.",
        hint="This should not happen; please report it with the message.",
    )
