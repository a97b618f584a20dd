"""The WebUI as a host: AUTOMATIC1111, its forks and SD.Next.

The only file that imports `modules`. What some hosts lack is asked for in `offers`.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from modules import (
    call_queue,
    devices,
    images,
    paths,
    progress,
    script_callbacks,
    scripts,
    sd_models,
    shared,
)

from sadtalker_ext.folders import make_folder
from sadtalker_ext.host import lent, memory, naming, offers
from sadtalker_ext.host.state import MirroredProgress, stop_pressed
from sadtalker_ext.host.turns import Turns
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Enhancer, Picture, Upscaler

log = logging.getLogger(__name__)

__all__ = [
    "OPTION_PREFIX",
    "WebUIHost",
    "call_queue",
    "data_folder",
    "infotext_utils",
    "open_folder",
    "progress",
    "script_callbacks",
    "scripts",
    "shared",
    "tool_button",
]  # fmt: skip

infotext_utils = offers.pasting(importlib.import_module)
open_folder = offers.folder_opener(importlib.import_module)
"""Shows a folder on the host's desktop; None where the host cannot."""

OPTION_PREFIX = "sadtalker_ext_"
"""Begins each of our keys in the host's options; the old extension owns `sadtalker_result_dir`."""


_PICTURE_FOLDERS = (
    *("outdir_samples", "outdir_txt2img_samples", "outdir_img2img_samples"),
    *("outdir_extras_samples", "outdir_save"),
)
"""Settings of the host that name folders."""


class WebUIHost:
    """Offers the WebUI's folders, device, queue, memory and stop button."""

    def __init__(self) -> None:
        self.name, self._room = memory.find_room(importlib.import_module, sd_models)
        self._turns = Turns(call_queue.queue_lock, shared.state, progress)
        self._cancelled: set[str] = set()
        self._restorers: dict[str, lent.LentRestorer] = {}
        self.release: Callable[[], None] = _nothing
        """Drops our own models; called at the end of a turn unless the user keeps them."""

    def option(self, name: str, default: Any) -> Any:
        """Return one of our settings; the default before the settings page was ever built."""
        return shared.opts.data.get(OPTION_PREFIX + name, default)

    def output_dir(self) -> Path:
        """Return the folder of all results: the setting's, or ``outputs/sadtalker``."""
        chosen = str(self.option("output_dir", "") or "").strip()
        base = Path(paths.data_path)
        return (base / Path(chosen).expanduser()) if chosen else base / "outputs" / "sadtalker"

    def picture_folders(self) -> Sequence[Path]:
        """Return where the WebUI keeps what it makes: ``outputs``, or what the settings name."""
        base = Path(paths.data_path)
        named = [str(getattr(shared.opts, name, "") or "") for name in _PICTURE_FOLDERS]
        chosen = [base / Path(one).expanduser() for one in named if one.strip()]
        return list(dict.fromkeys([base / "outputs", *chosen]))

    def output_path(self, picture: Picture) -> Path:
        """Return a fresh path for one video, in a subfolder by the host's naming pattern.

        Raises:
            OutputUnwritable: The folder cannot be made.
        """
        folder = self.output_dir()
        if getattr(shared.opts, "save_to_dirs", True):
            width, height = picture.size
            like = SimpleNamespace(width=width, height=height, tobytes=picture.pixels.tobytes)
            fill = images.FilenameGenerator(None, None, None, like).apply
            pattern = getattr(shared.opts, "directories_filename_pattern", "")
            folder = naming.dated_folder(folder, pattern, fill)
        make_folder(folder, hint="Choose another one in Settings, SadTalker.")
        return naming.next_path(folder, picture.name)

    def state_folder(self) -> Path:
        """Return the folder for the user's own presets."""
        return Path(paths.data_path) / "sadtalker"

    def weight_dirs(self) -> Sequence[Path]:
        """Return the folder of the command line, then ``models/SadTalker``."""
        flag = getattr(shared.cmd_opts, "sadtalker_weights_dir", None)
        first = [Path(flag).expanduser()] if flag else []
        return (*first, Path(paths.models_path) / "SadTalker")

    def device(self) -> str:
        """Return the host's device; ``--use-cpu sadtalker`` (or ``all``) counts on every host."""
        asked = getattr(shared.cmd_opts, "use_cpu", None) or []
        if "all" in asked or "sadtalker" in asked:
            return "cpu"
        return offers.device_of(devices, "sadtalker")

    def look_seconds(self) -> float:
        """Return how often the host's page is told of a job's progress."""
        return offers.look_seconds(progress, shared.opts)

    def precision(self) -> str:
        """Return "float32" where the user ruled half precision out, else "auto"."""
        full = getattr(shared.cmd_opts, "no_half", False)
        full = full or getattr(shared.cmd_opts, "precision", "") == "full"
        return "float32" if full else "auto"

    @contextmanager
    def gpu_turn(self, job: str) -> Iterator[None]:
        """Wait in the host's queue, make room, and give everything back at the end."""
        log.debug("%s waits for its turn", job)
        with self._turns.turn("sadtalker"):
            moved = memory.should_free(
                self.option("make_room", memory.WHEN_NEEDED), self.device(), self._free_bytes
            )
            try:
                if moved:
                    self._room.free()
                yield
            finally:
                self._tidy()
                if moved:
                    self._room.give_back()
                devices.torch_gc()

    def _tidy(self) -> None:
        """Free the device of our models, unless the user keeps them loaded."""
        for restorer in self._restorers.values():
            restorer.release()
        if not self.option("keep_models", default=False):
            self.release()
            memory.return_free_memory()

    def enhancers(self) -> Mapping[str, Enhancer]:
        """Return the host's face restorers; see `Host`."""
        if not self._restorers:
            self._restorers = lent.restorers(
                shared.face_restorers, lambda: float(shared.opts.code_former_weight)
            )
        return dict(self._restorers)

    def upscalers(self) -> Mapping[str, Upscaler]:
        """Return the host's upscalers; see `Host`."""
        return lent.upscalers(shared.sd_upscalers)

    def joined(self) -> Any:
        """Return a context for work done while the host holds its queue for us already."""
        return self._turns.joined()

    def interrupted(self) -> bool:
        """Tell whether the host's stop button was pressed while one of our jobs runs."""
        return self._turns.active and stop_pressed(shared.state)

    def mirrored(self, inner: Progress) -> Progress:
        """Return a progress that the host's bar and preview follow, and its stop button stops.

        One that is mirrored already is returned as it is.
        """
        if isinstance(inner, MirroredProgress):
            return inner
        return MirroredProgress(inner, shared.state, lambda: self._turns.held)

    def new_progress(self) -> Progress:
        """Return a progress for work beside a job; a stop pressed earlier does not count."""
        before = stop_pressed(shared.state)
        return Progress(should_stop=lambda: stop_pressed(shared.state) and not before)

    def stop_task(self, task: str) -> None:
        """Stop one of our jobs: at once if it runs, before it starts if it waits.

        The host's own Interrupt stops whatever runs now, which may be somebody else's job.
        """
        if task and task == progress.current_task:
            shared.state.interrupt()
        elif task and task in progress.pending_tasks:
            self._cancelled.add(task)
        elif self._turns.active:
            shared.state.interrupt()

    def task_progress(self, task: str) -> Progress:
        """Return the progress of a job of the tab, which may be cancelled while it waits."""
        return Progress(should_stop=lambda: task in self._cancelled)

    def forget_task(self, task: str) -> None:
        """Forget that a job was cancelled; it has ended."""
        self._cancelled.discard(task)

    def pick_picture(self, gallery: Any, generation_info: str | None, selected: int) -> Any:
        """Return the PIL picture meant by a gallery's state, or None.

        Args:
            gallery: The gallery's value, in the form of either gradio.
            generation_info: The JSON the host keeps beside its gallery; tells where grids end.
            selected: Index of the selected thumbnail, or -1. A grid is never taken: then, and when
                nothing is selected, the first real picture is.
        """
        if not gallery:
            return None
        first = first_real_picture(generation_info, len(gallery))
        index = selected if first <= selected < len(gallery) else first
        return infotext_utils.image_from_url_text([gallery[index]])

    def _free_bytes(self) -> int | None:
        import torch

        device = torch.device(self.device())
        if device.type != "cuda":
            return None
        return int(torch.cuda.mem_get_info(device)[0])


def first_real_picture(generation_info: str | None, count: int) -> int:
    """Return the index of the first picture behind the grids of a gallery."""
    try:
        index = int(json.loads(generation_info or "{}").get("index_of_first_image", 0))
    except (ValueError, TypeError, AttributeError):
        return 0
    return index if 0 <= index < count else 0


def _nothing() -> None:
    """Release nothing; replaced when a service is there."""


def tool_button(words: str, elem_id: str, tooltip: str, *, small: bool) -> Any:
    """Make a button of the host's own kind: a small one for rows below galleries, or a plain one.

    The class is looked up each time, because "Reload UI" loads the host's components anew.
    """
    import gradio
    from modules.ui_components import ToolButton

    if not small:
        return gradio.Button(words, elem_id=elem_id)
    return ToolButton(words, elem_id=elem_id, tooltip=tooltip)


def data_folder() -> Path:
    """Return the folder of the WebUI's data, which ``--data-dir`` may move."""
    return Path(paths.data_path)
