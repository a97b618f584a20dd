"""What the nodes Direct, Dub and Motion to file do."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.folders import make_folder
from sadtalker_ext.host.comfyui import ComfyProgress, file_of, save_place
from sadtalker_ext.service import DubRequest, DubRole, Request
from sadtalker_ext.shells.comfyui.describe import Values
from sadtalker_ext.shells.comfyui.jobs import (
    host,
    options_of,
    outputs_of,
    service,
    told_on_the_node,
)
from sadtalker_ext.shells.comfyui.values import picture_of, write_sound

NOTHING = "-"
"""The word for no choice."""
_TOLD = ("emotion", "gaze", "gesture")


def direct(values: Values) -> tuple[Any, ...]:
    """Add directions to the timeline of the options that are wired in."""
    with told_on_the_node():
        wired = dict(values.get("options") or {})
        entries = _entries(str(wired.get("timeline") or ""))
        at, until = float(values.get("at") or 0.0), float(values.get("until") or 0.0)
        added = [
            {"at": at, name: values[name], "intensity": float(values.get("intensity", 1.0))}
            for name in _TOLD
            if values.get(name, NOTHING) != NOTHING
        ]
        if not added:
            raise InvalidOption("Nothing is told here: choose an emotion, a gaze or a gesture.")
        for entry in added:
            if until and "gesture" not in entry:
                entry["until"] = until
        wired["timeline"] = json.dumps([*entries, *added])
        return (options_of({"options": wired}).changed(),)


def _entries(timeline: str) -> list[Any]:
    """Return the entries of a timeline so far.

    Raises:
        InvalidOption: It is none to which something can be added.
    """
    try:
        found = json.loads(timeline) if timeline.strip() else []
    except ValueError as error:
        raise InvalidOption(f"Option timeline should be JSON: {error}.") from error
    if not isinstance(found, list):
        raise InvalidOption("Only a timeline that is a list of entries can be added to.")
    return found


def dub(values: Values) -> tuple[Any, ...]:
    """Give a person of a video other words: the video, its frames, its sound, a report."""
    with told_on_the_node(), tempfile.TemporaryDirectory(prefix="sadtalker-") as folder:
        options = options_of(values)
        target = host().output_dir() / f"sadtalker_{uuid.uuid4().hex[:12]}.mp4"
        make_folder(target.parent)
        role = DubRole(
            face=str(values.get("face") or "largest"),
            speech=_speech_of(values, Path(folder)),
            text=options.text,
        )
        request = DubRequest(
            video=file_of(values["video"], Path(folder) / "video.mp4"),
            output=target,
            roles=(role,),
            options=options,
            length=str(values.get("length") or "hold"),
            keep_audio=float(values.get("keep_audio") or 0.0),
        )
        video = service().dub(request, ComfyProgress().progress(host()))
        return outputs_of(video, frames=bool(values.get("frames")))


def motion_to_file(values: Values) -> tuple[Any, ...]:
    """Write what a face would do; returns the path of the file."""
    with told_on_the_node(), tempfile.TemporaryDirectory(prefix="sadtalker-") as folder:
        ending = str(values.get("file_format") or ".csv")
        path = save_place(str(values.get("filename_prefix") or "motion/sadtalker"), ending)
        request = Request(
            picture=picture_of(values["portrait"]),
            speech=_speech_of(values, Path(folder)),
            output=path,
            options=options_of(values),
            motion_files=(path,),
        )
        service().plan(request, ComfyProgress().progress(host()))
        return (str(path),)


def _speech_of(values: Mapping[str, Any], folder: Path) -> Path | None:
    if values.get("audio") is None:
        return None
    path = folder / "speech.wav"
    write_sound(values["audio"], path)
    return path
