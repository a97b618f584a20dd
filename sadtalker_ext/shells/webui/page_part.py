"""A part of the WebUI's page, without what gradio makes for pages that stand alone.

gradio gives every `Blocks` a web server with about fifty routes, when it begins and again when it
ends, and a description of its components for its clients. Of a part of a page nobody asks for
either: the page it is drawn into has its own. They took as long as making all the components.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import signature
from typing import Any


def page_part() -> Any:
    """Return a `Blocks` to build a part of a page in; it is drawn into a page, and not launched."""
    return _kind()(analytics_enabled=False)


class _NoServer(Exception):
    """Told to gradio in place of an end without an error, after which it would make a server."""


@cache
def _kind() -> type:
    """Return the kind of `Blocks`; here, because a start should not wait for gradio."""
    import gradio

    class PagePart(gradio.Blocks):
        """Leaves what a page has once to the page."""

        def queue(self, *_: Any, **__: Any) -> Any:
            """Wait in the queue of the page; some versions make one when a `Blocks` begins."""
            return self

        def __exit__(self, kind: Any = None, *about: Any) -> None:
            """End as gradio does, but for the server; with it where the steps are not known."""
            steps = _steps(self)
            if kind is not None or self.parent is not None or None in steps:
                super().__exit__(kind, *about)
                return
            for step in steps:
                step()  # type: ignore[misc]
            super().__exit__(_NoServer, *about)
            self.exited = True

    return PagePart


def _steps(blocks: Any) -> list[Callable[[], Any] | None]:
    """Return what gradio does at the end of a `Blocks` before it makes the server.

    None of it, if this gradio does not say that an end by an error is another one.
    """
    in_later_ones = getattr(blocks, "default_config", None)
    events = blocks if hasattr(blocks, "attach_load_events") else in_later_ones
    usual = super(type(blocks), blocks).__exit__
    return [
        getattr(blocks, "fill_expected_parents", None),
        getattr(events, "attach_load_events", None),
    ] + ([] if "exc_type" in signature(usual).parameters else [None])
