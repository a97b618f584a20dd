"""What the tab needs from the place it lives in, and what that place may rely on.

The tab knows nothing of a WebUI. A `TabHost` (one for the stand-alone page, one for the WebUIs)
hands it the service, the folders and the ways of the house: how a job is started, shown and
stopped, where a picture can be taken from, and what else can be done with a result. Nothing here
imports gradio; components are passed through as they are.

Order of calls, all inside the `Blocks` being built: `build_tab(host)` makes the components, then
calls `host.connect_job` once, then `connect` of every `PictureSource` and `ResultAction`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sadtalker_ext.types import Picture

if TYPE_CHECKING:
    from sadtalker_ext.history import History
    from sadtalker_ext.service import Service

PREFIX = "sadtalker_ext"
"""Begins every element id. ``sadtalker_...`` belongs to the old extension, which may be there."""

TAB_ID = "sadtalker"
"""Id for a WebUI's tab tuple; the tab becomes ``#tab_sadtalker``."""


def element_id(name: str) -> str:
    """Return the element id of a part of the tab, for example ``sadtalker_ext_generate``."""
    return f"{PREFIX}_{name}"


Component = Any
"""A gradio component; gradio has no types that hold for all its versions."""

Job = Callable[..., Sequence[Any]]
"""``job(progress, *values)``: makes one video and returns one value per output.

`values` are the values of `JobParts.inputs`, in order. It never raises for an expected problem:
errors (also a stop) are returned as outputs, the last of which is a text of HTML. It may take
minutes, waits for `Host.gpu_turn` itself, and may be called from any thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobParts:
    """The components around a job.

    Attributes:
        task: Hidden textbox; the page's script puts a fresh task id there. Always to be the first
            input of the generate event, before `inputs`.
        generate: ``#sadtalker_ext_generate``.
        interrupt: ``#sadtalker_ext_interrupt``, class ``generate-box-interrupt``.
        skip: ``#sadtalker_ext_skip``, class ``generate-box-skip``; never shown, but the scripts of
            the WebUIs look for it.
        interrupting: ``#sadtalker_ext_interrupting``, class ``generate-box-interrupting``.
        progress: HTML ``#sadtalker_ext_progress``, empty until something is written there; the
            container for a WebUI's bar and its preview.
        inputs: Inputs of the job.
        outputs: Outputs of the job; the last one is an HTML component, as
            ``wrap_gradio_gpu_call`` wants it.
        no_result: Values of `outputs` except the last, for a job that ended without any.
        waits: ``waits(None, *values)`` tells whether a job with these inputs needs the host's
            device; others may run beside whatever holds it.
        picture: The picture; give it to ``add_paste_fields``.
        result_path: Hidden textbox with the path of the finished video, or empty.
    """

    task: Component
    generate: Component
    interrupt: Component
    skip: Component
    interrupting: Component
    progress: Component
    inputs: Sequence[Component]
    outputs: Sequence[Component]
    no_result: Sequence[Any]
    waits: Callable[..., bool]
    picture: Component
    result_path: Component


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureSource:
    """A button that brings a picture into the tab.

    Attributes:
        name: Ends the button's id: ``sadtalker_ext_use_<name>``.
        label: Its words.
        help: Its tooltip.
        connect: ``connect(button, picture)`` wires the click, with `picture` as the output.
    """

    name: str
    label: str
    help: str
    connect: Callable[[Component, Component], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultAction:
    """A button that does something with the finished video.

    Attributes:
        name: Ends the button's id: ``sadtalker_ext_<name>``.
        label: Its words.
        help: Its tooltip.
        connect: ``connect(button, result_path)`` wires the click; `result_path` is a hidden
            textbox with the video's path, empty when there is no result.
    """

    name: str
    label: str
    help: str
    connect: Callable[[Component, Component], None]


class TabHost(Protocol):
    """The place the tab lives in."""

    @property
    def service(self) -> Service:
        """Return the service, the same one for the life of the process."""

    @property
    def state_folder(self) -> Path:
        """Return the folder for the user's own presets and the remembered ticks.

        It need not exist yet.
        """

    @property
    def picture_sources(self) -> Sequence[PictureSource]:
        """Return the buttons below the picture; empty when there are none."""

    @property
    def result_actions(self) -> Sequence[ResultAction]:
        """Return the buttons below the result, for example "Open folder" and "Send to img2img"."""

    @property
    def suggestions(self) -> Mapping[str, Sequence[str]]:
        """Return words to choose from for options that take any text, by option name.

        For example the names of the host's upscalers under "upscaler".
        """

    @property
    def history(self) -> History:
        """Return the earlier videos."""

    def owner(self, user: str) -> str | None:
        """Return whose earlier videos a user may see; None is everybody's."""

    def output_path(self, picture: Picture) -> Path:
        """Return a fresh path for a video of this picture; its folder may not exist.

        The extension is replaced by that of the chosen format: no file of this name may exist with
        any of them.
        """

    def connect_job(self, parts: JobParts, job: Job) -> None:
        """Wire generate, interrupt and skip, and show progress the way of the house.

        In a WebUI a job that `JobParts.waits` goes through ``wrap_gradio_gpu_call``, with a
        function that makes a `Progress` feeding ``shared.state`` and calls
        ``job(progress, *values)``; others run beside, on a thread (`watching.Watch`).
        """
