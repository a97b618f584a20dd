"""The WebUI as the place our tab lives in."""

from __future__ import annotations

import functools
import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import UnreadableImage
from sadtalker_ext.host.webui import (
    call_queue,
    infotext_utils,
    open_folder,
    progress,
    shared,
)
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.ui import words
from sadtalker_ext.shells.ui.compat import gradio, listen, unchanged
from sadtalker_ext.shells.ui.contract import (
    PREFIX,
    Job,
    JobParts,
    PictureSource,
    ResultAction,
    element_id,
)
from sadtalker_ext.shells.ui.watching import Watch
from sadtalker_ext.shells.webui.galleries import Neighbours
from sadtalker_ext.shells.webui.house import host, service
from sadtalker_ext.shells.webui.restore import Restored
from sadtalker_ext.types import Picture

if TYPE_CHECKING:
    from sadtalker_ext.history import History

log = logging.getLogger(__name__)

BESIDE = 2
"""Videos made side by side without the device; others wait."""


class WebUITabHost:
    """Runs the tab's jobs in the WebUI's queue; see `TabHost` for the agreement.

    Args:
        neighbours: What was found in the host's own tabs.
    """

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours

    @property
    def service(self) -> Any:
        """Return the service of this process."""
        return service()

    @property
    def state_folder(self) -> Path:
        """Return the folder for the user's own presets."""
        return host().state_folder()

    @property
    def picture_sources(self) -> Sequence[PictureSource]:
        """Return the buttons that pull the current results."""
        return self._neighbours.sources()

    @property
    def portrait_folders(self) -> Sequence[Path]:
        """Return the folders of the WebUI's own pictures."""
        return host().picture_folders()

    @property
    def result_actions(self) -> Sequence[ResultAction]:
        """Return the buttons for the finished video."""
        actions = []
        hidden = getattr(shared.cmd_opts, "hide_ui_dir_config", False)
        if open_folder is not None and not hidden:
            actions.append(
                ResultAction(
                    name="open_folder",
                    label="\N{OPEN FILE FOLDER} Open folder",
                    help="Show the folder of the video on the machine the WebUI runs on.",
                    connect=_connect_folder,
                )
            )
        if infotext_utils.paste_fields.get("img2img", {}).get("init_img") is not None:
            actions.append(
                ResultAction(
                    name="to_img2img",
                    label="\N{RIGHTWARDS ARROW} img2img",
                    help="Send the frame that is shown now to img2img; pause on the one you want.",
                    connect=_connect_img2img,
                )
            )
        return actions

    @property
    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return the names of the WebUI's upscalers."""
        return {"upscaler": list(host().upscalers())}

    @property
    def history(self) -> History:
        """Return the videos of the folder of results."""
        return _history(host().output_dir(), host().state_folder())

    def owner(self, _user: str) -> str | None:
        """Return None: all users of a WebUI share its outputs."""
        return None

    def output_path(self, picture: Picture) -> Path:
        """Return a fresh path by the WebUI's naming pattern."""
        return host().output_path(picture)

    def new_progress(self) -> Progress:
        """Return a progress that follows the WebUI's stop button."""
        return host().new_progress()

    def connect_job(self, parts: JobParts, job: Job) -> None:
        """Run a job that needs the device like txt2img, any other beside whatever runs.

        The first has the WebUI's queue, bar, preview and Interrupt; the second our own. Both are
        found again after a reload.
        """
        watch = Watch(parts, side_by_side=BESIDE, look_seconds=host().look_seconds)
        nothing = [unchanged() for _ in parts.outputs]

        def run(task: str, *values: Any) -> list[Any]:
            try:
                with host().joined():
                    # mirrored here, not only inside each video: a grid also writes its wall
                    return list(job(host().mirrored(host().task_progress(task)), *values))
            finally:
                host().forget_task(task)

        def queued(*values: Any) -> list[Any]:
            # a list of its own each time: SD.Next lengthens it when a job fails
            lost = list(parts.no_result)
            return list(call_queue.wrap_gradio_gpu_call(run, extra_outputs=lost)(*values))

        kept = Restored(progress, list(parts.no_result))

        def generate(task: str, *values: Any) -> Iterator[list[Any]]:
            if parts.waits(None, *values):
                yield [_queued_html(task), *nothing]
                yield [words.ended_html(task), *queued(task, *values)]
            else:
                yield from watch.start(task, lambda progress: job(progress, *values))

        def restore(asked: str) -> Iterator[list[Any]]:
            task, _, again = asked.partition(" ")
            if watch.knows(task):
                yield from watch.resume(task)
                return
            yield [_queued_html(task) if kept.running(task) else unchanged(), *nothing]
            yield [words.ended_html(task), *kept.outputs(task, lost=bool(again))]

        def stop(task: str) -> None:
            watch.stop(task)
            if not watch.knows(task):
                host().stop_task(task)

        inputs = [parts.task, *parts.inputs]
        listen(
            parts.generate.click,
            generate,
            inputs,
            watch.outputs,
            js=f"{PREFIX}_submit",
            parallel=True,
        )
        listen(parts.interrupt.click, stop, [parts.task], [], js=f"{PREFIX}_stop")
        again = gradio().Button("Restore", elem_id=element_id("restore_progress"), visible=False)
        listen(
            again.click,
            restore,
            [parts.task],
            watch.outputs,
            js=f"{PREFIX}_restore",
            parallel=True,
        )


@functools.cache
def _history(folder: Path, state: Path) -> History:
    """Return the one history of a folder: it remembers which files are ours."""
    from sadtalker_ext.history import History

    return History(folder, state)


def _queued_html(task: str) -> str:
    """Return what tells the page's script to show the host's own bar for a task."""
    return f'<div class="stx-queued" data-task="{escape(task)}"></div>'


def _connect_folder(button: Any, result_path: Any) -> None:
    listen(button.click, _open_folder, [result_path])


def _open_folder(path: str) -> None:
    """Open the folder of one of our results, or the folder of all results."""
    folder, wanted = host().output_dir(), Path(path) if path else None
    inside = wanted is not None and folder.resolve() in wanted.resolve().parents
    if open_folder is not None:
        open_folder(str(wanted.parent if inside and wanted is not None else folder))


def _connect_img2img(button: Any, result_path: Any) -> None:
    target = infotext_utils.paste_fields["img2img"]["init_img"]
    # twice: the page's script puts the player's time in place of the second
    shown = f"{PREFIX}_shown"
    listen(button.click, _frame_of, [result_path, result_path], [target], js=shown)
    listen(button.click, None, js="switch_to_img2img")


def _frame_of(path: str, seconds: Any = 0.0) -> Any:
    """Return the shown frame of a result; leaves img2img alone when there is none.

    A zip of single frames is no video, so it has none either.
    """
    folder = host().output_dir().resolve()
    if not path or folder not in Path(path).resolve().parents:
        return unchanged()
    from sadtalker_ext.host.first_frame import frame_at

    try:
        at = float(seconds)
    except (TypeError, ValueError):
        at = 0.0
    try:
        return frame_at(Path(path), at if math.isfinite(at) else 0.0)
    except UnreadableImage as error:
        log.warning("%s", error)
        return unchanged()
