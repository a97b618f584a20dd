"""Motion that travels: files of motion that are written after a video, or without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sadtalker_ext.encoder.output_file import check_output, explain
from sadtalker_ext.motion.formats.files import check_motion_name, motion_bytes
from sadtalker_ext.types import Motion


def check_motion_files(paths: Sequence[Path], *, overwrite: bool) -> None:
    """Refuse, before any work, files that have no known format or cannot be written.

    Raises:
        InvalidOption: A name belongs to no format.
        OutputExists: A file exists and `overwrite` is false.
        OutputUnwritable: It cannot be written there.
    """
    for path in paths:
        check_motion_name(path)
        check_output(path, overwrite=overwrite, suffix=path.suffix.lower())


def write_motion_files(paths: Sequence[Path], motion: Motion) -> None:
    """Write a motion into each of some files, in the format of its name.

    Raises:
        OutputUnwritable: A file cannot be written.
        DiskFull: There is no room.
    """
    for path in paths:
        _write(path, motion_bytes(path, motion))


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as problem:
        raise explain(problem, path) from problem
