"""A titled panel, the frame around each part of the tab."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

from sadtalker_ext.shells.ui import compat


@contextmanager
def panel(title: str) -> Iterator[None]:
    """Make a panel at the current place of the page; what is made inside goes into it."""
    gr = compat.gradio()
    with gr.Column(elem_classes=["stx-panel"]):
        compat.html(f'<h3 class="stx-title">{escape(title)}</h3>')
        yield
