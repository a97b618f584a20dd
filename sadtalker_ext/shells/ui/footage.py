"""A video instead of a picture: its people are given other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sadtalker_ext.shells.ui import compat, face_clicks, video_field, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.dub_job import (
    BETWEEN_WORDS,
    KINDS,
    LENGTH_WORDS,
    PICTURE,
)

if TYPE_CHECKING:
    from sadtalker_ext.shells.ui.sources import SourceLooker

SEVERAL = "Several faces were found. Click the one that should say the new words."


@dataclass(frozen=True, slots=True, kw_only=True)
class FootageParts:
    """The components of the pane.

    Attributes:
        kind: Picture or video.
        pane: What belongs to a video.
        video: The video.
        note: A remark about it.
        choice: The still with numbered boxes; hidden unless there are several faces.
        still: That picture.
        boxes: State: the boxes in the pixels of `still`, and its scale.
        chosen: State: the index of the first speaker's box.
        who: Whose face a click chooses.
        keep_audio: How much of the video's own sound stays.
        keep_outside: How much of it where nothing new is said.
        length: What happens where speech and video are not equally long.
    """

    kind: Component
    pane: Component
    video: Component
    note: Component
    choice: Component
    still: Component
    boxes: Component
    chosen: Component
    who: Component
    keep_audio: Component
    keep_outside: Component
    length: Component

    @property
    def inputs(self) -> dict[str, Component]:
        """Return what `request_of` needs, by name."""
        return {
            "source_kind": self.kind,
            "source_video": self.video,
            "source_boxes": self.boxes,
            "source_chosen": self.chosen,
            "keep_audio": self.keep_audio,
            "keep_outside": self.keep_outside,
            "length": self.length,
        }


def make_kind() -> Component:
    """Make the choice between a picture and a video."""
    kind = compat.gradio().Radio(
        choices=list(KINDS),
        value=PICTURE,
        label="Source",
        show_label=False,
        container=False,
        elem_id=element_id("source_kind"),
        elem_classes=["stx-segments"],
    )
    return compat.explained(
        compat.not_saved(kind), "A picture that begins to speak, or a video that says new words."
    )


def make_footage_parts(kind: Component, height: int) -> FootageParts:
    """Make the pane at the current place of the page; hidden as long as a picture is chosen."""
    gr = compat.gradio()
    boxes, chosen = gr.State([]), gr.State(0)
    boxes.elem_id, chosen.elem_id = element_id("source_boxes"), element_id("source_chosen")
    with gr.Column(visible=False, elem_classes=["stx-pane"]) as pane:
        video = video_field.video_input(
            label="Video to dub", height=height, elem_id=element_id("source_video")
        )
        note = compat.html("", elem_id=element_id("source_note"))
        with gr.Column(visible=False, elem_classes=["stx-pane"]) as choice:
            compat.html(words.note_html(SEVERAL))
            who = face_clicks.make_who("source_who")
            still = compat.shown_picture(
                label="Faces of the video", show_label=False, elem_id=element_id("source_faces")
            )
        with gr.Row():
            keep = gr.Slider(
                0, 1, 0, step=0.05, label="Own sound", elem_id=element_id("keep_audio"),
                elem_classes=["stx-field"],
            )  # fmt: skip
            between = gr.Dropdown(
                choices=list(BETWEEN_WORDS),
                value=next(iter(BETWEEN_WORDS)),
                label="Own sound in pauses",
                elem_id=element_id("keep_outside"),
                elem_classes=["stx-field"],
            )
        with gr.Row():
            length = gr.Dropdown(
                choices=list(LENGTH_WORDS),
                value=next(iter(LENGTH_WORDS)),
                label="If the lengths differ",
                elem_id=element_id("length"),
                elem_classes=["stx-field"],
            )
    compat.explained(video, "Drop a video of somebody who speaks.")
    compat.explained(keep, "How much of the video's own sound stays under the new speech.")
    compat.explained(between, "How much of it stays where nothing new is said.")
    compat.explained(length, "What happens where speech and video are not equally long.")
    for one in (keep, between, length):
        compat.not_saved(one)
    return FootageParts(
        kind=kind,
        pane=pane,
        video=video,
        note=note,
        choice=choice,
        still=still,
        boxes=boxes,
        chosen=chosen,
        who=who,
        keep_audio=keep,
        keep_outside=between,
        length=length,
    )


def connect_footage_parts(
    parts: FootageParts,
    look: SourceLooker,
    *,
    picture: Component,
    picture_pane: Component,
    asked: Sequence[Component],
) -> tuple[Any, Any]:
    """Wire the pane; returns the events after which the chosen kind, and another still, are there.

    Args:
        parts: The components.
        look: Looks at what is put in.
        picture: The portrait: a new one chooses pictures again.
        picture_pane: What belongs to a picture.
        asked: The group around the tick, and the tick.
    """
    switched = compat.listen(
        parts.kind.change,
        look.switched,
        [parts.kind, parts.video, picture],
        [parts.pane, picture_pane, *asked],
    )
    compat.listen(
        picture.change,
        # the same value again would count as a change, and take away the tick
        lambda value, kind: compat.unchanged() if value is None or kind == PICTURE else PICTURE,
        [picture, parts.kind],
        [parts.kind],
    )
    filmed = compat.listen(
        parts.video.change,
        look.at_video,
        [parts.video],
        [parts.note, parts.choice, parts.still, parts.boxes, parts.chosen, *asked],
    )
    return switched, filmed
