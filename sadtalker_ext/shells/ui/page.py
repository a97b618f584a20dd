"""The stand-alone page: the same tab without a WebUI around it."""

from __future__ import annotations

import datetime
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.history import History
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui import compat, page_head
from sadtalker_ext.shells.ui.admission import admit_events
from sadtalker_ext.shells.ui.contract import (
    Component,
    Job,
    JobParts,
    PictureSource,
    ResultAction,
    element_id,
)
from sadtalker_ext.shells.ui.look import show_own_presets
from sadtalker_ext.shells.ui.tab import TabParts, build_tab
from sadtalker_ext.shells.ui.uploads import UploadCheck
from sadtalker_ext.shells.ui.watching import Watch
from sadtalker_ext.types import Picture
from sadtalker_ext.weights.store import cache_folder

log = logging.getLogger(__name__)

TITLE = "SadTalker"
TASK_KEY = element_id("task")
"""Where the browser keeps the id of its latest job, to find it again after a reload."""

SUBMIT = (
    "(...values) => { values[0] = 'task(' + crypto.getRandomValues(new Uint32Array(4)).join('') "
    f"+ ')'; localStorage.setItem('{TASK_KEY}', values[0]); "
    # on a narrow window the result lies below all options
    f"const stage = document.getElementById('{element_id('stage')}'); "
    "if (stage.getBoundingClientRect().top > innerHeight - 120) "
    "stage.scrollIntoView({ behavior: 'smooth' }); return values; }"
)
RECALL = f"() => [localStorage.getItem('{TASK_KEY}') || '']"
_FORGET_SECONDS = 86400
RUNS = 2
"""Videos made side by side; others wait."""


class PageHost:
    """The stand-alone page as the tab's host.

    Args:
        service: Makes the videos.
        output_dir: Folder for results, in subfolders by day.
        state_folder: Folder for presets and ticks; the project's cache folder by default.
        local: Whether the browser runs on this machine; only then can a folder be opened.
        uploads: Checks uploads before they are read.
        shared: Whether several people use the page who are told apart (by passwords, by a cookie).
        owned: Whether each user sees only their own earlier videos.
    """

    def __init__(
        self,
        service: Service,
        output_dir: Path,
        *,
        state_folder: Path | None = None,
        local: bool = True,
        uploads: UploadCheck | None = None,
        shared: bool = False,
        owned: bool = False,
    ) -> None:
        self.uploads = uploads
        self.shared = shared
        self._owned = owned
        self._service = service
        self._output_dir = output_dir.resolve()
        self._state_folder = state_folder or cache_folder() / "page"
        self._local = local
        self._history = History(self._output_dir, self._state_folder)
        self._given: dict[str, int] = {}
        self._numbering = threading.Lock()
        self._watch: Watch | None = None
        self._task: Component = None

    @property
    def service(self) -> Service:
        """Return the service."""
        return self._service

    @property
    def state_folder(self) -> Path:
        """Return the folder for presets and ticks."""
        return self._state_folder

    @property
    def output_dir(self) -> Path:
        """Return the folder for results."""
        return self._output_dir

    @property
    def picture_sources(self) -> Sequence[PictureSource]:
        """Return nothing: there is no other program to take a picture from."""
        return ()

    @property
    def portrait_folders(self) -> Sequence[Path]:
        """Return where the portrait of a video may lie, beside the page's uploads."""
        return (self._output_dir,)

    @property
    def result_actions(self) -> Sequence[ResultAction]:
        """Return the button that opens the folder, if the browser runs here."""
        if not self._local:
            return ()
        return (
            ResultAction(
                name="open_folder",
                label="Open folder",
                help="Show the video in the file manager.",
                connect=self._connect_open_folder,
            ),
        )

    @property
    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return nothing: upscalers are named by their files here."""
        return {}

    @property
    def history(self) -> History:
        """Return the earlier videos."""
        return self._history

    def owner(self, user: str) -> str | None:
        """Return the user where there are passwords, else None: whoever is here sees all."""
        return user if self._owned else None

    def output_path(self, picture: Picture) -> Path:
        """Return ``DAY/NNNN-NAME.mp4`` with the next free number; no number is given twice."""
        # the day people see on their clock names the folder
        folder = self._output_dir / datetime.datetime.now().astimezone().date().isoformat()
        stem = re.sub(r"[^\w.-]+", "_", Path(picture.name).stem)[:60].strip("._") or "video"
        taken = [path.name[:4] for path in folder.glob("[0-9][0-9][0-9][0-9]-*")]
        with self._numbering:
            given = self._given.get(folder.name, 0)
            number = max((int(name) for name in taken), default=0)
            number = self._given[folder.name] = max(number, given) + 1
        return folder / f"{number:04d}-{stem}.mp4"

    def connect_job(self, parts: JobParts, job: Job) -> None:
        """Wire the buttons: the job runs on a thread, the page looks at it now and then."""
        watch = self._watch = Watch(parts, side_by_side=RUNS)

        def generate(user: str, task: str, *values: Any) -> Iterator[list[Any]]:
            def work(progress: Progress) -> Sequence[Any]:
                outputs = job(progress, *values)
                made = outputs[place]
                if isinstance(made, str) and made:
                    self._history.note(Path(made), user)
                return outputs

            yield from watch.start(task, work)

        place = list(parts.outputs).index(parts.result_path)
        compat.listen(
            parts.generate.click,
            compat.knowing_the_user(generate),
            [parts.task, *parts.inputs],
            watch.outputs,
            js=SUBMIT,
            parallel=True,
        )
        for button in (parts.interrupt, parts.interrupting):
            compat.listen(button.click, watch.stop, [parts.task], js=RECALL, parallel=True)
        self._task = parts.task

    def connect_reload(self, blocks: Any) -> None:
        """Let a reloaded page find the job it had started."""
        watch = self._watch
        if watch is not None:
            compat.listen(
                blocks.load, watch.resume, [self._task], watch.outputs, js=RECALL, parallel=True
            )

    def _connect_open_folder(self, button: Component, result_path: Component) -> None:
        compat.listen(button.click, self._open_folder, [result_path])

    def _open_folder(self, path: str) -> None:
        """Open the folder of a video; other folders are refused, the path came from a browser."""
        folder = Path(path or self._output_dir).resolve().parent
        if not path or not folder.is_relative_to(self._output_dir) or not folder.is_dir():
            return
        command = {"win32": "explorer", "darwin": "open"}.get(sys.platform, "xdg-open")
        try:
            subprocess.Popen([command, str(folder)], stdin=subprocess.DEVNULL)
        except OSError as problem:
            log.warning("%s cannot be opened: %s", folder, problem)


def build_page(host: PageHost) -> tuple[Any, TabParts]:
    """Return the page as gradio blocks, and its parts.

    Raises:
        PackageMissing: gradio is not installed.
    """
    gr = compat.gradio()
    with gr.Blocks(
        title=TITLE, analytics_enabled=False, **compat.forgetful(_FORGET_SECONDS)
    ) as blocks:
        compat.html(page_head.header_html(), elem_id=element_id("header"))
        parts = build_tab(host)
        host.connect_reload(blocks)
        if host.shared:
            show_own_presets(blocks, parts.look, PresetBook(host.state_folder))
    admit_events(blocks)
    compat.calm(blocks)
    return blocks, parts


def mount_page(
    app: Any,
    service: Service,
    *,
    output_dir: Path,
    path: str = "/",
    state_folder: Path | None = None,
    local: bool = True,
    asking: Callable[[Any], str] | None = None,
    uploads: UploadCheck | None = None,
    shared: bool = False,
) -> Any:
    """Put the page into a FastAPI app and return the app.

    Routes that the app has already, for example REST, keep their addresses; only one at exactly
    the page's own address makes way.

    Args:
        app: The app.
        service: Makes the videos.
        output_dir: Folder for results; the page may show files from here.
        path: Address of the page.
        state_folder: Folder for presets and ticks.
        local: Whether the browser runs on this machine; only then can a folder be opened.
        asking: Gives the user of a request, or raises what makes the browser ask for one; None
            lets everybody in.
        uploads: Checks uploads before they are read.
        shared: Whether several people use the page who are told apart (by passwords, by a cookie).

    Raises:
        PackageMissing: gradio is not installed.
    """
    host = PageHost(
        service,
        output_dir,
        state_folder=state_folder,
        local=local,
        uploads=uploads,
        shared=shared,
        owned=asking is not None,
    )
    blocks, parts = build_page(host)
    app.router.routes[:] = [
        route for route in app.router.routes if getattr(route, "path", None) != path
    ]
    return compat.gradio().mount_gradio_app(
        app,
        blocks,
        path,
        allowed_paths=[str(host.output_dir)],
        footer_links=["settings"],
        ssr_mode=False,
        run_history=False,
        css=Path(__file__).with_name("style.css").read_text(encoding="utf-8"),
        theme=_theme(),
        head=page_head.head_html(parts.explained),
        auth_dependency=asking,
    )


def _theme() -> Any:
    """Return a theme with fonts of this machine: the page asks no other server for anything."""
    gr = compat.gradio()
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
    mono = ["ui-monospace", "SFMono-Regular", "Consolas", "monospace"]
    return gr.themes.Default(
        primary_hue="orange", neutral_hue="slate", font=fonts, font_mono=mono, radius_size="lg"
    )
