"""Borrowing motion from another video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.engines.registry import engines_for
from sadtalker_ext.shells.ui import compat, video_field, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.controls import OptionControls

OPTION = "reference_use"
EVERYTHING = "all"
ADVICE = "Keep your head in the picture. When everything is borrowed, your voice is used, too."
FILE, CAMERA = KINDS = ("Video file", "Camera")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceParts:
    """The components of the accordion.

    Attributes:
        kind: Whether it is a file or is recorded here.
        video: Whose motion is borrowed.
        camera: The same, recorded here.
        panes: The groups of a file and of the camera.
        blink_video: Another one, for the blinks alone.
        note: Says when the engine cannot borrow.
    """

    kind: Component
    video: Component
    camera: Component
    panes: tuple[Component, Component]
    blink_video: Component
    note: Component

    @property
    def inputs(self) -> dict[str, Component]:
        """Return what `borrowed` needs, by name."""
        return {
            "reference_kind": self.kind,
            "reference_video": self.video,
            "reference_camera": self.camera,
            "blink_video": self.blink_video,
        }

    @property
    def dependent(self) -> list[Component]:
        """Return what `updates` changes, in its order."""
        return [self.video, self.blink_video, self.note]


def make_reference_parts(options: OptionControls, engine: str) -> ReferenceParts:
    """Make the accordion at the current place of the page, for the engine that would work now."""
    gr = compat.gradio()
    works = can_borrow(engine)
    with gr.Accordion("Reference video", open=False, elem_id=element_id("group_reference")):
        note = compat.html(_note(engine), elem_id=element_id("reference_note"))
        options.make(OPTION)
        kind = gr.Radio(
            choices=list(KINDS),
            value=FILE,
            label="Reference video",
            show_label=False,
            container=False,
            elem_id=element_id("reference_kind"),
            elem_classes=["stx-segments"],
        )
        with gr.Column(elem_classes=["stx-pane"]) as file_pane:
            video = video_field.video_input(
                label="Reference video",
                height=200,
                interactive=works,
                elem_id=element_id("reference_video"),
            )
        with gr.Column(visible=False, elem_classes=["stx-pane"]) as camera_pane:
            compat.html(words.note_html(ADVICE))
            # a recorder that can be used asks for the camera as soon as it is on the page
            camera = video_field.video_recorder(
                label="Your recording",
                height=300,
                interactive=False,
                elem_id=element_id("reference_camera"),
            )
        with gr.Accordion(
            "Blinks from another video", open=False, elem_id=element_id("group_blink_video")
        ):
            blink_video = video_field.video_input(
                label="Another video for the blinks",
                height=200,
                interactive=works,
                elem_id=element_id("blink_video"),
            )
    compat.explained(video, "Its motion is borrowed; its sound too when everything is borrowed.")
    compat.explained(blink_video, "Only if the blinks should come from somewhere else.")
    compat.explained(compat.not_saved(kind), "Where the motion comes from.")
    compat.explained(camera, "Record yourself: the portrait moves as you do.")
    panes = (file_pane, camera_pane)
    compat.listen(kind.change, _show_pane, [kind], [*panes, camera])
    return ReferenceParts(
        kind=kind, video=video, camera=camera, panes=panes, blink_video=blink_video, note=note
    )


def _show_pane(kind: str) -> list[Any]:
    """Return updates of the panes, and of the recorder: it may ask for the camera now."""
    shown = [compat.update(visible=one == kind) for one in KINDS]
    return [*shown, compat.update(interactive=kind == CAMERA)]


def can_borrow(engine: str) -> bool:
    """Tell whether an engine can borrow motion."""
    return engine in engines_for(OPTION)


def updates(engine: str) -> list[Any]:
    """Return the outputs for `ReferenceParts.dependent` in an engine."""
    works = can_borrow(engine)
    return [
        compat.update(interactive=works),
        compat.update(interactive=works),
        compat.update(value=_note(engine)),
    ]


def borrowed(values: Mapping[str, Any]) -> tuple[Path | None, Path | None]:
    """Return the files behind the videos of `ReferenceParts.inputs`: motion, and blinks."""
    recorded = values.get("reference_kind") == CAMERA
    motion = values["reference_camera" if recorded else "reference_video"]
    blinks = values["blink_video"]
    return Path(motion) if motion else None, Path(blinks) if blinks else None


def _note(engine: str) -> str:
    if can_borrow(engine):
        return words.note_html("The head moves, or the eyes blink, as in another video.")
    return words.note_html(f"Has no effect in the {engine} engine.")
