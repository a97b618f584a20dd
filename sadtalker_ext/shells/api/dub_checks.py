"""Whether what is to be dubbed is within this server's limits, and can be spoken here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.inputs.video import video_extent
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.dubbing import words_of
from sadtalker_ext.shells.api.media import check_text
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
    """See whether everybody begins to speak within the longest video.

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
