"""What is said: a file, the microphone, a text, the sound of a video, or nothing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from sadtalker_ext.options import option_spec
from sadtalker_ext.shells.ui import (
    compat,
    controls,
    examples,
    sound_field,
    speakers,
    video_field,
    words,
)
from sadtalker_ext.shells.ui.contract import Component, element_id
from sadtalker_ext.shells.ui.voices import VoiceLine, VoiceParts, make_voice_parts

FILE, MICROPHONE, TEXT, VIDEO, IDLE = KINDS = ("File", "Microphone", "Text", "Video", "Idle")
TWO = "Several people talk in turn when each line begins with A: or B:, the largest face being A."
IDLE_SECONDS = 5.0
"""Length of an idle video when nobody chose one; the option's own default means no idling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechParts:
    """The components of the speech panel.

    Attributes:
        kind: Which of the ways is chosen.
        file: Sound file.
        microphone: Recording.
        video: Video whose sound is used.
        panes: One group per kind, in the order of `KINDS`.
        trim: The group with start, end and silence.
        voice: The line about voices, with its buttons.
        others: Further speakers.
        examples: Buttons that bring one of our own recordings.
    """

    kind: Component
    file: Component
    microphone: Component
    video: Component
    panes: tuple[Component, ...]
    trim: Component
    voice: VoiceParts
    others: speakers.SpeakersParts
    examples: Sequence[tuple[Component, examples.Example]]

    @property
    def inputs(self) -> dict[str, Component]:
        """Return what `resolve` and `roles.further_speakers` need, by name."""
        return {
            "speech_kind": self.kind,
            "speech_file": self.file,
            "speech_recording": self.microphone,
            "speech_video": self.video,
            **self.others.inputs,
        }


def make_speech_parts(
    options: controls.OptionControls, line: VoiceLine, *, can_speak: bool
) -> SpeechParts:
    """Make the panel at the current place of the page.

    Args:
        options: Makes the widgets of the options that belong here.
        line: Says who can speak a text.
        can_speak: Whether there is a voice.
    """
    gr = compat.gradio()
    kind = gr.Radio(
        choices=list(KINDS),
        value=FILE,
        label="Speech",
        show_label=False,
        container=False,
        elem_id=element_id("speech_kind"),
        elem_classes=["stx-segments"],
    )
    compat.explained(compat.not_saved(kind), "Where the speech comes from.")
    with gr.Column(elem_classes=["stx-pane"]) as file_pane:
        file = sound_field.sound_input(
            "upload", label="Speech file", elem_id=element_id("speech_file")
        )
        tried = examples.make_voice_examples()
    with gr.Column(visible=False, elem_classes=["stx-pane"]) as microphone_pane:
        # gradio 4 asks for the device as soon as a recorder is on the page, hidden or not; what
        # cannot be used is only a player
        microphone = sound_field.sound_input(
            "microphone",
            label="Recording",
            interactive=False,
            elem_id=element_id("speech_recording"),
        )
    with gr.Column(visible=False, elem_classes=["stx-pane"]) as text_pane:
        voice = _make_text(options, line, can_speak=can_speak)
    with gr.Column(visible=False, elem_classes=["stx-pane"]) as video_pane:
        video = video_field.video_input(
            label="Video with speech", height=220, elem_id=element_id("speech_video")
        )
    with gr.Column(visible=False, elem_classes=["stx-pane"]) as idle_pane:
        options.make(*controls.SPEECH_IDLE)
        options.components["idle_seconds"].value = IDLE_SECONDS
        compat.html(words.note_html("No speech: the face breathes, blinks and looks around."))
    trim = gr.Accordion("Trim and transcript", open=False, elem_id=element_id("trim"))
    with trim:
        with gr.Row():
            options.make(*controls.SPEECH_TRIM)
        options.make(*controls.SPEECH_WORDS)
    others = speakers.make_speakers_parts(options, can_speak=can_speak)
    panes = (file_pane, microphone_pane, text_pane, video_pane, idle_pane)
    parts = SpeechParts(
        kind=kind,
        file=file,
        microphone=microphone,
        video=video,
        panes=panes,
        trim=trim,
        voice=voice,
        others=others,
        examples=tried,
    )
    compat.listen(kind.change, show_pane, [kind], [*panes, trim, microphone])
    return parts


def _make_text(options: controls.OptionControls, line: VoiceLine, *, can_speak: bool) -> VoiceParts:
    gr = compat.gradio()
    parts = make_voice_parts(line)
    options.make("text", "voice")
    compat.html(words.note_html(TWO))
    with gr.Row():
        options.make("speech_rate", "speech_pitch")
    if not can_speak:
        for name in controls.SPEECH_TEXT:
            options.components[name].interactive = False
    return parts


def show_pane(kind: str) -> list[Any]:
    """Return updates of the panes, the trim and the microphone: only what belongs to a kind."""
    shown = [compat.update(visible=one == kind) for one in KINDS]
    trim = compat.update(visible=kind in {FILE, MICROPHONE, VIDEO})
    return [*shown, trim, compat.update(interactive=kind == MICROPHONE)]


def resolve(
    values: Mapping[str, Any], options: Mapping[str, Any], *, may_be_silent: bool = False
) -> tuple[Path | None, dict[str, Any]]:
    """Return the sound file (or None) and the options, without those of the other kinds.

    Args:
        values: Values of `SpeechParts.inputs` by name.
        options: Option values by name.
        may_be_silent: Whether a file that was not given is no problem.

    Raises:
        UnreadableAudio: The chosen kind was not filled in; the sentence says what to do.
    """
    kind = values["speech_kind"]
    chosen = dict(options)
    if kind != TEXT:
        _reset(chosen, controls.SPEECH_TEXT)
    if kind != IDLE:
        _reset(chosen, controls.SPEECH_IDLE)
    if kind in (TEXT, IDLE):
        _reset(chosen, controls.SPEECH_WORDS)
    if kind == TEXT:
        if not str(chosen.get("text", "")).strip():
            raise UnreadableAudio("There is no text to speak.", hint="Write what should be said.")
        return None, chosen
    if kind == IDLE:
        _reset(chosen, controls.SPEECH_TRIM)
        if not chosen.get("idle_seconds"):
            raise InvalidOption(
                "An idle video of 0 seconds was asked for.", hint="Choose how long it should be."
            )
        return None, chosen
    value = values.get(_INPUT_OF.get(kind, ""))
    if not value and may_be_silent:
        return None, chosen
    if not value:
        raise UnreadableAudio(*_missing(kind))
    path, part = sound_field.split_crop(value)
    _apply_crop(chosen, path, part)
    return path, chosen


_INPUT_OF = {FILE: "speech_file", MICROPHONE: "speech_recording", VIDEO: "speech_video"}


def _missing(kind: str) -> tuple[str]:
    asked = {
        FILE: "Speech is missing: drop a sound file on the speech field, or choose Text or Idle.",
        MICROPHONE: "Nothing was recorded: press Record, speak, and press Stop.",
        VIDEO: "The video is missing: drop one whose sound should be used.",
    }
    return (asked.get(kind, f"Speech should be one of {', '.join(KINDS)}, found {kind!r}."),)


def _reset(options: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if name in options:
            options[name] = option_spec(name).default


def _apply_crop(options: dict[str, Any], path: Path, part: tuple[float, float]) -> None:
    """Turn gradio 3's trim handles into start and end, unless those were given as numbers."""
    if part == (0.0, 1.0) or options.get("audio_start") or options.get("audio_end"):
        return
    from sadtalker_ext.inputs.audio import open_speech

    seconds = open_speech(path, track=options.get("audio_track", 0)).seconds
    options["audio_start"] = round(part[0] * seconds, 3)
    options["audio_end"] = round(part[1] * seconds, 3) if part[1] < 1 else 0.0
