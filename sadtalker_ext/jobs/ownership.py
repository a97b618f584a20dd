"""Whose a folder is: a data folder is used only when it is empty, or recognisably ours.

A marker file says so. Folders of versions that wrote none are known by their job table, or, where
that table is damaged or gone, by holding nothing but what we name. They are marked when they are
found. In any other folder not one byte is read further, written or removed.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sadtalker_ext.errors import SetupError
from sadtalker_ext.jobs.names import DATABASE, INPUTS, LOCK, OURS, RESULTS, is_id, is_ours

MARKER = "sadtalker-data.json"
"""The marker; a temporary file of its writing has a longer name."""
FORMAT = 1
"""Raised when an older version could no longer work in the folder."""

_BYSTANDERS = {"lost+found", ".DS_Store", "Thumbs.db", "desktop.ini"}
"""What a file system or a file manager puts into a folder that people call empty."""
_HEADER = b"SQLite format 3\0"
_COLUMNS = {
    "jobs": {"seq", "id", "owner", "lane", "state", "claimed", "job_order", "fingerprint"},
    "deliveries": {"job_id", "due_at"},
}
_ANOTHER = "Choose another folder (--data-dir), a new or an empty one."


def claim(root: Path) -> None:
    """Make a folder where there is none, or see that the one that is there is ours.

    The permissions of an existing folder stay as they are; a new one is private.

    Args:
        root: The data folder.

    Raises:
        SetupError: The folder is not ours, or belongs to a newer version, or cannot be used.
    """
    try:
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            # uploads are private: on systems with user rights nobody else looks at them
            root.mkdir(mode=0o700, exist_ok=True)
        if not root.is_dir():
            raise SetupError(
                f"The data folder should be a folder, found a file: {root}.", hint=_ANOTHER
            )
        if (root / MARKER).exists():
            _check_format(root / MARKER)
        else:
            _check_ours(root)
            _mark(root)
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, "it is read-only")
    except OSError as problem:
        raise SetupError(
            f"The data folder {root} cannot be used: {problem.strerror or problem}.",
            hint="See that it can be written to, or choose another one (--data-dir).",
        ) from problem


def _check_format(marker: Path) -> None:
    try:
        found = json.loads(marker.read_text(encoding="utf-8"))["format"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, int) or isinstance(found, bool):
        raise SetupError(
            f"{marker} should say the format of the data folder as a number, found something else.",
            hint=f'If the folder is sadtalker\'s, write {{"format": {FORMAT}}} into the file.',
        )
    if found > FORMAT:
        raise SetupError(
            f"The data folder {marker.parent} has format {found} of a newer version of this "
            f"program; this one knows formats up to {FORMAT}.",
            hint=f"Update the program, or: {_ANOTHER[0].lower()}{_ANOTHER[1:]}",
        )


def _check_ours(root: Path) -> None:
    names = {path.name for path in root.iterdir() if not path.name.startswith(MARKER)}
    names -= _BYSTANDERS
    if not names or has_our_tables(root / DATABASE) or _holds_only_ours(root, names):
        return
    # what is certainly not ours first
    shown = ", ".join(sorted(names, key=lambda name: (name in OURS, name))[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    raise SetupError(
        f"The data folder should be empty or one of sadtalker's; {root} is neither: it holds "
        f"{shown}{more}. Nothing in it was changed.",
        hint=_ANOTHER,
    )


def _holds_only_ours(root: Path, names: set[str]) -> bool:
    """Tell whether a folder without a readable job table has our lock and only our names."""
    if LOCK not in names or not names <= OURS or (root / LOCK).stat().st_size:
        return False
    inputs, results = root / INPUTS, root / RESULTS
    return all(is_id(one.name) for one in _inside(inputs)) and all(
        is_ours(one.name) for one in _inside(results)
    )


def _inside(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def has_our_tables(path: Path) -> bool:
    """Tell whether a file is one of our job tables; the file is only read.

    SQLite itself would write beside a file in write-ahead mode, whoever it belongs to. So the file
    is opened as one that never changes; and where the tables are still in the write-ahead log,
    because the program was killed, a copy is opened.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_HEADER)) != _HEADER:
                return False
        if _tables_fit(f"{path.absolute().as_uri()}?immutable=1"):
            return True
        log = path.with_name(f"{path.name}-wal")
        if not log.is_file():
            return False
        with tempfile.TemporaryDirectory(prefix="sadtalker-") as folder:
            copy = Path(folder) / path.name
            shutil.copyfile(path, copy)
            shutil.copyfile(log, copy.with_name(log.name))
            return _tables_fit(copy.as_uri())
    except OSError:
        return False


def _tables_fit(address: str) -> bool:
    try:
        with closing(sqlite3.connect(address, uri=True)) as db:
            return all(
                columns <= {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
                for table, columns in _COLUMNS.items()
            )
    except sqlite3.Error:
        return False


def _mark(root: Path) -> None:
    # a marker is whole or not there, whenever the program ends
    part = root / f"{MARKER}.{secrets.token_hex(4)}.part"
    try:
        with part.open("x", encoding="utf-8") as file:
            json.dump({"program": "sadtalker", "format": FORMAT}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(root / MARKER)
    finally:
        part.unlink(missing_ok=True)
