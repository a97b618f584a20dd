"""Looking at a file before it is accepted: is it what it should be, and not too much of it.

These functions may take long and much memory for a file made to do so. Where files come from
strangers they are called in a process that can be ended: see `inspector`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.inputs.image import MAX_PIXELS, picture_extent, read_picture
from sadtalker_ext.inputs.video import has_sound, open_driving, video_extent
from sadtalker_ext.types import MOTION_FPS

MOST_FRAMES_PER_SECOND = 120.0
"""Of a video whose motion is borrowed; each frame is searched for a face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What is too much.

    Attributes:
        pixels: Of a picture, and of a frame of a video.
        seconds: Of the video that is to be made.
        position: Latest second of a sound or video file that is looked at.
    """

    pixels: int = MAX_PIXELS
    seconds: float = 900.0
    position: float = 7200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a sound or a driving video is used.

    Attributes:
        start: Seconds from the file's beginning.
        end: The same; 0 is the file's end.
        pad: Seconds of silence after it.
        track: Number of the sound track; 0 chooses.
        whole: Whether a driving video gives everything, its sound included.
    """

    start: float = 0.0
    end: float = 0.0
    pad: float = 0.0
    track: int = 0
    whole: bool = False


def picture_bytes(path: Path) -> int:
    """Return about how much memory reading a picture takes, by its header alone; 0 for no picture.

    The decoder's own copy has up to 4 bytes per pixel (8 for 16-bit colours), the result 3, and
    one more turns it.
    """
    size = picture_extent(path)
    return 0 if size is None else size[0] * size[1] * 12


def look_at_picture(path: Path, bounds: Bounds) -> None:
    """Read a picture once.

    A file of few bytes and many pixels (a decompression bomb) is refused by its header.

    Raises:
        InputError: It is not a picture, or too large.
    """
    size = picture_extent(path)
    if size is not None:
        _check_pixels(path.name, size, bounds.pixels)
    _check_pixels(path.name, read_picture(path).size, bounds.pixels)


def look_at_sound(path: Path, part: Part, bounds: Bounds) -> float:
    """Listen to the sound once, but never longer than the bounds: a small file can hold years.

    Returns:
        Seconds of it that are used.

    Raises:
        InputError: No sound, silence, or too long.
    """
    last = part.end or part.start + bounds.seconds + 1.0
    if last > bounds.position:
        raise InputTooLarge(
            f"{path.name} should be used within its first {bounds.position:g} seconds, "
            f"found {last:g}.",
            hint="Cut the recording first.",
        )
    speech = open_speech(path, start=part.start, end=last, pad=part.pad, track=part.track)
    if speech.total_seconds > bounds.seconds:
        raise InputTooLarge(
            f"The video should be at most {bounds.seconds:g} seconds long, but the speech in "
            f"{path.name} is longer.",
            hint="Set config.audio_start and config.audio_end to use a part of it.",
        )
    return speech.total_seconds


def look_at_driving(path: Path, part: Part, bounds: Bounds) -> None:
    """Measure the video whose motion is borrowed.

    Pose and blinks are read no longer than the speech lasts; with everything borrowed the video's
    own length counts, and that of its sound, which may be another.

    Raises:
        InputError: It is no video, or has too many seconds, frames or pixels; or its sound, where
            that is borrowed, cannot be used.
    """
    start = part.start if part.whole else 0.0
    end = part.end if part.whole else bounds.seconds
    if max(start, end) > bounds.position:
        raise InputTooLarge(
            f"{path.name} should be used within its first {bounds.position:g} seconds, "
            f"found {max(start, end):g}.",
            hint="Cut the video first.",
        )
    open_driving(path, start=start, end=end)
    most_frames = math.ceil(bounds.seconds * MOST_FRAMES_PER_SECOND)
    seconds, frames, size = video_extent(path, start=start, end=end, most_frames=most_frames)
    _check_pixels(path.name, size, bounds.pixels)
    # one frame more: containers round the times of their frames
    if frames > most_frames or seconds > bounds.seconds + 1.0 / MOTION_FPS:
        raise InputTooLarge(
            f"{path.name} should be used for at most {bounds.seconds:g} seconds of at most "
            f"{MOST_FRAMES_PER_SECOND:g} frames, found more.",
            hint="Set config.audio_start and config.audio_end to use a part of it."
            if part.whole
            else "Use a video of a usual frame rate.",
        )
    if part.whole and has_sound(path):
        look_at_sound(path, part, bounds)


def _check_pixels(name: str, size: tuple[int, int], most: int) -> None:
    if size[0] * size[1] > most:
        raise InputTooLarge(
            f"{name} should have at most {most / 1e6:g} megapixels, found {size[0]} x {size[1]}.",
            hint="Scale it down first.",
        )
