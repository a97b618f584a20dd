"""The look panel: presets, the options that matter, and accordions with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.presets import BUILT_IN, PresetBook
from sadtalker_ext.shells.ui import compat, controls, kept_speakers, words
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.panels import panel
from sadtalker_ext.shells.ui.plan_grid import make_grid_parts
from sadtalker_ext.shells.ui.reference import ReferenceParts, make_reference_parts
from sadtalker_ext.shells.ui.timeline_editor import TimelineParts, make_timeline_parts

_VIEW = "The head follows a path of angles in degrees, for example 0, 15, -15, 0."


@dataclass(frozen=True, slots=True, kw_only=True)
class LookParts:
    """The components of the look panel that do something."""

    preset: Component
    name: Component
    save: Component
    delete: Component
    note: Component
    reference: ReferenceParts
    timeline: TimelineParts
    grid: dict[str, Component]


def make_look_parts(
    options: controls.OptionControls, presets: PresetBook, engine: str
) -> LookParts:
    """Make the panel at the current place of the page, for the engine that would work now."""
    gr = compat.gradio()
    with panel("Look"):
        with gr.Row():
            preset = gr.Dropdown(
                choices=presets.names(),
                value=next(iter(BUILT_IN)),
                label="Preset",
                elem_id=element_id("preset"),
                elem_classes=["stx-field"],
            )
            compat.explained(compat.not_saved(preset), "Sets all options of how the video looks.")
            options.make("preprocess")
        with gr.Row():
            options.make("head_motion", "expression_scale")
        with gr.Row():
            options.make("mouth_scale", "enhancer")
        options.make("still")
        for group in controls.accordion_groups():
            with gr.Accordion(
                controls.GROUP_TITLES.get(group, group.capitalize()),
                open=False,
                elem_id=element_id(f"group_{group.replace(' ', '_')}"),
            ):
                options.make_group(group)
            if group == "acting":
                timeline_parts = make_timeline_parts(options)
            if group == "head and eyes":
                reference_parts = make_reference_parts(options, engine)
                with gr.Accordion("Free view", open=False, elem_id=element_id("group_view")):
                    compat.html(words.note_html(_VIEW))
                    with gr.Row():
                        options.make(*controls.FREE_VIEW)
        with gr.Accordion("My presets", open=False, elem_id=element_id("own_presets")):
            with gr.Row(elem_classes=["stx-buttons"]):
                name = gr.Textbox(
                    label="Name of the preset",
                    show_label=False,
                    container=False,
                    placeholder="Name of the preset",
                    elem_id=element_id("preset_name"),
                )
                compat.not_saved(name)
                save = gr.Button("Save", elem_id=element_id("preset_save"), size="sm")
                delete = gr.Button("Delete", elem_id=element_id("preset_delete"), size="sm")
            note = compat.html("", elem_id=element_id("preset_note"))
        grid_columns, grid_rows = make_grid_parts()
    compat.explained(save, "Keep the current look under this name.")
    compat.explained(delete, "Forget the preset with this name, or the chosen one.")
    return LookParts(
        preset=preset,
        name=name,
        save=save,
        delete=delete,
        note=note,
        reference=reference_parts,
        timeline=timeline_parts,
        grid={"grid_columns": grid_columns, "grid_rows": grid_rows},
    )


def connect_look_parts(
    parts: LookParts,
    options: controls.OptionControls,
    presets: PresetBook,
    speaking: kept_speakers.Section,
    *,
    shared: bool = False,
) -> None:
    """Wire the panel; to be called when all widgets of options exist.

    Args:
        parts: The panel.
        options: All widgets of options.
        presets: The presets.
        speaking: Further speakers, whom the user's presets keep.
        shared: Whether several people with passwords use the page: each has presets of their own.
    """
    widgets = options.inputs()
    shown, asks = list(widgets.values()), compat.knowing_the_user

    def book(user: str) -> PresetBook:
        return presets.of(user) if shared else presets

    def apply(user: str, name: str) -> list[Any]:
        own = book(user)
        found = own.speakers(name)
        cast = speaking.updates(found, options, words=False) if found else speaking.unchanged()
        return [*options.updates(own.values(name)), *cast]

    def save(user: str, name: str, *values: Any) -> list[Any]:
        try:
            named = dict(zip([*widgets, *speaking.inputs], values, strict=True))
            cast = speaking.cast_of(named)
            kept = book(user).save(name or "", options.options(named), cast)
        except SadTalkerError as problem:
            return [compat.unchanged(), words.error_html(problem, places=not shared)]
        choice = compat.update(choices=book(user).names(), value=kept)
        return [choice, words.note_html(f"Kept as {kept}.")]

    def delete(user: str, name: str, chosen: str) -> list[Any]:
        doomed = (name or "").strip() or chosen
        if not book(user).is_own(doomed):
            reason = f"{doomed} is built in." if doomed in BUILT_IN else f"There is no {doomed}."
            return [compat.unchanged(), words.note_html(reason)]
        try:
            book(user).delete(doomed)
        except SadTalkerError as problem:
            return [compat.unchanged(), words.error_html(problem, places=not shared)]
        choice = compat.update(choices=book(user).names(), value=next(iter(BUILT_IN)))
        return [choice, words.note_html(f"{doomed} was deleted.")]

    compat.listen(parts.preset.input, asks(apply), [parts.preset], [*shown, *speaking.outputs])
    told = [parts.preset, parts.note]
    given = [parts.name, *shown, *speaking.inputs.values()]
    compat.listen(parts.save.click, asks(save), given, told)
    compat.listen(parts.delete.click, asks(delete), [parts.name, parts.preset], told)


def show_own_presets(blocks: Any, parts: LookParts, presets: PresetBook) -> None:
    """Let each user of a page find their own presets when it is opened."""

    def names(user: str) -> Any:
        return compat.update(choices=presets.of(user).names())

    compat.listen(blocks.load, compat.knowing_the_user(names), [], [parts.preset])
