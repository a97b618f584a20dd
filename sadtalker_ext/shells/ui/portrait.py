"""The portrait panel: the picture, where it may come from, whose face, and the tick."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.errors import SadTalkerError, WeightsMissing
from sadtalker_ext.face_points import read_face_points
from sadtalker_ext.shells.ui import compat, examples, face_editor, faces, footage, words
from sadtalker_ext.shells.ui.consent import QUESTION, ConsentBook
from sadtalker_ext.shells.ui.contract import Component, PictureSource, TabHost, element_id
from sadtalker_ext.shells.ui.controls import OptionControls
from sadtalker_ext.shells.ui.panels import panel
from sadtalker_ext.shells.ui.uploads import is_shared, told_html, uploads_of
from sadtalker_ext.types import Box, Face, Picture

log = logging.getLogger(__name__)

HEIGHT = 340
SEVERAL = "Several faces were found. Click the one that should speak."


@dataclass(frozen=True, slots=True, kw_only=True)
class PortraitParts:
    """The components of the portrait panel.

    Attributes:
        picture: The picture.
        picture_pane: Everything about it.
        video: A video instead.
        sources: Buttons that bring a picture, with what they are wired to.
        examples: Buttons that bring one of our own pictures.
        points: What places the face's points by hand.
        note: A remark about the picture, for example that no face was found.
        choice: The group with the numbered boxes; hidden unless there are several faces.
        boxes_picture: The picture with the boxes.
        boxes: State: the boxes, in pixels of `boxes_picture`.
        consent: The group around the tick; hidden when nothing has to be asked.
        tick: The tick.
    """

    picture: Component
    picture_pane: Component
    video: footage.FootageParts
    sources: Sequence[tuple[Component, PictureSource]]
    examples: Sequence[tuple[Component, examples.Example]]
    points: face_editor.EditorParts
    note: Component
    choice: Component
    boxes_picture: Component
    boxes: Component
    consent: Component
    tick: Component


def make_portrait_parts(sources: Sequence[PictureSource], options: OptionControls) -> PortraitParts:
    """Make the panel at the current place of the page."""
    gr = compat.gradio()
    buttons = []
    with panel("Portrait"):
        kind = footage.make_kind()
        with gr.Column(elem_classes=["stx-pane"]) as picture_pane:
            picture = compat.picture_input(
                label="Portrait", show_label=False, height=HEIGHT, elem_id=element_id("picture")
            )
            compat.explained(picture, "Drop, paste or upload a picture with a face.")
            if sources:
                with gr.Row(elem_classes=["stx-buttons"]):
                    for source in sources:
                        button = gr.Button(
                            source.label, elem_id=element_id(f"use_{source.name}"), size="sm"
                        )
                        buttons.append((compat.explained(button, source.help), source))
            tried = examples.make_portrait_examples()
            note = compat.html("", elem_id=element_id("picture_note"))
            points = face_editor.make_editor(options)
            with gr.Column(visible=False, elem_classes=["stx-pane"]) as choice:
                compat.html(words.note_html(SEVERAL))
                boxes_picture = compat.shown_picture(
                    label="Faces", show_label=False, elem_id=element_id("faces")
                )
                options.make("face_index")
        video = footage.make_footage_parts(kind, HEIGHT)
        boxes = gr.State([])
        with gr.Column(visible=False, elem_classes=["stx-consent"]) as consent:
            tick = gr.Checkbox(value=False, label=QUESTION, elem_id=element_id("consent"))
        compat.explained(
            compat.not_saved(tick),
            "Asked once per picture. Pictures with generation parameters need no tick.",
        )
    return PortraitParts(
        picture=picture,
        picture_pane=picture_pane,
        video=video,
        sources=buttons,
        examples=tried,
        points=points,
        note=note,
        choice=choice,
        boxes_picture=boxes_picture,
        boxes=boxes,
        consent=consent,
        tick=tick,
    )


def connect_portrait_parts(
    parts: PortraitParts, host: TabHost, options: OptionControls, consent: ConsentBook
) -> None:
    """Wire the panel."""
    index = options.components["face_index"]
    book = face_editor.PointBook(None if is_shared(host) else host.state_folder)
    look = _Looker(host, consent, book)
    face_points = options.components[face_editor.OPTION]
    compat.listen(
        parts.picture.change,
        look.at,
        [parts.picture],
        [
            parts.note,
            parts.choice,
            parts.boxes_picture,
            parts.boxes,
            index,
            parts.consent,
            parts.tick,
            parts.points.start,
            face_points,
        ],
    )
    face_editor.connect_editor(
        options, book, look.find, picture=parts.picture, parts=parts.points, note=parts.note
    )
    footage.connect_footage_parts(
        parts.video,
        host,
        consent,
        picture=parts.picture,
        picture_pane=parts.picture_pane,
        asked=[parts.consent, parts.tick],
    )
    compat.on_select(parts.boxes_picture, choose_face, [parts.boxes], [index])
    compat.listen(
        index.change, _highlight, [parts.picture, parts.boxes, index], [parts.boxes_picture]
    )
    for button, source in parts.sources:
        source.connect(button, parts.picture)


def choose_face(point: tuple[int, int], boxes: Sequence[Box]) -> Any:
    """Return the face index after a click, unchanged when it hit none."""
    found = faces.face_at(boxes, point)
    return compat.unchanged() if found is None else found


class _Looker:
    """Looks at a new picture."""

    def __init__(self, host: TabHost, consent: ConsentBook, book: face_editor.PointBook) -> None:
        self._host = host
        self._consent = consent
        self._book = book

    def at(self, value: Any) -> list[Any]:
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


def _highlight(value: Any, boxes: Sequence[Box], index: float | None) -> Any:
    if value is None or not boxes:
        return compat.unchanged()
    try:
        picture = compat.read_picture_value(value)
    except SadTalkerError:
        return compat.unchanged()
    return faces.draw_boxes(
        picture, [(box[0], box[1], box[2], box[3]) for box in boxes], int(index or 0)
    )
