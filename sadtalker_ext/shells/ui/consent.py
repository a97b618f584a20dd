"""The tick that a person gives before the first video of a photo.

A picture with generation parameters shows nobody, so nothing is asked. For any other picture the
tick is remembered by a hash of its pixels, for a video by that of the file; neither is kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from sadtalker_ext.provenance.hashes import file_hash, picture_hash
from sadtalker_ext.types import Picture

log = logging.getLogger(__name__)

QUESTION = "I may animate this picture: it shows me, nobody real, or someone who agreed."
VIDEO_QUESTION = "I may dub this video: it shows me, nobody real, or someone who agreed."
REMINDER = (
    "This looks like a photo. Please tick the line below the picture first: "
    "it shows you, nobody real, or someone who agreed."
)
VIDEO_REMINDER = (
    "Please tick the line below the video first: it shows you, nobody real, or someone who agreed."
)


def fingerprint(source: Picture | Path) -> str:
    """Return a hash of a picture's size and pixels, or of a video file."""
    return file_hash(source) if isinstance(source, Path) else picture_hash(source)


class ConsentBook:
    """Remembers for which pictures the tick was given.

    Args:
        folder: Where the list is kept; it need not exist. None remembers nothing: where several
            people use one page, the tick of one is none of another.
        free: Gives the hashes of pictures that nobody has to be asked about.
    """

    def __init__(
        self, folder: Path | None, free: Callable[[], Collection[str]] = frozenset
    ) -> None:
        self._free = free
        self._path = None if folder is None else folder / "consent.txt"
        self._known: set[str] = set()

    def is_needed(self, source: Picture | Path) -> bool:
        """Tell whether the tick has to be asked for, for a picture or a video file."""
        if isinstance(source, Picture) and source.parameters:
            return False
        mark = fingerprint(source)
        return mark not in self._free() and mark not in self._read()

    def remember(self, source: Picture | Path) -> None:
        """Note that the tick was given; for this session only if the list cannot be written."""
        mark = fingerprint(source)
        if self._path is None or mark in self._read():
            return
        self._known.add(mark)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="ascii") as file:
                file.write(f"{mark}\n")
        except OSError as problem:
            log.warning("the tick cannot be remembered: %s", problem)

    def _read(self) -> set[str]:
        if self._path is None:
            return set()
        try:
            stored = self._path.read_text(encoding="ascii", errors="replace").split()
        except FileNotFoundError:
            stored = []
        except OSError as problem:
            log.warning("earlier ticks cannot be read: %s", problem)
            stored = []
        return self._known | set(stored)
