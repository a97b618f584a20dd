"""Dubbing by REST: a talk with `dub` gives its driver video other words, in place of a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.inputs.video import video_extent
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import DubRequest, DubRole, Service
from sadtalker_ext.shells.api.errors import InvalidRequest
from sadtalker_ext.shells.api.settings import Limits
from sadtalker_ext.types import VideoFile


def dub_schema() -> dict[str, Any]:
    """Return `dub`: the driver video is given other words."""
    return {
        "title": "Dub",
        "type": "object",
        "description": "The video of driver_url, or of the file reference_video, is dubbed: its "
        "mouths say the script, and all else stays. Then no picture is given.",
        "properties": {
            "face": {
                "type": ["integer", "string"],
                "minimum": 0,
                "maximum": 99,
                "maxLength": 10,
                "description": "Who speaks: largest, all, or a number counted by size from 0.",
                "default": "largest",
            },
            "at": {
                "type": "number",
                "minimum": 0,
                "maximum": 86_400,
                "description": "When the speech begins (s)",
                "default": 0,
            },
            "keep_audio": {
                "type": "number",
                "minimum": 0,
                "maximum": 1,
                "description": "How much of the video's own sound is kept.",
                "default": 0,
            },
            "length": {
                "type": "string",
                "enum": ["hold", "loop", "cut"],
                "description": "Where speech and video are not equally long: hold the last frame, "
                "run back and forth, or end with the shorter one.",
                "default": "hold",
            },
        },
        "additionalProperties": False,
    }


def check_dub_order(
    talk: Mapping[str, Any], files: Collection[str], options: GenerateOptions
) -> dict[str, Any]:
    """Return what is asked of a dubbing, after checking what goes with it.

    Raises:
        InvalidRequest: A picture was given, no video, nothing to say, or another format than mp4.
    """
    given = [name for name in ("source_url", "source_image") if talk.get(name)]
    given += ["the file source_image"] * ("source_image" in files)
    if given:
        raise InvalidRequest(
            f"With dub no picture is needed, found {' and '.join(given)}.", field="dub"
        )
    if not talk.get("driver_url") and "reference_video" not in files:
        raise InvalidRequest(
            "A video to dub is needed.",
            hint="Give driver_url, or a form with the file reference_video.",
            field="driver_url",
        )
    if not talk.get("script") and not options.text and "audio" not in files:
        raise InvalidRequest("The field script is needed.", field="script")
    if options.format != "mp4":
        raise InvalidRequest("A dubbed video is an mp4.", field="config.format")
    if options.reference_use == "all":
        raise InvalidRequest(
            "config.reference_use all does not go with dub.", field="config.reference_use"
        )
    dub = {name: value for name, value in talk["dub"].items() if value is not None}
    face = str(dub.get("face", "largest"))
    if face not in ("largest", "all") and not face.isdigit():
        raise InvalidRequest(
            f"dub.face should be largest, all or a number, found {face!r}.", field="dub.face"
        )
    return dub | {"face": face}


def check_video(path: Path, dub: Mapping[str, Any], limits: Limits) -> None:
    """Measure a video that is to be dubbed.

    Raises:
        InputTooLarge: It has too many seconds, frames or pixels.
    """
    most = round(limits.seconds * 120)
    seconds, frames, (width, height) = video_extent(path, most_frames=most)
    if seconds > limits.seconds or frames > most or dub.get("at", 0.0) > limits.seconds:
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


def dub_video(
    service: Service,
    dub: Mapping[str, Any],
    options: GenerateOptions,
    *,
    video: Path,
    speech: Path | None,
    output: Path,
    progress: Progress,
) -> VideoFile:
    """Dub the video of a job."""
    role = DubRole(
        face=dub["face"],
        speech=speech,
        text="" if speech is not None else options.text,
        at=float(dub.get("at", 0.0)),
    )
    request = DubRequest(
        video=video,
        output=output,
        roles=(role,),
        options=options,
        keep_audio=float(dub.get("keep_audio", 0.0)),
        length=dub.get("length", "hold"),
        overwrite=True,
    )
    return service.dub(request, progress)
