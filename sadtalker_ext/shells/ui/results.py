"""The right column: the buttons, the bar, the video and what can be done with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.options import option_spec
from sadtalker_ext.shells.ui import compat, examples, words
from sadtalker_ext.shells.ui.contract import Component, ResultAction, element_id

_COPY = "(text) => { navigator.clipboard?.writeText(text); return []; }"
_ANOTHER = (
    f"() => {{ const kind = document.getElementById('{element_id('speech_kind')}'); "
    f"const text = document.querySelector('#{element_id('text')} textarea'); "
    "const field = text?.offsetParent ? text : kind.querySelector('input:checked'); "
    "kind.scrollIntoView({ behavior: 'smooth', block: 'center' }); "
    "field?.focus({ preventScroll: true }); field?.select?.(); return []; }"
)
_SHARE = (
    "() => { (async () => { "
    f"const shown = document.querySelector('#{element_id('video')} video'); "
    "const data = await (await fetch(shown.currentSrc)).blob(); "
    "const name = decodeURIComponent(shown.currentSrc.split(/[?#]/)[0].split('/').pop()); "
    "await navigator.share({ files: [new File([data], name, { type: data.type })] }); "
    # who changes their mind has not failed
    "})().catch(() => {}); return []; }"
)
"""The button is seen where a browser can hand files over; see `page.js`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultParts:
    """The components of the result column.

    Attributes:
        generate: Starts a job.
        interrupt: Stops it.
        skip: Never shown; the scripts of the WebUIs look for it.
        interrupting: Shown while a stop is under way.
        progress: Bar, stage and preview.
        status: Placeholder, error or remark; the last output of a job.
        play_example: Makes an example talk; shown as long as there is no result.
        video: The player.
        compared: The player of an earlier video beside it; hidden while it is empty.
        moving: A result that is a GIF.
        file: A result that cannot be shown, for example frames.
        summary: Facts and path.
        parameters: The video's own words; can be edited and pasted.
        use_parameters: Sets the options from them.
        parameters_of: A video whose words are taken.
        plot: The motion.
        result_path: Hidden path of the video.
        last_seed: Hidden seed of the video.
        reuse_seed: Puts it into the seed option.
        actions: The host's buttons, with what they are wired to.
    """

    generate: Component
    interrupt: Component
    skip: Component
    interrupting: Component
    progress: Component
    status: Component
    play_example: Component
    video: Component
    compared: Component
    moving: Component
    file: Component
    summary: Component
    parameters: Component
    use_parameters: Component
    parameters_of: Component
    plot: Component
    result_path: Component
    last_seed: Component
    reuse_seed: Component
    actions: Sequence[tuple[Component, ResultAction]]

    @property
    def outputs(self) -> list[Component]:
        """Return the outputs of a job, in the order of `OUTPUTS`."""
        return [getattr(self, name) for name in OUTPUTS]


OUTPUTS = (
    "video",
    "moving",
    "file",
    "summary",
    "parameters",
    "plot",
    "result_path",
    "last_seed",
    "status",
)
"""What a job fills in, by the names of `ResultParts`; the status is last, as the WebUIs want it."""


def in_order(shown: Mapping[str, Any]) -> list[Any]:
    """Return values for `ResultParts.outputs`, which are given by name."""
    return [shown[name] for name in OUTPUTS]


_PLAYERS = {".mp4": "video", ".mov": "video", ".webm": "video", ".gif": "moving"}


def player_of(path: Path) -> dict[str, str | None]:
    """Return values for the parts that show a file: one of them has it, the others nothing."""
    shown: dict[str, str | None] = dict.fromkeys(("video", "moving", "file"))
    return shown | {_PLAYERS.get(path.suffix.lower(), "file"): str(path)}


_WITHOUT = (
    "(told) => { const error = document.querySelector('#%s .stx-error'); "
    "return error && %s.includes(error.dataset.about) ? '' : told; }"
)
"""JavaScript that gives what stands in the place of errors, without an error about some things."""


def connect_error(
    status: Component,
    *,
    pictures: Sequence[Component],
    videos: Sequence[Component],
    speech: Sequence[Component],
    tick: Component,
) -> None:
    """Let an error leave when what it is about changes.

    Args:
        status: Where it stands.
        pictures: What is shown comes from them.
        videos: The same, or what chooses one of both.
        speech: What is said comes from them.
        tick: The consent that was asked for.
    """
    causes = (
        (pictures, ["picture"]),
        (videos, ["picture", "video"]),
        (speech, ["speech"]),
        ([tick], ["consent"]),
    )
    for components, about in causes:
        for one in components:
            # not at every letter of a text
            changed = getattr(one, "blur", one.change)
            without = _WITHOUT % (status.elem_id, json.dumps(about))
            compat.listen(changed, None, [status], [status], js=without)


def connect_actions(parts: ResultParts) -> None:
    """Wire the host's buttons."""
    for button, action in parts.actions:
        action.connect(button, parts.result_path)


def make_result_parts(actions: Sequence[ResultAction]) -> ResultParts:
    """Make the column at the current place of the page."""
    gr = compat.gradio()
    made: dict[str, Any] = _make_generate_box()
    with gr.Column(elem_id=element_id("stage"), elem_classes=["stx-stage"]):
        made["progress"] = compat.html("", elem_id=element_id("progress"))
        made["status"] = compat.html(examples.placeholder_html(), elem_id=element_id("status"))
        made["play_example"] = examples.make_play_button()
        # always rendered, and hidden by the style sheet while there is nothing to show: gradio 6
        # loses a value that arrives together with the visibility of the component around it
        with gr.Column(elem_classes=["stx-result"]):
            made |= _make_result(actions)
    return ResultParts(**made)


def _make_generate_box() -> dict[str, Component]:
    """Make the buttons under the ids and classes that the WebUIs' own scripts look for."""
    gr = compat.gradio()
    with gr.Row(elem_id=element_id("generate_box"), elem_classes=["generate-box", "stx-go"]):
        interrupt = gr.Button(
            "Interrupt",
            elem_id=element_id("interrupt"),
            elem_classes=["generate-box-interrupt"],
        )
        skip = gr.Button(
            "Skip",
            elem_id=element_id("skip"),
            elem_classes=["generate-box-skip"],
            visible=False,
        )
        interrupting = gr.Button(
            "Interrupting...",
            elem_id=element_id("interrupting"),
            elem_classes=["generate-box-interrupting"],
        )
        generate = gr.Button("Generate", variant="primary", elem_id=element_id("generate"))
    compat.explained(interrupt, "Stop, keeping nothing unless chosen otherwise (Esc).")
    compat.explained(skip, "Stop this video and go on with the next.")
    compat.explained(interrupting, "Stopping.")
    compat.explained(generate, "Make the video (Ctrl+Enter).")
    return {
        "generate": generate,
        "interrupt": interrupt,
        "skip": skip,
        "interrupting": interrupting,
    }


def _make_result(actions: Sequence[ResultAction]) -> dict[str, Any]:
    gr = compat.gradio()
    with gr.Row(elem_classes=["stx-players"]):
        video = compat.video_output(
            label="Video", show_label=False, height=480, elem_id=element_id("video")
        )
        # silent until the other one plays: its sound would come before the strip mutes it
        compared = compat.video_output(
            autoplay=False,
            label="Compared",
            show_label=False,
            height=480,
            elem_id=element_id("compared"),
        )
    # what the timeline does at the player's time; written by the page's script
    compat.html('<div class="stx-time-under"></div>', elem_id=element_id("timeline_under"))
    moving = compat.shown_picture(label="GIF", show_label=False, elem_id=element_id("moving"))
    file = gr.File(label="Frames", interactive=False, elem_id=element_id("file"))
    summary = compat.html("", elem_id=element_id("summary"))
    buttons = []
    with gr.Row(elem_classes=["stx-buttons"]):
        for action in actions:
            button = gr.Button(action.label, elem_id=element_id(action.name), size="sm")
            buttons.append((compat.explained(button, action.help), action))
        another = gr.Button("Make another", elem_id=element_id("another"), size="sm")
        share = gr.Button("Share", elem_id=element_id("share"), size="sm")
        reuse = gr.Button("Reuse seed", elem_id=element_id("reuse_seed"), size="sm")
    compat.listen(another.click, None, [], [], js=_ANOTHER)
    compat.explained(another, "The same portrait says something else.")
    compat.listen(share.click, None, [], [], js=_SHARE)
    compat.explained(share, "Hand the video over to another program or device.")
    compat.explained(reuse, "Make the next video with the same seed.")
    with gr.Accordion("Parameters", open=False, elem_id=element_id("parameters_box")):
        parameters = gr.Textbox(
            label="Parameters",
            show_label=False,
            lines=3,
            interactive=True,
            placeholder="Talking head, Engine: puppet, Seed: 7, ...",
            elem_id=element_id("parameters"),
            elem_classes=["stx-field"],
        )
        compat.explained(
            compat.not_saved(parameters),
            "How the video was made; it is in the file, too. Parameters of another video can be "
            "pasted here.",
        )
        with gr.Row(elem_classes=["stx-buttons"]):
            copy = gr.Button("Copy", elem_id=element_id("copy_parameters"), size="sm")
            use = gr.Button("Use these parameters", elem_id=element_id("use_parameters"), size="sm")
        told = compat.any_file(
            label="Take them from a video",
            height=90,
            elem_id=element_id("parameters_of"),
        )
        compat.explained(
            told, "Drop a video made by this program: its options are set as they were."
        )
        compat.listen(copy.click, None, [parameters], js=_COPY)
        compat.explained(copy, "Copy the parameters.")
        compat.explained(use, "Set the options to what is written here.")
    with gr.Accordion("Motion", open=False, elem_id=element_id("motion_box")):
        plot = compat.shown_picture(label="Motion", show_label=False, elem_id=element_id("motion"))
    hidden = [
        compat.not_saved(gr.Textbox(visible=False, elem_id=element_id(name)))
        for name in ("result_path", "last_seed")
    ]
    return {
        "video": video,
        "compared": compared,
        "moving": moving,
        "file": file,
        "summary": summary,
        "parameters": parameters,
        "use_parameters": use,
        "parameters_of": told,
        "plot": plot,
        "result_path": hidden[0],
        "last_seed": hidden[1],
        "reuse_seed": reuse,
        "actions": buttons,
    }


def used_words(found: Mapping[str, Any], speakers: Sequence[Any] = ()) -> str:
    """Return a remark about options, and speakers, that were just taken from a text."""
    if not found:
        return words.note_html("No parameters were found in this text.")
    labels = [option_spec(name).label for name in found] + (["Speakers"] if speakers else [])
    return words.note_html(f"Set: {', '.join(labels)}.")
