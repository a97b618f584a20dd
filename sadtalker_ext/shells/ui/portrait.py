"""The portrait panel: the picture, where it may come from, whose face, and the tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.shells.ui import compat, examples, face_clicks, face_editor, footage, words
from sadtalker_ext.shells.ui.consent import QUESTION, ConsentBook
from sadtalker_ext.shells.ui.contract import Component, PictureSource, TabHost, element_id
from sadtalker_ext.shells.ui.controls import OptionControls
from sadtalker_ext.shells.ui.panels import panel
from sadtalker_ext.shells.ui.sources import SourceLooker
from sadtalker_ext.shells.ui.uploads import is_shared

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
        who: Whose face a click chooses.
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
    who: Component
    boxes: Component
    consent: Component
    tick: Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Events after which something else is there.

    Attributes:
        picture: Another picture, and its faces.
        video: Another video, and the faces of its still.
        kind: A picture in place of a video, or the other way round.
    """

    picture: Any
    video: Any
    kind: Any


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
                who = face_clicks.make_who("who")
                boxes_picture = compat.shown_picture(
                    label="Faces", show_label=False, elem_id=element_id("faces")
                )
                options.make("face_index")
        video = footage.make_footage_parts(kind, HEIGHT)
        boxes = gr.State([])
        boxes.elem_id = element_id("picture_boxes")
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
        who=who,
        boxes=boxes,
        consent=consent,
        tick=tick,
    )


def connect_portrait_parts(
    parts: PortraitParts, host: TabHost, options: OptionControls, consent: ConsentBook
) -> Looked:
    """Wire the panel; returns the events after which something else is there."""
    index = options.components["face_index"]
    book = face_editor.PointBook(None if is_shared(host) else host.state_folder)
    look = SourceLooker(host, consent, book)
    face_points = options.components[face_editor.OPTION]
    looked = compat.listen(
        parts.picture.change,
        look.at_picture,
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
    switched, filmed = footage.connect_footage_parts(
        parts.video,
        look,
        picture=parts.picture,
        picture_pane=parts.picture_pane,
        asked=[parts.consent, parts.tick],
    )
    for button, source in parts.sources:
        source.connect(button, parts.picture)
    return Looked(picture=looked, video=filmed, kind=switched)
