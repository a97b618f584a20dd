"""The timeline as a table under its curves: what the page's script `timeline_editor.js` works on.

The JSON text stays the only truth: the script writes the table into it, and the table from it. What
is wrong with it is said by the reader of the option itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sadtalker_ext.directions import EASES, EMOTIONS
from sadtalker_ext.errors import InvalidOption, SadTalkerError
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.ui import compat, dub_job, speech
from sadtalker_ext.shells.ui.contract import Component, TabHost, element_id
from sadtalker_ext.shells.ui.controls import OptionControls
from sadtalker_ext.shells.ui.speech import SpeechParts
from sadtalker_ext.shells.ui.timeline_plot import GAZES, GESTURES, plot_html, unheard_html
from sadtalker_ext.shells.ui.uploads import UploadCheck, uploads_of

if TYPE_CHECKING:
    from sadtalker_ext.shells.ui.timeline_curves import Sound

OPTION: Final = "timeline"
ADVICE: Final = (
    "What the face does, and when: choose a preset or add entries. At and Until take seconds "
    "(1.5), percent (40%), frames (12f) or a word (on 'really')."
)
PLAYHEAD: Final = "Playhead"
HELP: Final = "Move it to see what the face does at that time; new entries begin there."
COLUMNS: Final[Mapping[str, str]] = {
    "at": "At",
    "until": "Until",
    "what": "What",
    "value": "Value",
    "intensity": "Strength",
    "transition": "Transition, s",
    "ease": "Ease",
}
NOTATIONS: Final[Mapping[str, tuple[str, str]]] = {
    "blend": ("Blend of emotions", "sad:0.6+happy:0.3"),
    "control": ("Single movements", "browDown:0.5"),
    "gaze": ("Eyes, degrees right and down", "10, -4"),
    "look_at": ("Look at a point, 0 to 1", "0.9, 0.3"),
    "head": ("Head: yaw, pitch, roll", "8, -3, 0"),
}
"""What needs a value: its words, and an example."""
EASE_WORDS: Final[Mapping[str, str]] = dict(
    zip(
        EASES,
        ("Smooth", "Even", "Slow start", "Slow end"),
        strict=True,
    )
)
BUTTONS: Final = (("add", "Add an entry"), ("undo", "Undo the change"), ("clear", "Remove all"))
REMOVE: Final = "Remove this entry"
CHOOSE: Final = "Choose a preset"
NOT_A_LIST: Final = "The text below is no list of entries: the table appears when it is one."
_LOOKED: Final = (
    "(...values) => { const field = document.querySelector("
    f"'#{element_id(OPTION)} textarea'); if (field) values[0] = field.value; return values; }}"
)
"""A text that was just written may not have reached the page's memory yet."""
_HEARD: Final = "() => { window.sadtalkerExtTimeline?.heard(); return []; }"
_SOUNDS: Final = ("speech_kind", "speech_file", "speech_recording", "speech_video")
_SLOWEST: Final = 0.25
_DRAWN_OPTIONS: Final = ("emotion", "emotion_intensity")
_HEARD_OPTIONS: Final = (
    *("text", "speech_rate", "idle_seconds", "transcript"),
    *("audio_start", "audio_end", "pad_audio", "audio_track"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineParts:
    """The components of the editor.

    Attributes:
        look: Hidden button that the script clicks when something was changed.
        plot: The curves, or a refusal.
    """

    look: Component
    plot: Component


def presets() -> list[dict[str, Any]]:
    """Return the timelines to begin with, each with its name and its entries."""
    text = Path(__file__).with_name("timeline_presets.json").read_text(encoding="utf-8")
    found: list[dict[str, Any]] = json.loads(text)
    return found


def make_timeline_parts(options: OptionControls) -> TimelineParts:
    """Make the accordion at the current place of the page."""
    gr = compat.gradio()
    with gr.Accordion("Timeline", open=False, elem_id=element_id("group_timeline")):
        with gr.Column(elem_classes=["stx-hidden"]):
            look = gr.Button("", elem_id=element_id("timeline_look"))
        plot = compat.html(unheard_html(), elem_id=element_id("timeline_plot"))
        compat.html(_editor_html(), elem_id=element_id("timeline_editor"))
        options.make(OPTION)
    compat.explained(look, "Draw the curves again.")
    return TimelineParts(look=look, plot=plot)


def connect_timeline_parts(
    parts: TimelineParts, options: OptionControls, said: SpeechParts, host: TabHost
) -> None:
    """Draw the curves anew whenever the timeline or the speech changes.

    Args:
        parts: The editor.
        options: All widgets of options.
        said: The panel of the speech.
        host: Says how uploads are looked at first.
    """
    names = (*_DRAWN_OPTIONS, *_HEARD_OPTIONS)
    inputs = {name: said.inputs[name] for name in _SOUNDS}
    inputs |= {name: options.components[name] for name in names}
    looker = compat.by_name(looked(host), inputs)
    given = [options.components[OPTION], *inputs.values()]
    compat.listen(parts.look.click, looker, given, [parts.plot], js=_LOOKED, latest=True)
    for component in (said.kind, said.file, said.microphone, said.video):
        # the script asks for curves, and only while they can be seen
        compat.listen(component.change, None, js=_HEARD)


def looked(host: TabHost) -> Callable[[Any, Mapping[str, Any]], str]:
    """Return what draws a timeline from widget values; it remembers the last sound.

    Args:
        host: Says how sounds that others than its owner send are looked at first.
    """
    kept: dict[tuple[Any, ...], Sound] = {}

    def look(text: Any, values: Mapping[str, Any]) -> str:
        timeline = str(text or "")
        sound = _sound(values, kept, uploads_of(host))
        try:
            options = GenerateOptions(
                timeline=timeline,
                emotion=str(values["emotion"] or "neutral"),
                emotion_intensity=float(values["emotion_intensity"] or 0.0),
            )
        except InvalidOption as problem:
            return plot_html(None, timeline, sound, problem.message)
        return plot_html(options, timeline, sound)

    return look


def _sound(
    values: Mapping[str, Any], kept: dict[tuple[Any, ...], Sound], check: UploadCheck | None
) -> Sound:
    """Return what is known of the speech; nothing where it is missing or cannot be used."""
    from sadtalker_ext.inputs.audio import open_speech
    from sadtalker_ext.inputs.looking import Part
    from sadtalker_ext.shells.ui.timeline_curves import Sound, sound_of, sound_of_text

    kind = values["speech_kind"]
    if kind == speech.TEXT:
        text = str(values["text"] or "")
        rate = max(_SLOWEST, float(values["speech_rate"] or 1.0))
        try:
            return Sound() if dub_job.is_dialogue(text) else sound_of_text(text, rate)
        except SadTalkerError:
            return Sound()  # a wrong mark is said by the job, where it matters
    if kind == speech.IDLE:
        return Sound(seconds=float(values["idle_seconds"] or 0.0))
    chosen = {name: values[name] for name in _HEARD_OPTIONS}
    try:
        path, chosen = speech.resolve(values, chosen, may_be_silent=True)
        if path is None:
            return Sound()
        part = Part(
            start=float(chosen["audio_start"] or 0.0),
            end=float(chosen["audio_end"] or 0.0),
            pad=float(chosen["pad_audio"] or 0.0),
            track=int(chosen["audio_track"] or 0),
        )
        key = (str(path), part, str(chosen["transcript"] or ""))
        found = kept.get(key)
        if found is None:
            if check is not None:
                check.inspector.look_at_sound(path, part, check.bounds)
            opened = open_speech(
                path, start=part.start, end=part.end, pad=part.pad, track=part.track
            )
            found = sound_of(opened, key[-1])
            kept.clear()
            kept[key] = found
        return found
    except (SadTalkerError, OSError):
        return Sound()  # said by the job, where it matters


def _editor_html() -> str:
    """Return what the script fills: presets, playhead, and the table with one row as a model."""
    names = "".join(
        f'<option value="{number}">{escape(one["name"])}</option>'
        for number, one in enumerate(presets())
    )
    data = escape(json.dumps([one["entries"] for one in presets()]))
    head = "".join(f'<th scope="col" data-key="{key}">{word}</th>' for key, word in COLUMNS.items())
    cells = "".join(
        f"<td><label><span>{word}</span>{_field(key)}</label></td>" for key, word in COLUMNS.items()
    )
    buttons = "".join(
        f'<button type="button" data-do="{name}">{escape(told)}</button>' for name, told in BUTTONS
    )
    return (
        f'<div class="stx-time" data-presets="{data}"><p class="stx-note">{ADVICE}</p>'
        f'<label class="stx-time-head"><span>{PLAYHEAD}</span><input type="range" min="0" max="5" '
        f'step="0.04" value="0" title="{HELP}"><output></output></label>'
        '<div class="stx-time-bar"><select class="stx-time-presets" '
        f'aria-label="{CHOOSE}"><option value="">{CHOOSE}</option>{names}</select>{buttons}</div>'
        f'<p class="stx-note stx-time-unlisted" hidden>{NOT_A_LIST}</p>'
        f'<div class="stx-time-table"><table><thead><tr>{head}<th></th></tr></thead><tbody></tbody>'
        f'<tfoot hidden><tr>{cells}<td><button type="button" class="stx-time-remove" '
        f'title="{REMOVE}" aria-label="{REMOVE}">&#215;</button></td></tr></tfoot></table></div>'
        "</div>"
    )


def _field(key: str) -> str:
    if key == "what":
        groups = {
            "Emotions": {f"emotion:{name}": name for name in EMOTIONS},
            "Gestures": {f"gesture:{name}": word for name, word in GESTURES.items()},
            "Where to look": {f"gaze:{name}": word for name, word in GAZES.items()},
            "In numbers": {f"{name}:": word for name, (word, _) in NOTATIONS.items()},
        }
        listed = "".join(
            f'<optgroup label="{title}">{_choices(words)}</optgroup>'
            for title, words in groups.items()
        )
        return f'<select data-key="what">{listed}</select>'
    if key == "ease":
        return f'<select data-key="ease">{_choices(EASE_WORDS)}</select>'
    if key in ("intensity", "transition"):
        most, step = ("1", "0.05") if key == "intensity" else ("10", "0.1")
        return f'<input data-key="{key}" type="number" min="0" max="{most}" step="{step}">'
    examples = "".join(f' data-{name}="{one}"' for name, (_, one) in NOTATIONS.items())
    return f'<input data-key="{key}" type="text"{examples if key == "value" else ""}>'


def _choices(words: Mapping[str, str]) -> str:
    return "".join(
        f'<option value="{value}">{escape(word)}</option>' for value, word in words.items()
    )
