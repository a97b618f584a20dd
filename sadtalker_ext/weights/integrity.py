"""Is this file what the manifest says? Sizes, hashes and the usual impostors.

The answer for a file is remembered with its size and modification time, so that hundreds of
megabytes are not hashed again at every start.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from pathlib import Path

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.installing import sadtalker
from sadtalker_ext.weights.manifest import WeightFile

logger = logging.getLogger(__name__)

BLOCK_BYTES = 1 << 20
_LFS_MARK = b"version https://git-lfs"
_HTML_MARKS = (b"<!doctype", b"<html", b"<?xml", b"<head")


def impostor(head: bytes) -> str:
    """Say what a file really is when it is no weight file, judged by its first bytes.

    Args:
        head: At least the first 64 bytes.

    Returns:
        Words such as "a web page (HTML)", or an empty string.
    """
    start = head[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(_LFS_MARK):
        return "a git-LFS pointer, not the file itself"
    if start.startswith(_HTML_MARKS):
        return "a web page (HTML)"
    if start.startswith((b'{"error', b'{"message')):
        return "an error message of a server"
    return ""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    total = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            total.update(block)
    return total.hexdigest()


def check_size(file: WeightFile, path: Path) -> None:
    """Refuse an impostor or a wrong size; costs no hashing.

    Raises:
        WeightsCorrupt: With the size expected and the size found.
    """
    found = path.stat().st_size
    with path.open("rb") as stream:
        disguise = impostor(stream.read(512))
    if disguise:
        raise _corrupt(file, path, f"it is {disguise}, {found} bytes")
    expected = file.exact_size
    if expected is not None and found != expected:
        kind = "truncated" if found < expected else "too long"
        raise _corrupt(file, path, f"it is {kind}: expected {expected} bytes, found {found}")
    if found == 0:
        raise _corrupt(file, path, "it is empty")


def check_digest(file: WeightFile, path: Path, found: str) -> None:
    """Refuse a wrong hash.

    Raises:
        WeightsCorrupt: With the hash expected and the hash found.
    """
    if found != file.sha256:
        raise _corrupt(file, path, f"expected SHA-256 {file.sha256}, found {found}")


def _corrupt(file: WeightFile, path: Path, why: str) -> WeightsCorrupt:
    return WeightsCorrupt(
        f"{path} is not the published {file.name}: {why}.",
        hint=f"Delete it and run `{sadtalker(f'weights fetch {file.name}')}`.",
    )


class Ledger:
    """Remembers which files had which hash, by path, size and modification time.

    Args:
        path: The JSON file that keeps the record. It may be unwritable: then nothing is kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def known_digest(self, file: Path) -> str | None:
        """Return the hash recorded for exactly this state of the file."""
        entry = self._read().get(str(file.absolute()))
        return entry[2] if entry is not None and entry[:2] == self._state(file) else None

    def record(self, file: Path, sha256: str) -> None:
        """Remember the hash of a file."""
        entries = self._read()
        entries[str(file.absolute())] = [*self._state(file), sha256]
        scratch = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            scratch.write_text(json.dumps(entries, indent=0), encoding="utf-8")
            scratch.replace(self._path)
        except OSError as error:
            logger.debug("The record of verified weights cannot be kept: %s", error)

    def _state(self, file: Path) -> list[int]:
        status = file.stat()
        return [status.st_size, status.st_mtime_ns]

    def _read(self) -> dict[str, list]:  # type: ignore[type-arg]  # JSON: [size, mtime, hash]
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        if not isinstance(entries, dict):
            return {}
        return {k: v for k, v in entries.items() if isinstance(v, list) and len(v) == 3}
