"""Earlier videos: what lies in the folder of results, whose it is, and what is starred."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from sadtalker_ext.encoder.leftovers import remove_if_abandoned
from sadtalker_ext.encoder.metadata import PROGRAM, READABLE, VideoMetadata, read_metadata
from sadtalker_ext.errors import EncodingError, InputError, OutputUnwritable, SadTalkerError
from sadtalker_ext.history_table import HistoryTable, Known
from sadtalker_ext.local_media import open_local
from sadtalker_ext.video_file import VideoFile

log = logging.getLogger(__name__)

TABLE = "history.sqlite"
SUFFIXES = (".mp4", ".webm", ".gif", ".mov")
PAGE = 24
POSTER_SIDE = 256
DEEPEST = 4
"""Folders below the folder of results that are looked into: hosts make some by their pattern."""
MOST_LOOKS = 400
"""Files that are opened at once to see whether they are ours."""
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

    The folder is the truth; a small table beside the presets knows what a file cannot say: its
    owner and its star. Both belong to the file of that time: another one that takes its name later
    has neither.

    Args:
        folder: Where results are, in subfolders by any pattern.
        state: Folder for the table and the small pictures; it need not exist.
    """

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder.resolve()
        self._state = state
        self._table = HistoryTable(state / TABLE, self._folder)

    def note(self, path: Path, owner: str) -> None:
        """Remember who made a video."""
        with contextlib.suppress(ValueError, OSError):
            name = path.resolve().relative_to(self._folder).as_posix()
            made = path.stat().st_mtime
            self._table.write({name: Known(made=made, owner=owner, ours=_says_ours(path))})

    def page(
        self, *, owner: str | None = None, first: int = 0, count: int = PAGE
    ) -> tuple[list[Past], bool]:
        """Return a part of the videos, starred ones first, then the newest.

        In a folder with thousands of foreign videos a part of them is looked at each time, and
        what was found is kept.

        Args:
            owner: Only those of this user; None is everybody's.
            first: How many to leave out.
            count: Most to return.

        Returns:
            The videos, and whether there are more.
        """
        known = self._known()
        seen: dict[str, Known] = {}
        found = [
            Past(
                name=name,
                path=self._folder / name,
                made=made,
                starred=_known(known, name, made).starred,
            )
            for name, made in self._files()
            if owner is None or _known(known, name, made).owner == owner
        ]
        found.sort(key=lambda one: (one.starred, one.made), reverse=True)
        ours: list[Past] = []
        for one in found:
            row = _known(known, one.name, one.made)
            if row.ours is None:
                if len(seen) >= MOST_LOOKS:
                    continue
                row = seen[one.name] = replace(row, ours=_says_ours(one.path))
            if row.ours:
                ours.append(one)
            if len(ours) > first + count:
                break
        if seen:
            self._table.write(seen)
        return ours[first : first + count], len(ours) > first + count or len(seen) >= MOST_LOOKS

    def find(self, name: str, *, owner: str | None = None) -> Past:
        """Return one video of the folder.

        Raises:
            InputError: It is gone, is none of ours, or belongs to somebody else.
        """
        gone = InputError(_GONE, hint="Look at the list again.")
        path = (self._folder / name.replace("\0", "")).resolve()
        if not (name and path.is_relative_to(self._folder) and path.is_file()):
            raise gone
        made = path.stat().st_mtime
        row = _known(self._known(), name, made)
        allowed = owner is None or row.owner == owner
        if not (allowed and path.suffix.lower() in SUFFIXES and _says_ours(path)):
            raise gone
        return Past(name=name, path=path, made=made, starred=row.starred)

    def star(self, name: str, *, starred: bool, owner: str | None = None) -> None:
        """Mark a video, or take the mark away.

        Raises:
            InputError: As in `find`.
        """
        one = self.find(name, owner=owner)
        row = _known(self._known(), name, one.made)
        self._table.write({name: replace(row, starred=starred)})

    def delete(self, name: str, *, owner: str | None = None) -> None:
        """Delete a video that says itself that this program made it, and the records of it.

        Raises:
            InputError: As in `find`.
            OutputUnwritable: The system does not let it go.
        """
        from sadtalker_ext.provenance.consent import consent_file
        from sadtalker_ext.provenance.credentials import sidecar

        one = self.find(name, owner=owner)
        try:
            one.path.unlink()
            for record in (sidecar(one.path), consent_file(one.path)):
                record.unlink(missing_ok=True)
        except OSError as problem:
            raise OutputUnwritable(
                f"{one.path.name} cannot be deleted: {problem.strerror}.",
                hint="Close programs that show it, and try again.",
            ) from problem
        self._poster_path(one).unlink(missing_ok=True)
        self._table.drop(name)

    def owned_by(self, owner: str) -> list[str]:
        """Return the names of all videos of a user that are still there."""
        known = self._known()
        return [name for name, made in self._files() if _known(known, name, made).owner == owner]

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
            # a process shows many pictures at once
            part = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
            try:
                image.save(part, "JPEG", quality=82)
                part.replace(kept)
            finally:
                part.unlink(missing_ok=True)
        except OSError as problem:
            log.warning("the small picture of %s cannot be kept: %s", one.name, problem)
        return image

    def _poster_path(self, one: Past) -> Path:
        digest = hashlib.sha256(f"{one.path}\0{one.made}".encode()).hexdigest()[:32]
        return self._state / "posters" / f"{digest}.jpg"

    def _files(self) -> Iterator[tuple[str, float]]:
        """Yield name and time of every file that could be a video; clear leftovers away."""
        waiting: list[tuple[str, int]] = [(str(self._folder), 0)]
        while waiting:
            folder, depth = waiting.pop()
            try:
                entries = list(os.scandir(folder))
            except OSError:
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    remove_if_abandoned(Path(entry.path))  # hosts never come back to a day's folder
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if depth < DEEPEST:
                        waiting.append((entry.path, depth + 1))
                elif entry.name.lower().endswith(SUFFIXES) and not entry.is_symlink():
                    name = Path(entry.path).relative_to(self._folder).as_posix()
                    with contextlib.suppress(OSError):
                        yield name, entry.stat().st_mtime

    def _known(self) -> dict[str, Known]:
        return self._table.known()


def _known(rows: dict[str, Known], name: str, made: float) -> Known:
    """Return what is known of the file that has this name and time."""
    row = rows.get(name)
    return row if row is not None and row.made == made else Known(made=made)


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
