"""One service for all nodes, and the jobs they ask of it."""

from __future__ import annotations

import json
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.folders import make_folder
from sadtalker_ext.host.comfyui import (
    ComfyHost,
    ComfyProgress,
    blocked,
    stops_as_host,
    video_of,
)
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.options import GenerateOptions, option_specs
from sadtalker_ext.service import Request, Service
from sadtalker_ext.shells.comfyui.describe import Values, to_option
from sadtalker_ext.shells.comfyui.values import (
    frames_of,
    picture_of,
    silence,
    sound_of,
    write_sound,
)
from sadtalker_ext.types import VideoFile
from sadtalker_ext.weights.store import WeightStore

NO_FRAMES = "Switch on the input frames of SadTalker Talk to have every frame as a batch."

_held = threading.Lock()
_kept: dict[str, Service] = {}


class NodeFailed(RuntimeError):
    """What went wrong, in the words of ours; the host shows them on the node."""


def host() -> ComfyHost:
    """Return what the host offers."""
    return ComfyHost()


def service() -> Service:
    """Return the one service; engines stay loaded between prompts."""
    with _held:
        if "one" not in _kept:
            found = host()
            store = WeightStore.standard(host_folders=found.weight_dirs())
            store.download_folder = Path(found.weight_dirs()[0])
            _kept["one"] = Service(found, store)
        return _kept["one"]


@contextmanager
def told_on_the_node() -> Iterator[None]:
    """Turn our errors into what the host shows: the sentence, and what to do next."""
    try:
        with stops_as_host():
            yield
    except SadTalkerError as error:
        words = " ".join(part for part in (error.message, error.hint) if part)
        raise NodeFailed(words) from error


def options_of(values: Mapping[str, Any]) -> GenerateOptions:
    """Return the options of a node: those of its own widgets win over those that are wired in.

    Raises:
        InvalidOption: One lies outside its range.
    """
    specs = {spec.name: spec for spec in option_specs()}
    wired = values.get("options") or {}
    own = {name: value for name, value in values.items() if name in specs and value is not None}
    merged = {**wired, **own}
    return GenerateOptions.from_mapping(
        {name: to_option(specs[name], value) for name, value in merged.items()}
    )


def talk(values: Values) -> tuple[Any, ...]:
    """Make a portrait talk: the video, its frames where they are asked for, its sound, a report."""
    with told_on_the_node(), tempfile.TemporaryDirectory(prefix="sadtalker-") as folder:
        options = options_of(values)
        speech = None
        if values.get("audio") is not None:
            speech = Path(folder) / "speech.wav"
            write_sound(values["audio"], speech)
        target = host().output_dir() / f"sadtalker_{uuid.uuid4().hex[:12]}.mp4"
        make_folder(target.parent)
        request = Request(
            picture=picture_of(values["portrait"]),
            speech=speech,
            output=target,
            options=options,
        )
        found = service()
        video = found.generate(request, ComfyProgress().progress(host()))
        _release(found, video.engine)
        return outputs_of(video, frames=bool(values.get("frames")), more=_notes(values))


def outputs_of(video: VideoFile, *, frames: bool, more: tuple[str, ...] = ()) -> tuple[Any, ...]:
    """Return VIDEO, IMAGE, AUDIO and a report.

    Args:
        video: What was made.
        frames: Whether the frames are wanted as a batch; else a node that reads them is told so.
        more: Further warnings for the report.
    """
    batch = frames_of(video.path) if frames else blocked(NO_FRAMES)
    report = video.as_dict()
    report["warnings"] = [*more, *report["warnings"]]
    told = json.dumps(report, ensure_ascii=False, indent=1)
    return video_of(video.path), batch, sound_of_file(video), told


def sound_of_file(video: VideoFile) -> dict[str, Any]:
    """Return the sound of a finished video; silence where it has none."""
    from sadtalker_ext.errors import UnreadableAudio

    try:
        return sound_of(open_speech(video.path))
    except UnreadableAudio:
        return silence(video.seconds)


def speak_text(values: Values) -> tuple[Any, ...]:
    """Speak a text."""
    from sadtalker_ext.speech.voice import speak

    with told_on_the_node(), tempfile.TemporaryDirectory(prefix="sadtalker-") as folder:
        spoken = speak(
            str(values.get("text") or ""),
            Path(folder),
            voice=str(values.get("voice") or ""),
            rate=float(values.get("speech_rate", 1.0)),
            pitch=float(values.get("speech_pitch", 0.0)),
            progress=ComfyProgress().progress(host()),
            store=service().store,
        )
        return (sound_of(spoken),)


def choose_options(values: Values) -> tuple[Any, ...]:
    """Return the options that differ from their defaults, over those that are wired in."""
    with told_on_the_node():
        return (options_of(values).changed(),)


def _release(found: Service, engine: str) -> None:
    """Give the device back: the host does not know our networks and cannot unload them."""
    if found.spec(engine).uses_device and not host().device().startswith("cpu"):
        found.close()


def _notes(values: Mapping[str, Any]) -> tuple[str, ...]:
    count = len(values["portrait"])
    if count > 1:
        return (f"The portrait is a batch of {count} pictures; the first one talks.",)
    return ()
