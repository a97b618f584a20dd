"""Looks at uploads before a job is made of them, so that the sender hears at once what is wrong."""

from __future__ import annotations

import logging
import math
from pathlib import Path

from sadtalker_ext.errors import InputTooLarge, InvalidOption
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import read_picture
from sadtalker_ext.inputs.video import has_sound, open_driving, video_extent
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.settings import Limits
from sadtalker_ext.speech.voice import list_voices, missing_voices
from sadtalker_ext.types import MOTION_FPS
from sadtalker_ext.weights.store import WeightStore

log = logging.getLogger(__name__)

CHARACTERS_PER_SECOND = 12.0
"""Slow speech; a text is judged by it before it is spoken."""

MOST_FRAMES_PER_SECOND = 120.0
"""Of a video whose motion is borrowed; each frame is searched for a face."""


def check_picture(path: Path, limits: Limits) -> None:
    """Read the picture once.

    A file of few bytes and many pixels (a decompression bomb) is refused by its header.

    Raises:
        InputError: It is not a picture, or too large.
    """
    width, height = read_picture(path).size
    if width * height > limits.pixels:
        raise InputTooLarge(
            f"{path.name} should have at most {limits.pixels / 1e6:g} megapixels, found "
            f"{width} x {height}.",
            hint="Scale it down first.",
        )


def check_speech(path: Path, options: GenerateOptions, limits: Limits) -> None:
    """Listen to the sound once, but never longer than the limits: a small file can hold years.

    Raises:
        InputError: No sound, silence, or too long.
    """
    last = options.audio_end or options.audio_start + limits.seconds + 1.0
    if last > limits.audio_position:
        raise InputTooLarge(
            f"{path.name} should be used within its first {limits.audio_position:g} seconds, "
            f"found {last:g}.",
            hint="Cut the recording first.",
        )
    speech = open_speech(
        path,
        start=options.audio_start,
        end=last,
        pad=options.pad_audio,
        track=options.audio_track,
    )
    if speech.total_seconds > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but the speech in "
            f"{path.name} is longer.",
            hint="Set config.audio_start and config.audio_end to use a part of it.",
        )


def check_reference(path: Path, options: GenerateOptions, limits: Limits) -> None:
    """Measure the video whose motion is borrowed.

    Pose and blinks are read no longer than the speech lasts; with everything borrowed the video's
    own length counts, and that of its sound, which may be another.

    Raises:
        InputError: It is no video, or has too many seconds, frames or pixels; or its sound, where
            that is borrowed, cannot be used.
    """
    whole = options.reference_use == "all"
    start = options.audio_start if whole else 0.0
    end = options.audio_end if whole else limits.seconds
    if max(start, end) > limits.audio_position:
        raise InputTooLarge(
            f"{path.name} should be used within its first {limits.audio_position:g} seconds, "
            f"found {max(start, end):g}.",
            hint="Cut the video first.",
        )
    open_driving(path, start=start, end=end)
    most_frames = math.ceil(limits.seconds * MOST_FRAMES_PER_SECOND)
    seconds, frames, (width, height) = video_extent(
        path, start=start, end=end, most_frames=most_frames
    )
    if width * height > limits.pixels:
        raise InputTooLarge(
            f"{path.name} should have at most {limits.pixels / 1e6:g} megapixels, found "
            f"{width} x {height}.",
            hint="Scale it down first.",
        )
    # one frame more: containers round the times of their frames
    if frames > most_frames or seconds > limits.seconds + 1.0 / MOTION_FPS:
        raise InputTooLarge(
            f"{path.name} should be used for at most {limits.seconds:g} seconds of at most "
            f"{MOST_FRAMES_PER_SECOND:g} frames, found more.",
            hint="Set config.audio_start and config.audio_end to use a part of it."
            if whole
            else "Use a video of a usual frame rate.",
        )
    if whole and has_sound(path):
        check_speech(path, options, limits)


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
    seconds = len(options.text) / CHARACTERS_PER_SECOND / options.speech_rate
    if seconds > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but speaking "
            f"{len(options.text)} characters would take about {seconds:.0f}.",
            hint="Split the text.",
        )
