"""Looking at what is put in to speak: a picture or a video, its faces, and whether to ask."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SadTalkerError, WeightsMissing
from sadtalker_ext.face_points import read_face_points
from sadtalker_ext.shells.ui import compat, face_editor, faces, words
from sadtalker_ext.shells.ui.consent import QUESTION, VIDEO_QUESTION, ConsentBook
from sadtalker_ext.shells.ui.contract import TabHost
from sadtalker_ext.shells.ui.dub_job import VIDEO, check_footage, still_of
from sadtalker_ext.shells.ui.uploads import told_html, uploads_of
from sadtalker_ext.types import Face, Picture

log = logging.getLogger(__name__)


class SourceLooker:
    """Looks at a new picture or video.

    Args:
        host: Finds faces, and checks uploads.
        consent: Tells whether the tick is needed.
        book: Remembers points that were placed by hand.
    """

    def __init__(self, host: TabHost, consent: ConsentBook, book: face_editor.PointBook) -> None:
        self._host = host
        self._consent = consent
        self._book = book

    def at_picture(self, value: Any) -> list[Any]:
        """Return everything that changes with a picture that was just put in or taken out.

        That is note, boxes, consent, the button of the face's points, and those placed before.
        """
        nothing = compat.update(visible=False)
        cleared = [nothing, None, [], 0]
        if value is None:
            return ["", *cleared, nothing, False, "", ""]
        try:
            check = uploads_of(self._host)
            if check is not None:
                check.picture(value)
            picture = compat.read_picture_value(value)
        except SadTalkerError as problem:
            return [told_html(problem, self._host), *cleared, nothing, False, "", ""]
        asked = [compat.update(visible=self._consent.is_needed(picture)), False]
        kept = self._book.find(picture)
        if kept:
            start = face_editor.start_html(picture, (), read_face_points(kept))
            return [words.note_html(face_editor.KEPT), *cleared, *asked, start, kept]
        found = self.find(picture)
        if found is not None and len(found) > 1:
            return ["", *_offer(picture, found), *asked, "", ""]
        return [*self._told(picture, found, cleared), *asked, self._start(picture, found), ""]

    def at_video(self, value: Any) -> list[Any]:
        """Return note, choice and consent for a video that was just put in or taken out."""
        nothing = compat.update(visible=False)
        cleared = [nothing, None, [], 0]
        if not value:
            return ["", *cleared, nothing, False]
        try:
            check_footage(self._host, Path(value))
            still = still_of(Path(value))
        except SadTalkerError as problem:
            return [told_html(problem, self._host), *cleared, nothing, False]
        asked = [compat.update(visible=self._consent.is_needed(Path(value))), False]
        try:
            found = self._host.service.faces(still)
        except (SadTalkerError, ImportError):
            found = []
        if len(found) < 2:
            return ["", *cleared, *asked]
        boxes = [faces.wide_box(face.box) for face in found]
        shown = faces.draw_boxes(still, faces.drawn_boxes(still, boxes), 0)
        return ["", compat.update(visible=True), shown, boxes, 0, *asked]

    def switched(self, kind: str, video: Any, picture: Any) -> list[Any]:
        """Show the pane of the chosen kind, and the tick where its own source needs one."""
        needed = False
        # what cannot be read is said where it was put in
        with contextlib.suppress(SadTalkerError, OSError):
            if kind == VIDEO and video:
                needed = self._consent.is_needed(Path(video))
            elif kind != VIDEO and picture is not None:
                needed = self._consent.is_needed(compat.read_picture_value(picture))
        panes = [compat.update(visible=kind == VIDEO), compat.update(visible=kind != VIDEO)]
        question = VIDEO_QUESTION if kind == VIDEO else QUESTION
        return [*panes, compat.update(visible=needed), compat.update(value=False, label=question)]

    def _told(
        self, picture: Picture, found: Sequence[Face] | None, cleared: Sequence[Any]
    ) -> list[Any]:
        note = ""
        if found is not None and not found:
            note = words.note_html(
                f"No face found in {picture.name}. Try a larger or more frontal face."
            )
            if self._host.service.turned_upright(picture) is not None:
                note = words.note_html("The face does not stand upright; the video will turn it.")
        return [note, *cleared]

    def _start(self, picture: Picture, found: Sequence[Face] | None) -> str:
        """Return where points begin; nothing where faces cannot be looked for."""
        return "" if found is None else face_editor.start_html(picture, found, {})

    def find(self, picture: Picture) -> list[Face] | None:
        """Return the faces of a picture, or None while it is not possible to look for them."""
        try:
            return self._host.service.faces(picture)
        except WeightsMissing:
            # the engine panel offers them
            return None
        except (SadTalkerError, ImportError) as problem:
            log.warning("faces were not looked for: %s", problem)
            return None


def _offer(picture: Picture, found: Sequence[Face]) -> list[Any]:
    boxes = faces.scaled_boxes(picture, found)
    return [compat.update(visible=True), faces.draw_boxes(picture, boxes, 0), boxes, 0]
