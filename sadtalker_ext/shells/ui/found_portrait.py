"""The portrait of a dropped video, where it lies on this machine."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.shells.page_files import upload_folders
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import TabHost
from sadtalker_ext.shells.ui.face_editor import PointBook
from sadtalker_ext.shells.ui.uploads import is_shared

if TYPE_CHECKING:
    from sadtalker_ext.encoder.metadata import VideoMetadata

log = logging.getLogger(__name__)

FOUND = "Its portrait was found again."
LOST = "Its portrait was not found here; put it in yourself."


class Finder:
    """Finds portraits in the folders of the place the tab lives in.

    Args:
        host: The place; ``portrait_folders`` are its own, beside what the page received.
        book: Told the points of the face that came with the video.
    """

    def __init__(self, host: TabHost, book: PointBook) -> None:
        self.host = host
        self._book = book

    def find(self, said: VideoMetadata, points: str) -> tuple[Any, str]:
        """Return the output for the portrait, and a remark.

        Args:
            said: What the video says about itself.
            points: Points of the face that it was made with, as JSON, or nothing.
        """
        from sadtalker_ext.portraits import find_portrait

        picture = said.data.get("picture")
        if is_shared(self.host) or not isinstance(picture, dict) or not picture.get("hash"):
            return compat.unchanged(), ""
        path = find_portrait(said.data, self._folders())
        if path is None:
            return compat.unchanged(), words.note_html(LOST)
        try:
            shown = compat.picture_value(path)
            if points:
                # the picture's own event looks there, and would empty the field otherwise
                self._book.keep(compat.read_picture_value(shown), points)
        except (SadTalkerError, OSError) as problem:
            log.warning("%s was found and cannot be shown: %s", path.name, problem)
            return compat.unchanged(), words.note_html(LOST)
        return shown, words.note_html(FOUND)

    def _folders(self) -> Sequence[Path]:
        own = getattr(self.host, "portrait_folders", ())
        return [*own, *(Path(folder) for folder in upload_folders())]
