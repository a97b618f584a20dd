"""Whether what is to be dubbed is within this server's limits, and can be spoken here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.inputs.video import video_extent
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.dubbing import speech_name, words_of
from sadtalker_ext.shells.api.media import check_text, spoken_seconds
from sadtalker_ext.shells.api.settings import Limits
from sadtalker_ext.weights.store import WeightStore


def check_words(
    dub: Mapping[str, Any], options: GenerateOptions, limits: Limits, store: WeightStore
) -> None:
    """Look at what roles and a dialogue say, and at every voice; raises as `media.check_text`."""
    voices = [options.voice, *(one.get("voice") for one in dub.get("roles") or ())]
    for voice in dict.fromkeys(str(one or "") for one in voices):
        check_text(replace(options, text=words_of(dub), voice=voice), limits, store)


def check_times(dub: Mapping[str, Any], limits: Limits) -> None:
    """See whether everybody begins to speak within the longest video; see `check_end`.

    Raises:
        InputTooLarge: Somebody begins later.
    """
    roles = enumerate(dub.get("roles") or ())
    begins = {"dub.at": dub.get("at")}
    begins |= {f"dub.roles[{number}].at": one.get("at") for number, one in roles}
    for name, at in begins.items():
        if (at or 0.0) > limits.seconds:
            raise InputTooLarge(
                f"{name} should be at most {limits.seconds:g} seconds, found {at:g}.",
                hint="Let it begin earlier.",
            )


def check_end(
    dub: Mapping[str, Any],
    options: GenerateOptions,
    limits: Limits,
    sounds: Mapping[str, float],
) -> None:
    """See whether everything is said within the longest video: begins and lengths in sum.

    Roles speak side by side; a dialogue begins when the last of them has ended.

    Args:
        dub: What is asked of the dubbing.
        options: The text that is said where no role says anything, and the rate of speech.
        limits: What is too much.
        sounds: Seconds of each file with speech, by its name; see `speech_name`.

    Raises:
        InputTooLarge: It ends later.
    """
    if dub.get("length") == "cut" and not dub.get("picture"):
        return  # it ends with the video, whatever is still to be said
    at = dub.get("at") or 0.0
    ends = [0.0]
    if dub.get("roles"):
        for number, one in enumerate(dub["roles"]):
            spoken = spoken_seconds(str(one.get("text") or ""), options)
            said = spoken + sounds.get(speech_name(number), 0.0)
            ends.append((at if one.get("at") is None else one["at"]) + said if said else 0.0)
    elif not dub.get("dialogue"):
        ends.append(at + sum(sounds.values()) + spoken_seconds(options.text, options))
    end = max(ends) + spoken_seconds(str(dub.get("dialogue") or ""), options)
    if end > limits.seconds:
        raise InputTooLarge(
            f"The video should be at most {limits.seconds:g} seconds long, but what is said in it "
            f"would end at about {end:.0f}.",
            hint="Let people begin earlier, or say less.",
        )


def check_video(path: Path, limits: Limits) -> None:
    """Measure a video that is to be dubbed.

    Raises:
        InputTooLarge: It has too many seconds, frames or pixels.
    """
    most = round(limits.seconds * 120)
    seconds, frames, (width, height) = video_extent(path, most_frames=most)
    if seconds > limits.seconds or frames > most:
        raise InputTooLarge(
            f"A video to dub should be at most {limits.seconds:g} seconds long.",
            hint="Cut it first.",
        )
    if width * height > limits.pixels:
        raise InputTooLarge(
            f"A video to dub should have at most {limits.pixels / 1e6:g} megapixels, found "
            f"{width} x {height}.",
            hint="Scale it down first.",
        )
