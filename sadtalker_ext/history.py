"""Earlier videos: what lies in the folder of results, whose it is, and what is starred."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sadtalker_ext.encoder.metadata import PROGRAM, READABLE, VideoMetadata, read_metadata
from sadtalker_ext.errors import EncodingError, InputError, OutputUnwritable, SadTalkerError
from sadtalker_ext.local_media import open_local
from sadtalker_ext.provenance.credentials import sidecar
from sadtalker_ext.video_file import VideoFile

log = logging.getLogger(__name__)

TABLE = "history.sqlite"
SUFFIXES = (".mp4", ".webm", ".gif", ".mov")
PAGE = 24
POSTER_SIDE = 256
DEEPEST = 4
"""Folders below the folder of results that are looked into: hosts make some by their pattern."""
_GONE = "This video is not there any more."


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One earlier video.

    Attributes:
        name: Its path below the folder of results, with slashes.
        path: Its file.
        made: When it was made, in seconds since 1970.
        starred: Whether somebody marked it.
    """

    name: str
    path: Path
    made: float
    starred: bool


class History:
    """The videos of one folder.

    The folder is the truth; a small SQLite table beside the presets knows what a file cannot say:
    its owner and its star. Without that table videos are shown and have no stars.

    Args:
        folder: Where results are, in subfolders by any pattern.
        state: Folder for the table and the small pictures; it need not exist.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder.resolve()
        self._state = state
        self._ours: dict[tuple[str, float], bool] = {}

    def note(self, path: Path, owner: str) -> None:
        """Remember who made a video."""
        with contextlib.suppress(ValueError):
            name = path.resolve().relative_to(self._folder).as_posix()
            self._change(
                "INSERT INTO videos (name, owner) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner",
                (name, owner),
            )

    def page(
        self, *, owner: str | None = None, first: int = 0, count: int = PAGE
    ) -> tuple[list[Past], bool]:
        """Return a part of the videos, starred ones first, then the newest.

        Args:
            owner: Only those of this user; None is everybody's.
            first: How many to leave out.
            count: Most to return.

        Returns:
            The videos, and whether there are more.
        """
        known = self._known()
        found = [
            Past(
                name=name,
                path=self._folder / name,
                made=made,
                starred=known.get(name, ("", False))[1],
            )
            for name, made in self._files()
            if owner is None or (name in known and known[name][0] == owner)
        ]
        found.sort(key=lambda one: (one.starred, one.made), reverse=True)
        ours: list[Past] = []
        for one in found:
            if self._is_ours(one):
                ours.append(one)
            if len(ours) > first + count:
                break
        return ours[first : first + count], len(ours) > first + count

    def find(self, name: str, *, owner: str | None = None) -> Past:
        """Return one video of the folder.

        Raises:
            InputError: It is gone, is none of ours, or belongs to somebody else.
        """
        if "\0" in name:
            raise InputError(_GONE, hint="Look at the list again.")
        path = (self._folder / name).resolve()
        known = self._known()
        inside = bool(name) and path.is_relative_to(self._folder) and path.suffix in SUFFIXES
        allowed = owner is None or known.get(name, (None, False))[0] == owner
        if not (inside and allowed and path.is_file()):
            raise InputError(_GONE, hint="Look at the list again.")
        starred = known.get(name, ("", False))[1]
        one = Past(name=name, path=path, made=path.stat().st_mtime, starred=starred)
        if not self._is_ours(one):
            raise InputError(_GONE, hint="Look at the list again.")
        return one

    def star(self, name: str, *, starred: bool, owner: str | None = None) -> None:
        """Mark a video, or take the mark away.

        Raises:
            InputError: As in `find`.
        """
        self.find(name, owner=owner)
        self._change(
            "INSERT INTO videos (name, starred) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET starred = excluded.starred",
            (name, int(starred)),
        )

    def delete(self, name: str, *, owner: str | None = None) -> None:
        """Delete a video that says itself that this program made it, and its manifest.

        Raises:
            InputError: As in `find`.
            OutputUnwritable: The system does not let it go.
        """
        one = self.find(name, owner=owner)
        try:
            one.path.unlink()
            sidecar(one.path).unlink(missing_ok=True)
        except OSError as problem:
            raise OutputUnwritable(
                f"{one.path.name} cannot be deleted: {problem.strerror}.",
                hint="Close programs that show it, and try again.",
            ) from problem
        self._poster_path(one).unlink(missing_ok=True)
        self._change("DELETE FROM videos WHERE name = ?", (name,))

    def poster(self, one: Past) -> Image.Image:
        """Return a small picture of a video; grey when it cannot be read."""
        kept = self._poster_path(one)
        with contextlib.suppress(OSError), Image.open(kept) as found:
            return found.convert("RGB")
        image = _still(one.path)
        image.thumbnail((POSTER_SIDE, POSTER_SIDE))
        try:
            # as private as the results that they show
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept.parent.chmod(0o700)
            part = kept.with_suffix(f".{os.getpid()}.part")
            image.save(part, "JPEG", quality=82)
            part.replace(kept)
        except OSError as problem:
            log.warning("the small picture of %s cannot be kept: %s", one.name, problem)
        return image

    def _poster_path(self, one: Past) -> Path:
        digest = hashlib.sha256(f"{one.path}\0{one.made}".encode()).hexdigest()[:32]
        return self._state / "posters" / f"{digest}.jpg"

    def _files(self) -> Iterator[tuple[str, float]]:
        """Yield name and time of every file that could be a video."""
        waiting: list[tuple[str, int]] = [(str(self._folder), 0)]
        while waiting:
            folder, depth = waiting.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if depth < DEEPEST:
                        waiting.append((entry.path, depth + 1))
                elif entry.name.lower().endswith(SUFFIXES):
                    name = Path(entry.path).relative_to(self._folder).as_posix()
                    with contextlib.suppress(OSError):
                        yield name, entry.stat().st_mtime

    def _is_ours(self, one: Past) -> bool:
        key = (one.name, one.made)
        if key not in self._ours:
            self._ours[key] = _says_ours(one.path)
        return self._ours[key]

    def _known(self) -> dict[str, tuple[str, bool]]:
        """Return owner and star by name."""
        try:
            with self._opened() as table:
                rows = table.execute("SELECT name, owner, starred FROM videos")
                return {name: (owner, bool(starred)) for name, owner, starred in rows}
        except (sqlite3.Error, OSError) as problem:
            log.warning("the table of earlier videos cannot be read: %s", problem)
            return {}

    def _change(self, command: str, values: Sequence[object]) -> None:
        try:
            with self._opened() as table, table:
                table.execute(command, tuple(values))
        except (sqlite3.Error, OSError) as problem:
            log.warning("the table of earlier videos cannot be written: %s", problem)

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._state.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self._state / TABLE)) as table:
            table.execute(
                "CREATE TABLE IF NOT EXISTS videos (name TEXT PRIMARY KEY, "
                "owner TEXT NOT NULL DEFAULT '', starred INTEGER NOT NULL DEFAULT 0)"
            )
            yield table


def facts_of(path: Path) -> tuple[VideoFile, VideoMetadata]:
    """Return what a finished video says about itself.

    Raises:
        EncodingError: It cannot be read.
    """
    said = read_metadata(path)
    with open_local(path, READABLE) as container:
        if not container.streams.video:
            raise EncodingError(f"{path.name} should be a video, but holds no pictures.")
        stream = container.streams.video[0]
        seconds = float(container.duration or 0) / 1_000_000
        rate = float(stream.average_rate or 0)
        width, height = stream.width, stream.height
    video = VideoFile(
        path=path,
        width=width,
        height=height,
        fps=rate,
        frames=round(seconds * rate),
        seconds=seconds,
        engine=str(said.data.get("engine", "")),
        # anybody may have written it
        seed=seed if type(seed := said.data.get("seed")) is int else -1,
    )
    return video, said


def when(one: Past) -> str:
    """Return the day and time at which a video was made, as the clock here says."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(one.made))


def _says_ours(path: Path) -> bool:
    try:
        said = read_metadata(path)
    except (SadTalkerError, OSError, ValueError):
        return False
    return said.data.get("program") == PROGRAM


def _still(path: Path) -> Image.Image:
    from sadtalker_ext.host.first_frame import first_frame

    try:
        return first_frame(path)
    except SadTalkerError:
        return Image.new("RGB", (POSTER_SIDE, POSTER_SIDE), (128, 128, 128))
