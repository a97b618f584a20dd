"""What files cannot say of themselves: whose a video is, its star, and whether it was looked at."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

_TABLE = """CREATE TABLE IF NOT EXISTS earlier (
    folder TEXT, name TEXT, made REAL NOT NULL,
    owner TEXT, starred INTEGER NOT NULL DEFAULT 0, ours INTEGER,
    PRIMARY KEY (folder, name))"""
_WRITE = """INSERT INTO earlier (folder, name, made, owner, starred, ours) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (folder, name) DO UPDATE SET made = excluded.made, owner = excluded.owner,
    starred = excluded.starred, ours = excluded.ours"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of one file.

    Attributes:
        made: Its time when this was noted, in seconds since 1970: another time is another file.
        owner: Who made it; None where nobody said so.
        starred: Whether somebody marked it.
        ours: Whether it says that this program made it; None where nobody looked.
    """

    made: float
    owner: str | None = None
    starred: bool = False
    ours: bool | None = None


class HistoryTable:
    """A small SQLite table, shared by all folders of results and all processes.

    A table that cannot be read or written is said in the log: videos are then shown without it.

    Args:
        file: Where it is; its folder is made.
        folder: The folder of results that is asked for.
    """

    def __init__(self, file: Path, folder: Path) -> None:
        self._file = file
        self._folder = str(folder)

    def known(self) -> dict[str, Known]:
        """Return what is known, by the name of the file below the folder."""
        try:
            with self._opened() as table:
                rows = table.execute(
                    "SELECT name, made, owner, starred, ours FROM earlier WHERE folder = ?",
                    (self._folder,),
                )
                return {
                    name: Known(
                        made=made,
                        owner=owner,
                        starred=bool(starred),
                        ours=None if ours is None else bool(ours),
                    )
                    for name, made, owner, starred, ours in rows
                }
        except (sqlite3.Error, OSError) as problem:
            log.warning("the table of earlier videos cannot be read: %s", problem)
            return {}

    def write(self, rows: dict[str, Known]) -> None:
        """Note some files, in place of what was known of them."""
        self._change(
            _WRITE,
            [
                (self._folder, name, one.made, one.owner, one.starred, one.ours)
                for name, one in rows.items()
            ],
        )

    def drop(self, name: str) -> None:
        """Forget a file."""
        self._change("DELETE FROM earlier WHERE folder = ? AND name = ?", [(self._folder, name)])

    def _change(self, command: str, rows: list[tuple[object, ...]]) -> None:
        try:
            with self._opened() as table, table:
                table.executemany(command, rows)
        except (sqlite3.Error, OSError) as problem:
            log.warning("the table of earlier videos cannot be written: %s", problem)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._file)) as table:
            table.execute(_TABLE)
            yield table
