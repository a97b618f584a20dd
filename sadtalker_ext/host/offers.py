"""What a WebUI may lack: asked for by name, with what to do without it.

SD.Next has no ``modules.util``, nothing in ``modules.infotext_utils``, and no
``devices.get_device_for``; the others have them all.
"""

from __future__ import annotations

import inspect
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

DEFAULT_LOOK_MS = 1000
LEAST_LOOK_SECONDS = 0.25
SDNEXT_LOOK_SECONDS = 2.0


class NoPasting:
    """Stands in where a host cannot paste pictures between its tabs."""

    def __init__(self) -> None:
        self.paste_fields: dict[str, dict[str, Any]] = {}

    def add_paste_fields(self, tabname: str, init_img: Any, fields: Any) -> None:
        """Announce nothing: no other tab could send anything."""

    def image_from_url_text(self, filedata: Any) -> Any:  # noqa: ARG002  the host's signature
        """Return no picture."""
        return None


def first_with(load: Callable[[str], Any], names: Iterable[str], needed: str) -> Any:
    """Return the first module of these names that offers what is needed, or None.

    Args:
        load: Imports a module by name, or raises ImportError.
        names: Where the hosts keep it, the usual place first.
        needed: What the module must have; a stub that is empty does not count.
    """
    for name in names:
        with suppress(ImportError):
            module = load(name)
            if hasattr(module, needed):
                return module
    return None


def pasting(load: Callable[[str], Any]) -> Any:
    """Return the host's module that pastes pictures between tabs."""
    places = ("modules.infotext_utils", "modules.generation_parameters_copypaste")
    return first_with(load, places, "add_paste_fields") or NoPasting()


def folder_opener(load: Callable[[str], Any]) -> Callable[[str], Any] | None:
    """Return the host's function that shows a folder on its desktop, or None."""
    module = first_with(load, ("modules.util",), "open_folder")
    return getattr(module, "open_folder", None)


def add_callback(host: Any, kind: str, call: Callable[..., Any], file: str) -> None:
    """Register a callback with the host.

    Where nobody says which file registers it, the hosts look through all loaded modules for every
    frame of the stack: about 0.1 s of processor time a callback.

    Args:
        host: The host's module ``script_callbacks``.
        kind: Which one, for example ``ui_tabs``.
        call: What the host calls.
        file: The file that registers it.
    """
    add = getattr(host, "add_callback", None)
    known = getattr(host, "callback_map", {}).get(f"callbacks_{kind}")
    if add is None or known is None or "filename" not in inspect.signature(add).parameters:
        getattr(host, f"on_{kind}")(call)
    else:
        add(known, call, category=kind, filename=file)


def device_of(devices: Any, task: str) -> str:
    """Return the host's device for a task, or its only one."""
    chosen = getattr(devices, "get_device_for", None)
    return str(devices.device if chosen is None else chosen(task))


def look_seconds(tasks: Any, options: Any) -> float:
    """Return how often the host's page is told of a job's progress, by the host's own setting.

    SD.Next's page has so many parts that one change of ours costs it a third of a second.

    Args:
        tasks: The host's module ``progress``.
        options: The host's settings.
    """
    milliseconds = getattr(options, "live_preview_refresh_period", None) or DEFAULT_LOOK_MS
    least = LEAST_LOOK_SECONDS if hasattr(tasks, "create_task_id") else SDNEXT_LOOK_SECONDS
    return max(float(milliseconds) / 1000, least)


def task_id(tasks: Any, job: str) -> str:
    """Return a fresh id for a job in the form the host's page knows."""
    make = getattr(tasks, "create_task_id", None)
    return str(make(job)) if make else f"task({job}-{secrets.token_hex(4)})"
