"""A part of the WebUI's page, without what gradio makes for pages that stand alone.

gradio gives every `Blocks` a web server with about fifty routes, when it begins and again when it
ends, and a description of its components for its clients. Of a part of a page nobody asks for
either: the page it is drawn into has its own. They took as long as making all the components.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def page_part() -> Iterator[Any]:
    """Yield the `Blocks` that is being built; it can be drawn into a page, and not be launched."""
    import gradio

    with _no_server():
        blocks: Any = gradio.Blocks(analytics_enabled=False)
        blocks.get_config_file = dict
        try:
            with blocks:
                yield blocks
        finally:
            del blocks.get_config_file


@contextmanager
def _no_server() -> Iterator[None]:
    """Let gradio make no server on this thread; where it makes them otherwise, nothing changes."""
    import gradio

    kind = getattr(getattr(gradio, "routes", None), "App", None)
    usual = vars(kind).get("create_app") if kind is not None else None
    if kind is None or usual is None:
        yield
        return
    make, here = kind.create_app, threading.get_ident()

    def none_here(*given: Any, **named: Any) -> Any:
        return None if threading.get_ident() == here else make(*given, **named)

    kind.create_app = staticmethod(none_here)
    try:
        yield
    finally:
        kind.create_app = usual
