"""What became of every job of a list, one JSON object per line, so that a batch can go on.

A row is added and written to the disk as soon as its job has ended; a row that a crash cut off is
left out when the file is read. A job is known by its values, not by its place in the list.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from sadtalker_ext.batch.remote import is_address
from sadtalker_ext.errors import OutputUnwritable


def job_key(values: Mapping[str, Any]) -> str:
    """Return 16 hexadecimal digits that tell a job from others: SHA-256 of its values."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class Manifest:
    """The file of rows; use it as a context manager.

    Args:
        path: The file; made when it is not there.
        afresh: Whether what it says of earlier runs is forgotten.

    Raises:
        OutputUnwritable: It cannot be written.
    """

    def __init__(self, path: Path, *, afresh: bool = False) -> None:
        self.path = path
        self._made: dict[str, str] = {}
        try:
            if not afresh:
                self._read()
            self._file: IO[str] = path.open("w" if afresh else "a", encoding="utf-8")
        except OSError as error:
            raise OutputUnwritable(
                f"The manifest {path} cannot be written: {error.strerror or error}."
            ) from error
        if not afresh and path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write("\n")  # a row was cut off

    def _read(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            for line in self.path.read_text(encoding="utf-8", errors="replace").split("\n"):
                # anybody may have edited it
                with contextlib.suppress(
                    ValueError, TypeError, KeyError, AttributeError, RecursionError
                ):
                    row = json.loads(line)
                    place = row["video"]["path"] if "video" in row else row.get("skipped", "")
                    self._made[str(row["job"])] = str(place)

    def made(self, values: Mapping[str, Any]) -> str:
        """Return where the result of a job is that was made earlier; "" when it has to be made.

        A result on this machine must still be there; one elsewhere is not asked for again.
        """
        place = self._made.get(job_key(values), "")
        return place if place and (is_address(place) or Path(place).exists()) else ""

    def add(self, number: int, values: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        """Write what became of a job.

        Args:
            number: Of its line in the list.
            values: Of the job.
            row: See `make.Row`.
        """
        facts = {"line": number, "job": job_key(values), **row}
        self._file.write(json.dumps(facts, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Manifest:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._file.close()
