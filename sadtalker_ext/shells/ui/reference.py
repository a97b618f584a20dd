"""Borrowing motion from another video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.engines.registry import engines_for
from sadtalker_ext.shells.ui import compat, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.controls import OptionControls

OPTION = "reference_use"
EVERYTHING = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceParts:
    """The components of the accordion.

    Attributes:
        video: Whose motion is borrowed.
        blink_video: Another one, for the blinks alone.
        note: Says when the engine cannot borrow.
    """

    video: Component
    blink_video: Component
    note: Component

    @property
    def inputs(self) -> dict[str, Component]:
        """Return the two videos by name."""
        return {"reference_video": self.video, "blink_video": self.blink_video}

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
        with gr.Row():
            video = compat.video_input(
                label="Reference video",
                height=200,
                interactive=works,
                elem_id=element_id("reference_video"),
            )
            blink_video = compat.video_input(
                label="Another video for the blinks",
                height=200,
                interactive=works,
                elem_id=element_id("blink_video"),
            )
    compat.explained(video, "Its motion is borrowed; its sound too when everything is borrowed.")
    compat.explained(blink_video, "Only if the blinks should come from somewhere else.")
    return ReferenceParts(video=video, blink_video=blink_video, note=note)


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
    """Return the files behind the two videos of `ReferenceParts.inputs`."""
    motion, blinks = values["reference_video"], values["blink_video"]
    return Path(motion) if motion else None, Path(blinks) if blinks else None


def _note(engine: str) -> str:
    if can_borrow(engine):
        return words.note_html("The head moves, or the eyes blink, as in another video.")
    return words.note_html(f"Has no effect in the {engine} engine.")
