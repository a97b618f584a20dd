"""ComfyUI as the host: the only place that touches its own modules.

Everything is looked up when it is used, because ComfyUI loads packs of nodes while it starts.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

from sadtalker_ext.errors import Cancelled
from sadtalker_ext.folders import make_folder
from sadtalker_ext.progress import Progress, ProgressEvent, Stage, overall_share
from sadtalker_ext.types import Enhancer, ImageArray, Upscaler

log = logging.getLogger(__name__)

FOLDER = "SadTalker"
"""Our folder under the host's models."""
_BORROWED = ("upscale_models", "facerestore_models", "facedetection")
"""The host's kinds of models that may hold files of ours."""
_ROOM_BYTES = 4 << 30
"""Asked for before the networks are loaded: what rendering at 256 pixels fits into."""
_PARTS = 1000
_PREVIEW_SIDE = 512


def modules(name: str) -> Any:
    """Return one of the host's own modules."""
    return importlib.import_module(name)


class ComfyHost:
    """Offers the host's folders, device and memory. It runs one prompt at a time, in one thread."""

    name = "comfyui"

    def output_dir(self) -> Path:
        """Return the host's folder for temporary files; saving is another node's work."""
        return Path(modules("folder_paths").get_temp_directory())

    def weight_dirs(self) -> Sequence[Path]:
        """Return our folder under the host's models, and those that may hold files of ours."""
        paths = modules("folder_paths")
        known = getattr(paths, "folder_names_and_paths", {})
        shared = [
            Path(folder)
            for kind in _BORROWED
            if kind in known
            for folder in paths.get_folder_paths(kind)
        ]
        return [Path(paths.models_dir) / FOLDER, *shared]

    def device(self) -> str:
        """Return the device that the host chose."""
        return str(modules("comfy.model_management").get_torch_device())

    @contextmanager
    def gpu_turn(self, job: str) -> Iterator[None]:
        """Make room on the device for one job, and give back what is left over at its end."""
        memory = modules("comfy.model_management")
        device = memory.get_torch_device()
        log.debug("%s takes its turn on %s", job, device)
        if getattr(device, "type", "cpu") != "cpu":
            # models come back by themselves when a node needs them
            memory.free_memory(_ROOM_BYTES, device)
        try:
            yield
        finally:
            memory.soft_empty_cache()

    def interrupted(self) -> bool:
        """Tell whether the host's own stop button was pressed."""
        return bool(modules("comfy.model_management").processing_interrupted())

    def enhancers(self) -> Mapping[str, Enhancer]:
        """Return nothing: restorers come from weight files here."""
        return {}

    def upscalers(self) -> Mapping[str, Upscaler]:
        """Return nothing: upscalers come from weight files here."""
        return {}


class ComfyProgress:
    """Our progress in the host's bar with a preview, and its stop button in ours."""

    def __init__(self) -> None:
        self._bar = modules("comfy.utils").ProgressBar(_PARTS)
        self._at = 0

    def progress(self, host: ComfyHost) -> Progress:
        """Return what to hand to the service."""
        return Progress(self._told, should_stop=host.interrupted, preview=self._shown)

    def _told(self, event: ProgressEvent) -> None:
        if event.stage is Stage.SPEAKING:
            return  # it comes before the bar's first part
        share = overall_share(event.stage, event.done, event.total)
        self._at = max(self._at, round(_PARTS * share))
        self._bar.update_absolute(self._at, _PARTS)

    def _shown(self, frame: ImageArray) -> None:
        picture = Image.fromarray(frame)
        self._bar.update_absolute(self._at, _PARTS, ("JPEG", picture, _PREVIEW_SIDE))


@contextmanager
def stops_as_host() -> Iterator[None]:
    """Hand on a stop in the host's own way, which is shown as one and not as an error."""
    try:
        yield
    except Cancelled as stop:
        raise modules("comfy.model_management").InterruptProcessingException from stop


def video_of(path: Path) -> Any:
    """Return a video file as VIDEO; the host reads it where it lies."""
    try:
        kind = modules("comfy_api.latest").InputImpl.VideoFromFile
    except (ImportError, AttributeError):
        kind = modules("comfy_api.input_impl").VideoFromFile
    return kind(str(path))


def save_place(prefix: str, ending: str) -> Path:
    """Return a fresh file in the host's output folder, numbered as the host numbers its own.

    Args:
        prefix: Folders and name as people write them into the host's own nodes of saving; the host
            refuses what leads out of its output folder.
        ending: What the name ends in, with its dot.
    """
    paths = modules("folder_paths")
    folder, name, counter, *_ = paths.get_save_image_path(prefix, paths.get_output_directory())
    place = Path(folder)
    make_folder(place)
    return place / f"{name}_{counter:05}_{ending}"


def blocked(words: str) -> Any:
    """Return what stands for a value that is not there; a node that reads it shows the words."""
    return modules("comfy_execution.graph_utils").ExecutionBlocker(words)


def file_of(video: Any, path: Path) -> Path:
    """Write a VIDEO into a file, and return it; one that already is a file is not copied."""
    source = getattr(video, "get_stream_source", None)
    found = source() if source is not None else None
    if isinstance(found, str):
        return Path(found)
    video.save_to(str(path))
    return path
