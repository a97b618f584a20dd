"""The portrait of a video, found again by the hash that the video carries.

No picture is kept for that: only folders where it may lie anyway are searched, first for files of
the same name, then the newest ones.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from PIL import Image

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.provenance.hashes import picture_hash

log = logging.getLogger(__name__)

SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".bmp", ".gif", ".tif"})
DEEPEST: Final = 4
MOST_FILES: Final = 20_000
SECONDS: Final = 6.0
"""Of a search; one file of the same size takes about 20 ms."""


def find_portrait(
    said: Mapping[str, Any], folders: Sequence[Path], seconds: float = SECONDS
) -> Path | None:
    """Return the file of a video's portrait.

    Args:
        said: What the video says about itself as data: its ``picture`` has ``hash``, ``name`` and
            ``size``.
        folders: Where it may lie, with their subfolders.
        seconds: After so long the search is given up.

    Returns:
        A file whose pixels have that hash; None where there is none, or the video has no hash.
    """
    picture = said.get("picture")
    if not isinstance(picture, Mapping):
        return None
    salt, _, wanted = str(picture.get("hash") or "").partition(":")
    size, name = picture.get("size"), str(picture.get("name") or "")
    if not wanted or not isinstance(size, list) or len(size) != 2:
        return None
    until = time.monotonic() + seconds
    for path in _candidates(folders, name):
        if time.monotonic() > until:
            log.info("the portrait was not found in %.0f seconds", seconds)
            return None
        if _sides(path) == sorted(size) and _hash(path, salt) == wanted:
            return path
    return None


def _candidates(folders: Sequence[Path], name: str) -> Iterator[Path]:
    """Yield pictures: those of the name first, then the newest."""
    found: dict[str, tuple[bool, float]] = {}
    for folder in folders:
        for path, changed in _pictures(folder, DEEPEST):
            found.setdefault(str(path), (path.name != name, -changed))
            if len(found) >= MOST_FILES:
                break
    yield from (Path(path) for path in sorted(found, key=lambda one: found[one]))


def _pictures(folder: Path, deep: int) -> Iterator[tuple[Path, float]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if deep > 0 and not entry.name.startswith("."):
                        yield from _pictures(Path(entry.path), deep - 1)
                elif Path(entry.name).suffix.lower() in SUFFIXES and entry.is_file():
                    yield Path(entry.path), entry.stat().st_mtime
    except OSError as problem:
        log.debug("%s was not searched: %s", folder, problem)


def _sides(path: Path) -> list[int]:
    """Return both sides in order: a picture may be turned by its EXIF data."""
    try:
        with Image.open(path) as image:
            return sorted(image.size)
    except Exception as problem:  # noqa: BLE001  whatever a decoder says of a foreign file
        log.debug("%s was passed over: %s", path.name, problem)
        return []


def _hash(path: Path, salt: str) -> str:
    try:
        return picture_hash(read_picture(path), salt.encode("ascii", "replace"))
    except SadTalkerError:
        return ""
