"""Everything the WebUI has to be told, once per load of its scripts.

Nothing imported here may need more than the WebUI itself ships: a missing package must end as a
sentence in the tab, not as a missing tab.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sadtalker_ext.host.offers import add_callback
from sadtalker_ext.host.webui import script_callbacks, scripts
from sadtalker_ext.shells.webui import rest
from sadtalker_ext.shells.webui.animate import AnimateScript
from sadtalker_ext.shells.webui.axes import add_axes
from sadtalker_ext.shells.webui.galleries import Neighbours
from sadtalker_ext.shells.webui.settings import add_settings
from sadtalker_ext.shells.webui.tab import build_tabs

log = logging.getLogger(__name__)


def register() -> type[AnimateScript]:
    """Register all callbacks; "Reload UI" calls this again, and starts afresh.

    Returns:
        The always-on script, which the host looks for among the names of a script file.
    """
    neighbours = Neighbours()

    def on_component(component: Any, **details: Any) -> None:
        neighbours.look_at(component, details.get("elem_id"))

    calls: dict[str, Callable[..., Any]] = {
        "ui_settings": add_settings,
        "before_ui": _add_axes,
        "after_component": on_component,
        "ui_tabs": lambda: build_tabs(neighbours),
        "app_started": _mount_api,
    }
    for kind, call in calls.items():
        add_callback(script_callbacks, kind, call, __file__)
    return AnimateScript


def _add_axes() -> None:
    """Add our options to the host's X/Y/Z plot; a failure there must not cost the page."""
    try:
        add_axes(getattr(scripts, "scripts_data", ()))
    except Exception:
        log.exception("the X/Y/Z plot has no axes of SadTalker")


def _mount_api(_demo: Any, app: Any) -> None:
    """Add the REST routes; a failure there must not cost the page."""
    rest.mount(app)
