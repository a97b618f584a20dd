"""Further speakers: other people of the picture or the video, each with words of its own.

gradio 3 makes no components later, so there are three hidden groups; a button shows the next one.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.options import option_spec
from sadtalker_ext.shells.ui import compat, face_clicks, sound_field, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.controls import OptionControls, caption
from sadtalker_ext.shells.ui.roles import (
    FACES,
    KINDS,
    NEXT_FACE,
    NUMBERS,
    SAME_EMOTION,
    SOUND,
    TEXT,
    are_offered,
    field_name,
)

FIRST = (
    "The first speaker says the speech above, with the face that was clicked or else the largest; "
    "every further one has words and a face of its own."
)
_HELP = {
    "face": "Whose face it is: numbers as in the picture, where faces are counted by size.",
    "at": "When this speaker begins, in seconds from the beginning of the video.",
    "emotion": "How this speaker looks; in a video only the mouth follows.",
    "kind": "Whether a sound file or a text is said.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakerParts:
    """The components of one further speaker.

    Attributes:
        number: 2 to 4.
        group: Everything about it; hidden until it is added.
        remove: The button that takes it out.
        fields: What is said and how, by the names of `roles.FIELDS`.
        panes: The groups of the sound and of the text.
    """

    number: int
    group: Component
    remove: Component
    fields: dict[str, Component]
    panes: tuple[Component, Component]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeakersParts:
    """The components of the section.

    Attributes:
        section: All of it; hidden where nobody else could speak.
        note: Says who the first speaker is; hidden while there is no other.
        add: The button that shows one more.
        opened: State: which of the further speakers are there.
        speakers: The further speakers.
    """

    section: Component
    note: Component
    add: Component
    opened: Component
    speakers: tuple[SpeakerParts, ...]

    @property
    def inputs(self) -> dict[str, Component]:
        """Return what `roles.further_speakers` needs, by name."""
        found = {"speakers_opened": self.opened}
        for one in self.speakers:
            found |= {field_name(one.number, name): part for name, part in one.fields.items()}
        return found

    @property
    def voices(self) -> list[Component]:
        """Return the lists of voices."""
        return [one.fields["voice"] for one in self.speakers]

    @property
    def texts(self) -> list[Component]:
        """Return the fields of texts."""
        return [one.fields["text"] for one in self.speakers]


def make_speakers_parts(options: OptionControls, *, can_speak: bool) -> SpeakersParts:
    """Make the section at the current place of the page, hidden.

    Args:
        options: Knows the voices.
        can_speak: Whether there is a voice.
    """
    gr = compat.gradio()
    opened = gr.State([False] * len(NUMBERS))
    opened.elem_id = element_id("speakers_opened")
    with gr.Column(
        visible=False, elem_id=element_id("speakers"), elem_classes=["stx-pane"]
    ) as section:
        note = compat.html(
            words.note_html(FIRST), visible=False, elem_id=element_id("speakers_note")
        )
        made = tuple(_make_speaker(number, options, can_speak=can_speak) for number in NUMBERS)
        with gr.Row(elem_classes=["stx-buttons"]):
            add = gr.Button("Add a speaker", elem_id=element_id("add_speaker"), size="sm")
    compat.explained(add, "One more of the people says something: up to four in all.")
    return SpeakersParts(section=section, note=note, add=add, opened=opened, speakers=made)


def _make_speaker(number: int, options: OptionControls, *, can_speak: bool) -> SpeakerParts:
    gr = compat.gradio()
    with gr.Column(visible=False, elem_classes=["stx-pane", "stx-speaker"]) as group:
        with gr.Row(elem_classes=["stx-buttons", "stx-speaker-head"]):
            compat.html(f'<h4 class="stx-title">Speaker {number}</h4>')
            remove = gr.Button(
                f"Remove speaker {number}", elem_id=element_id(f"remove_speaker_{number}"),
                size="sm",
            )  # fmt: skip
        with gr.Row():
            fields = {
                "face": gr.Dropdown(choices=list(FACES), value=NEXT_FACE, label="Face",
                                    **_looks(number, "face")),
                "at": gr.Number(value=0, label="Begins at (seconds)", **_looks(number, "at")),
                "emotion": gr.Dropdown(choices=[SAME_EMOTION, *EMOTIONS], value=SAME_EMOTION,
                                       label="Emotion", allow_custom_value=True,
                                       **_looks(number, "emotion")),
            }  # fmt: skip
        fields["kind"] = gr.Radio(
            choices=list(KINDS),
            value=SOUND,
            label="Speech",
            show_label=False,
            container=False,
            elem_id=element_id(field_name(number, "kind")),
            elem_classes=["stx-segments"],
        )
        with gr.Column(elem_classes=["stx-pane"]) as sound_pane:
            fields["sound"] = sound_field.sound_input(
                "upload",
                label="Speech file",
                elem_id=element_id(field_name(number, "sound")),
                elem_classes=["stx-sound"],
            )
        with gr.Column(visible=False, elem_classes=["stx-pane"]) as text_pane:
            able = {} if can_speak else {"interactive": False}
            voice, text = option_spec("voice"), option_spec("text")
            fields["text"] = gr.Textbox(
                value="", lines=2, label=caption(text), **able, **_looks(number, "text")
            )
            shown = options.voices
            fields["voice"] = gr.Dropdown(
                choices=shown, value=shown[0] if shown else None, label=caption(voice),
                **able, **_looks(number, "voice"),
            )  # fmt: skip
    told = {**_HELP, "text": text.help, "voice": voice.help}
    for name, component in fields.items():
        compat.not_saved(component)
        if name in told:
            compat.explained(component, told[name])
    compat.explained(remove, "Take this speaker and what it says out.")
    return SpeakerParts(
        number=number, group=group, remove=remove, fields=fields, panes=(sound_pane, text_pane)
    )


def _looks(number: int, field: str) -> dict[str, Any]:
    return {"elem_id": element_id(field_name(number, field)), "elem_classes": ["stx-field"]}


def connect_speakers_parts(
    parts: SpeakersParts,
    looked: Sequence[Any],
    *,
    kind: Component,
    boxes: Component,
    whose: Sequence[Component],
) -> list[Any]:
    """Wire the section; returns the events after which somebody has come or gone.

    Args:
        parts: The components.
        looked: Events after which the section may be offered or not.
        kind: Picture or video.
        boxes: State: the faces of the picture.
        whose: The choices of whose face a click means.
    """
    for event in looked:
        compat.listen(event.then, _offer, [kind, boxes], [parts.section])
    groups = [one.group for one in parts.speakers]
    shown = [parts.opened, parts.note, parts.add, *groups, *whose]
    events = [compat.listen(parts.add.click, _add, [parts.opened], shown)]
    for place, one in enumerate(parts.speakers):
        said = [one.fields[name] for name in ("sound", "text")]
        remove = functools.partial(_remove, place)
        events.append(compat.listen(one.remove.click, remove, [parts.opened], [*shown, *said]))
        compat.listen(one.fields["kind"].change, _show_pane, [one.fields["kind"]], one.panes)
    return events


def _offer(kind: str, boxes: Sequence[Any] | None) -> Any:
    return compat.update(visible=are_offered(kind, boxes))


def _show_pane(kind: str) -> list[Any]:
    return [compat.update(visible=kind == one) for one in (SOUND, TEXT)]


def _add(opened: Sequence[bool]) -> list[Any]:
    """Show the first speaker that is not there yet."""
    there = list(opened)
    latest = face_clicks.FIRST
    if False in there:
        place = there.index(False)
        there[place], latest = True, face_clicks.NAMES[place + 1]
    return shown_updates(there, latest)


def _remove(place: int, opened: Sequence[bool]) -> list[Any]:
    """Hide a speaker, and empty what it says."""
    there = [is_open and number != place for number, is_open in enumerate(opened)]
    return [*shown_updates(there), compat.update(value=None), ""]


def shown_updates(there: list[bool], latest: str = face_clicks.FIRST) -> list[Any]:
    """Return who is there, and what is seen of the section and of both choices of a face.

    Args:
        there: Which of the further speakers are there.
        latest: Whose face a click chooses next.
    """
    who = face_clicks.who_updates(there, latest)
    return [
        there,
        compat.update(visible=any(there)),
        compat.update(visible=not all(there)),
        *(compat.update(visible=one) for one in there),
        who,
        who,
    ]
