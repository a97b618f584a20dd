"""Which files an event may name: only those that the page itself received or made.

A browser sends a file by its path on the server. Whoever writes such a request by hand can put any
path there, and gradio looks at it only in some versions and only in an app it launched itself; an
address it would even fetch. So every path is judged here first, before it is read, looked for or
copied: on the stand-alone page for everything that any event carries (`admit_events`), and in a
WebUI, whose app is not ours, for each of our components that takes files (`taking_files`).

Everything a page receives or makes lies in gradio's own folder, which is all that is admitted.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sadtalker_ext.shells.page_files import SENTENCE, is_admitted, upload_folders

log = logging.getLogger(__name__)


def paths_in(value: Any) -> list[Any]:
    """Return every path in a value of an event, at any depth, with or without a file's marks.

    gradio 4 and newer write ``{"path": ...}``; gradio 3 ``{"name": ..., "is_file": true}``, where
    without the second the name is only that of contents sent along.
    """
    found: list[Any] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if hasattr(one, "model_dump"):
            one = one.model_dump()
        if isinstance(one, Mapping):
            if one.get("path") is not None:
                found.append(one["path"])
            if one.get("is_file") and one.get("name") is not None:
                found.append(one["name"])
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
    return found


def admit(value: Any, folders: tuple[str, ...], *, drawn: bool = False) -> None:
    """Refuse a value that names a file which the page neither received nor made.

    Raises:
        gradio.Error: It does; the browser shows the sentence.
    """
    if not all(is_admitted(path, folders, drawn=drawn) for path in paths_in(value)):
        log.warning("an event that names a file which the page did not receive was refused")
        raise _refusal()


def _refusal() -> Exception:
    error = importlib.import_module("gradio").Error
    quiet = "print_exception" in inspect.signature(error).parameters
    refused: Exception = error(SENTENCE, **({"print_exception": False} if quiet else {}))
    return refused


def admit_events(blocks: Any) -> None:
    """Judge everything that any event of our own page carries.

    Every way into an event (queue, socket, API) goes through this method of the page in every
    version of gradio, and it is what hands paths on to be copied.

    Args:
        blocks: A page that is wholly ours.
    """
    inner: Callable[..., Any] = blocks.preprocess_data
    folders = upload_folders(blocks)

    @functools.wraps(inner)
    async def later(event: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        admit(inputs, folders, drawn=True)
        return await inner(event, inputs, *more, **named)

    @functools.wraps(inner)
    def at_once(event: Any, inputs: Any, *more: Any, **named: Any) -> Any:
        admit(inputs, folders, drawn=True)
        return inner(event, inputs, *more, **named)

    blocks.preprocess_data = later if inspect.iscoroutinefunction(inner) else at_once


def taking_files(component: Any, convert: Callable[[Any, Any], Any] | None = None) -> Any:
    """Make a component judge what it is given; returns it.

    gradio makes a component anew, from its class, when an event changes one of its properties. A
    method of the object would be lost then, so the object gets a class of its own. (Written as a
    class statement it would make gradio write files beside this one.)

    Args:
        component: Any component.
        convert: ``convert(component, value)`` takes the place of its `preprocess`.
    """
    kind = type(component)

    def preprocess(self: Any, value: Any) -> Any:
        admit(value, upload_folders(self))
        return convert(self, value) if convert else kind.preprocess(self, value)

    methods: dict[str, Any] = {"preprocess": preprocess}
    if hasattr(kind, "async_move_resource_to_block_cache"):
        inner: Callable[..., Awaitable[Any]] = kind.async_move_resource_to_block_cache

        async def move(self: Any, place: Any) -> Any:
            # gradio fetches addresses before a component sees them
            if isinstance(place, str) and "://" in place:
                raise _refusal()
            return await inner(self, place)

        methods["async_move_resource_to_block_cache"] = move
    words = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
    }
    component.__class__ = type.__new__(type(kind), kind.__name__, (kind,), {**words, **methods})
    return component
