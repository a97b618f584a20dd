"""Looks at uploads before a job is made of them, so that the sender hears at once what is wrong."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from sadtalker_ext.errors import InputTooLarge, InvalidOption
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.inputs.looking import Bounds, Part
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.settings import Limits
from sadtalker_ext.speech.voice import list_voices, missing_voices
from sadtalker_ext.weights.store import WeightStore

log = logging.getLogger(__name__)

_MOTION_SECONDS = "sadtalker_ext.motion.formats.files:motion_seconds"
CHARACTERS_PER_SECOND = 12.0
"""Slow speech; a text is judged by it before it is spoken."""


@dataclass(frozen=True, slots=True)
class Looker:
    """Who looks at the files of one sender.

    Attributes:
        inspector: Has the processes.
        owner: The sender, where there are several; else empty.
    """

    inspector: Inspector
    owner: str


def check_picture(looker: Looker, path: Path, limits: Limits) -> None:
    """Read the picture once, in a process of its own.

    Raises:
        InputError: It is not a picture, or too large.
    """
    looker.inspector.look_at_picture(path, bounds_of(limits), looker.owner)


def check_speech(looker: Looker, path: Path, options: GenerateOptions, limits: Limits) -> float:
    """Listen to the sound once, in a process of its own, and return its length in seconds.

    Raises:
        InputError: No sound, silence, or too long.
    """
    return looker.inspector.look_at_sound(path, part_of(options), bounds_of(limits), looker.owner)


def check_reference(looker: Looker, path: Path, options: GenerateOptions, limits: Limits) -> None:
    """Measure the video whose motion is borrowed, in a process of its own.

    Raises:
        InputError: It is no video, or has too many seconds, frames or pixels; or its sound, where
            that is borrowed, cannot be used.
    """
    looker.inspector.look_at_driving(path, part_of(options), bounds_of(limits), looker.owner)


def bounds_of(limits: Limits) -> Bounds:
    """Return the limits of a file's content."""
    return Bounds(pixels=limits.pixels, seconds=limits.seconds, position=limits.audio_position)


def part_of(options: GenerateOptions) -> Part:
    """Return which part of a sound or a driving video is used."""
    return Part(
        start=options.audio_start,
        end=options.audio_end,
        pad=options.pad_audio,
        track=options.audio_track,
        whole=options.reference_use == "all",
    )


def check_idle(options: GenerateOptions, limits: Limits) -> None:
    """See whether a video without speech is short enough.

    Raises:
        InputTooLarge: It is not.
    """
    if options.idle_seconds > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but config.idle_seconds "
            f"is {options.idle_seconds:g}.",
            hint="Set a smaller number.",
        )


def check_motion(looker: Looker, path: Path, limits: Limits) -> None:
    """See, in a process of its own, whether a file of motion can be read, and is short enough.

    Raises:
        UnreadableMotion: It cannot be read.
        InputTooLarge: It is too long.
    """
    seconds = looker.inspector.measure(_MOTION_SECONDS, path, looker.owner)
    if seconds > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but motion_in has "
            f"{seconds:.0f}.",
            hint="Cut it shorter.",
        )


def spoken_seconds(text: str, options: GenerateOptions) -> float:
    """Return about how long it takes to speak a text."""
    return len(text) / CHARACTERS_PER_SECOND / options.speech_rate


def check_text(options: GenerateOptions, limits: Limits, store: WeightStore) -> None:
    """See whether there is a voice in the store or on this machine, and whether the text is short.

    Raises:
        PackageMissing: There is no voice on this machine.
        InvalidOption: There is no such voice.
        InputTooLarge: Speaking the text would take too long.
    """
    voices = list_voices(store)
    if not voices:
        raise missing_voices()
    if options.voice and options.voice.split("+")[0] not in {one.name for one in voices}:
        raise InvalidOption(
            f"The voice should be one of this machine's, found {options.voice[:80]!r}.",
            hint="GET /sadtalker/v1/voices lists them.",
        )
    seconds = spoken_seconds(options.text, options)
    if seconds > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but speaking "
            f"{len(options.text)} characters would take about {seconds:.0f}.",
            hint="Split the text.",
        )
