"""Getting pictures from the WebUI's other tabs into ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from sadtalker_ext.host.webui import OPTION_PREFIX, shared, tool_button
from sadtalker_ext.shells.webui.names import PREFIX, TITLE

if TYPE_CHECKING:
    from sadtalker_ext.shells.ui.contract import PictureSource

GALLERIES = ("txt2img", "img2img", "extras", "control")
"""Tabs with a gallery of results; the last one is SD.Next's."""

LAST_OF_SDNEXT = "caption_tab"
"""The button below every gallery of SD.Next that ours stands behind; it has the same id in each."""

SYMBOL = "\N{SPEAKING HEAD IN SILHOUETTE}\N{VARIATION SELECTOR-16}"
TOOLTIP = "Send the picture to SadTalker, to make it talk"


@dataclass
class Neighbours:
    """Components of the host's own tabs, collected while the host builds them.

    Attributes:
        galleries: By tab name; also ``pnginfo``, whose picture is a single one.
        infos: The hidden texts with the facts about a gallery's pictures, by tab name.
        buttons: Ours, under the galleries, by tab name.
    """

    galleries: dict[str, Any] = field(default_factory=dict)
    infos: dict[str, Any] = field(default_factory=dict)
    buttons: dict[str, Any] = field(default_factory=dict)
    _last: str = ""
    """The tab whose gallery was built last, until it has its button."""

    def look_at(self, component: Any, elem_id: str | None) -> None:
        """Remember a component of interest, and add our button behind the last native one."""
        if not elem_id:
            return
        if elem_id == "pnginfo_image":
            self.galleries["pnginfo"] = component
        elif elem_id.startswith("generation_info_"):
            self.infos[elem_id.removeprefix("generation_info_")] = component
        for tab in GALLERIES:
            if elem_id == f"{tab}_gallery":
                self.galleries[tab] = component
                self._last = tab
            elif elem_id == f"{tab}_send_to_extras" and tab in self.galleries:
                self._add_button(tab, SYMBOL)
        if elem_id == LAST_OF_SDNEXT and self._last:
            self._add_button(self._last, SYMBOL)
            self._last = ""
        if elem_id == "extras_tab" and "pnginfo" in self.galleries:
            self._add_button("pnginfo", "Send to SadTalker")

    def _add_button(self, tab: str, words: str) -> None:
        if not buttons_wanted():
            return
        small = tab != "pnginfo"
        self.buttons[tab] = tool_button(
            words, f"{PREFIX}_from_{tab}", TOOLTIP if small else "", small=small
        )

    def connect(self, picture: Any) -> None:
        """Wire our buttons to the picture of our tab; call inside the tab's own Blocks."""
        from sadtalker_ext.shells.ui.compat import listen

        for tab, button in self.buttons.items():
            if tab == "pnginfo":
                script = f"{PREFIX}_switch_with"
                listen(button.click, _same, [self.galleries[tab]], [picture], js=script)
            else:
                self._connect_gallery(tab, button, picture, f"{PREFIX}_send")

    def sources(self) -> list[PictureSource]:
        """Return the buttons our tab shows below its picture."""
        from sadtalker_ext.shells.ui.contract import PictureSource

        return [
            PictureSource(
                name=tab,
                label=f"Use {tab} result",
                help=f"Take the picture selected in {tab}; of a batch the first real one.",
                connect=partial(self._pull, tab),
            )
            for tab in ("txt2img", "img2img", "control")
            if tab in self.galleries
        ]

    def _pull(self, tab: str, button: Any, picture: Any) -> None:
        self._connect_gallery(tab, button, picture, f"{PREFIX}_pull")

    def _connect_gallery(self, tab: str, button: Any, picture: Any, script: str) -> None:
        """Wire a button: the page adds the selected index, Python picks the picture."""
        from sadtalker_ext.shells.ui.compat import gradio, listen

        # carries the index (and the tab's name) from the page; a Label would break on gradio 4
        index = gradio().Textbox(value=json.dumps([tab, -1]), visible=False)
        index.do_not_save_to_config = True
        inputs = [self.galleries[tab], self.infos.get(tab, index), index]
        listen(button.click, _pick, inputs, [picture], js=script)


def buttons_wanted() -> bool:
    """Tell whether buttons would lead anywhere: not when our tab is hidden."""
    shown = shared.opts.data.get(OPTION_PREFIX + "show_buttons", True)
    return bool(shown) and TITLE not in (getattr(shared.opts, "hidden_tabs", None) or [])


def _pick(gallery: Any, info: str | None, index: str) -> Any:
    """Return the chosen picture of a gallery, with its generation parameters."""
    from sadtalker_ext.shells.webui.house import host

    _, selected = json.loads(index)
    return host().pick_picture(gallery, info, int(selected))


def _same(picture: Any) -> Any:
    return picture
