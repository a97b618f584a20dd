"""How the versions of gradio differ; of sounds, `sound_field` knows it.

Seen with 3.41.2 (AUTOMATIC1111, reForge), 4.40.0 (Forge) and 6.x (the stand-alone page). gradio is
imported when the first component is made, never before.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sadtalker_ext.errors import PackageMissing
from sadtalker_ext.shells.ui.admission import taking_files
from sadtalker_ext.types import Picture

Component = Any
QUEUE_PAUSE_SECONDS = 0.02


def gradio() -> Any:
    """Return the gradio module.

    Raises:
        PackageMissing: It is not installed.
    """
    try:
        return importlib.import_module("gradio")
    except ImportError as error:
        from sadtalker_ext.installing import how_to_add

        raise PackageMissing(
            "The page needs gradio, not installed here.", hint=how_to_add("page")
        ) from error


def version() -> int:
    """Return gradio's major version."""
    return int(gradio().__version__.split(".")[0])


def unchanged() -> Any:
    """Return the output that leaves a component as it is."""
    return gradio().update()


def update(**properties: Any) -> Any:
    """Return an output that changes properties of a component."""
    return gradio().update(**properties)


def listen(
    trigger: Callable[..., Any],
    fn: Callable[..., Any] | None,
    inputs: Sequence[Component] = (),
    outputs: Sequence[Component] = (),
    *,
    js: str | None = None,
    parallel: bool = False,
    lasting: bool = False,
    latest: bool = False,
) -> Any:
    """Connect an event: no spinner over the outputs, and not part of gradio's public API.

    With gradio 3 only what may last goes through the queue. A page that is closed between joining
    that queue and the start of its event leaves a task there that never ends, and "Reload UI" of
    the WebUIs waits for it for ever; a plain request ends by itself.

    Args:
        trigger: For example ``button.click``.
        fn: Called with the inputs' values; a generator function may answer several times.
        inputs: Components.
        outputs: Components.
        js: A JavaScript function that maps the inputs' values before they are sent.
        parallel: Whether many calls of this event may run at once.
        lasting: Whether a call may outlast a proxy's wait, as generator functions always may.
        latest: Whether one more while a call is under way is answered after it, not forgotten.
    """
    options: dict[str, Any] = {"show_progress": "hidden"}
    if js is not None:
        script = js if fn is None else given_inputs(js, len(inputs))
        options["js" if version() >= 4 else "_js"] = script
    if version() < 4 and not (lasting or inspect.isgeneratorfunction(fn)):
        options["queue"] = False
    if version() >= 4 and parallel:
        options["concurrency_limit"] = None
    if version() >= 4 and latest:
        options["trigger_mode"] = "always_last"
    if version() >= 6:
        options["api_visibility"] = "private"
    else:
        options["api_name"] = False
    return trigger(fn=fn, inputs=list(inputs), outputs=list(outputs), **options)


def given_inputs(js: str, count: int) -> str:
    """Return a JavaScript function that gets only the values of so many inputs.

    gradio 3 and 4 append the outputs'; given back, gradio 4 puts one of its own before each State.
    """
    return f"(...values) => ({js})(...values.slice(0, {count}))"


def by_name(
    fn: Callable[[Any, dict[str, Any]], Any], inputs: Mapping[str, Component]
) -> Callable[..., Any]:
    """Return a handler that hands the values of some components over by name.

    Args:
        fn: Takes one value that comes first, then the others by name.
        inputs: The components after the first one, in the order in which gradio gets them.
    """
    names = tuple(inputs)

    def handler(first: Any, *values: Any) -> Any:
        return fn(first, dict(zip(names, values, strict=True)))

    return handler


def on_select(
    component: Component,
    fn: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
) -> None:
    """Connect a click into a picture; `fn` gets ``(x, y)`` in its pixels, then the inputs."""

    def handler(event: Any, *values: Any) -> Any:
        x, y = event.index
        return fn((int(x), int(y)), *values)

    # gradio looks at the annotation to know where to put the event
    handler.__annotations__ = {"event": gradio().SelectData}
    listen(component.select, handler, inputs, outputs)


def on_choice(
    gallery: Component,
    fn: Callable[..., Any],
    inputs: Sequence[Component],
    outputs: Sequence[Component],
) -> Any:
    """Connect a click on one picture of several; `fn` gets the user, its index, then the inputs."""

    def handler(event: Any, request: Any, *values: Any) -> Any:
        return fn(user_of(request), int(event.index), *values)

    gr = gradio()
    handler.__annotations__ = {"event": gr.SelectData, "request": gr.Request}
    return listen(gallery.select, handler, inputs, outputs)


def knowing_the_user(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that hands the user of the page over first: empty where there are none."""

    def handler(request: Any, *values: Any) -> Any:
        return fn(user_of(request), *values)

    def generator(request: Any, *values: Any) -> Any:
        yield from fn(user_of(request), *values)

    chosen = generator if inspect.isgeneratorfunction(fn) else handler
    # gradio looks at the annotation to know where to put the request
    chosen.__annotations__ = {"request": gradio().Request}
    return chosen


def user_of(request: Any) -> str:
    """Return the name of the user who sent a request to a page with passwords, else nothing."""
    return str(getattr(request, "username", None) or "")


def strip_of_pictures(**properties: Any) -> Component:
    """Return small pictures in rows, which may be clicked."""
    gr = gradio()
    if version() < 4:
        properties["show_download_button"] = False
    elif version() < 6:
        properties |= {"show_download_button": False, "show_share_button": False}
    else:
        properties["buttons"] = []
    return gr.Gallery(
        columns=4, object_fit="cover", height="auto", allow_preview=False, interactive=False,
        **properties,
    )  # fmt: skip


def picture_input(**properties: Any) -> Component:
    """Return a picture to be uploaded, pasted or dropped, which keeps its metadata."""
    gr = gradio()
    if version() < 4:
        # RGBA: transparency is laid over white by our own reader
        return taking_files(
            gr.Image(type="pil", source="upload", image_mode="RGBA", tool="editor", **properties)
        )
    properties |= {"sources": ["upload", "clipboard"], "image_mode": None, "format": "png"}
    if version() < 5:
        # Forge replaces what gradio would write the file with, and that cannot be called so
        return taking_files(gr.Image(type="pil", **properties))
    return taking_files(gr.Image(type="filepath", buttons=["fullscreen"], **properties))


def read_picture_value(value: Any, name: str = "picture") -> Picture:
    """Return the picture behind a value of `picture_input`.

    Raises:
        InputError: It cannot be used.
    """
    from sadtalker_ext.inputs.image import from_pil, read_picture

    if isinstance(value, (str, Path)):
        return read_picture(value)
    return from_pil(value, name)


def picture_value(path: Path) -> Any:
    """Return what `picture_input` shows for a picture file of this machine, with its metadata."""
    if version() >= 5:
        return str(path)
    from PIL import Image

    with Image.open(path) as image:
        image.load()
        return image


def shown_picture(**properties: Any) -> Component:
    """Return a picture that is only shown (and may be clicked)."""
    gr = gradio()
    if version() < 4:
        return gr.Image(interactive=False, show_download_button=False, **properties)
    if version() < 5:
        return gr.Image(
            interactive=False, show_download_button=False, show_share_button=False, **properties
        )
    return gr.Image(interactive=False, buttons=[], **properties)


def any_file(**properties: Any) -> Component:
    """Return a file to upload; its path is handed on."""
    if version() < 4:
        properties.pop("height", None)
    return taking_files(gradio().File(type="file" if version() < 4 else "filepath", **properties))


def path_of(value: Any) -> Path | None:
    """Return the file behind a value of `any_file`."""
    name = getattr(value, "name", value)
    return Path(name) if isinstance(name, str) and name else None


def video_output(*, autoplay: bool = True, **properties: Any) -> Component:
    """Return a player that, where gradio can, repeats.

    Args:
        autoplay: Whether it starts by itself, with its sound.
        **properties: What else gradio is told.
    """
    gr = gradio()
    if version() < 4:
        return gr.Video(interactive=False, autoplay=autoplay, **properties)
    return gr.Video(interactive=False, autoplay=autoplay, loop=True, **properties)


def html(value: str, **properties: Any) -> Component:
    """Return a piece of HTML without a frame."""
    if version() >= 5:
        properties["padding"] = False
    return gradio().HTML(value, **properties)


def forgetful(seconds: int) -> dict[str, Any]:
    """Return the argument of ``Blocks`` that clears old files from gradio's own folder."""
    return {"delete_cache": (seconds, seconds)} if version() >= 4 else {}


def calm(blocks: Any) -> None:
    """Let the queue of a page of our own look for events 50 times a second.

    gradio looks up to a thousand times, which costs some percent of a processor for nothing.
    """
    queue = getattr(blocks, "_queue", None)
    pause = getattr(queue, "sleep_when_free", None)
    if queue is not None and isinstance(pause, float) and pause < QUEUE_PAUSE_SECONDS:
        queue.sleep_when_free = QUEUE_PAUSE_SECONDS


def not_saved(component: Component) -> Component:
    """Keep a WebUI from storing the component's value as the user's default."""
    component.do_not_save_to_config = True
    return component


def explained(component: Component, text: str) -> Component:
    """Give a component a tooltip.

    The WebUIs take it from this attribute; the stand-alone page sets it by a script.
    """
    component.webui_tooltip = text
    return component
