"""The tab inside the WebUI. Whatever is broken, a tab appears and says what."""

from __future__ import annotations

import html
import logging
from typing import Any

from sadtalker_ext.shells.webui.galleries import Neighbours
from sadtalker_ext.shells.webui.names import TAB_ID, TITLE
from sadtalker_ext.shells.webui.page_part import page_part

log = logging.getLogger(__name__)


def build_tabs(neighbours: Neighbours) -> list[tuple[Any, str, str]]:
    """Return the host's description of our tab."""
    import gradio

    try:
        with page_part() as blocks:
            fill_tab(neighbours)
    except Exception as problem:
        log.exception("the SadTalker tab could not be built")
        with page_part() as blocks:
            gradio.HTML(words_for(problem), elem_id=f"{TAB_ID}_broken")
    return [(blocks, TITLE, TAB_ID)]


def fill_tab(neighbours: Neighbours) -> None:
    """Build the tab and connect it with the host's other tabs."""
    from sadtalker_ext.host.webui import infotext_utils
    from sadtalker_ext.shells.ui.tab import build_tab
    from sadtalker_ext.shells.webui.tab_host import WebUITabHost

    parts = build_tab(WebUITabHost(neighbours))
    neighbours.connect(parts.job.picture)
    # only now: a binding to a tab that was never announced stops the whole WebUI
    infotext_utils.add_paste_fields(TAB_ID, parts.job.picture, None)


def words_for(problem: Exception) -> str:
    """Return what to show instead of the tab."""
    if isinstance(problem, ModuleNotFoundError):
        name = (problem.name or "a package").split(".")[0]
        what = (
            f"The Python package <code>{html.escape(name)}</code> is not installed. Restart the "
            "WebUI completely, with a network connection and without <code>--skip-install</code>: "
            "the extension's installer adds it."
        )
    else:
        what = (
            "This is a bug in the extension. The WebUI's console has the details; please report "
            "them."
        )
    detail = html.escape(f"{type(problem).__name__}: {problem}")
    return (
        f"<h3>SadTalker cannot start</h3><p>{what}</p>"
        f"<details><summary>Details</summary><code>{detail}</code></details>"
    )
