"""Names the WebUI and its users know us by."""

from __future__ import annotations

TITLE = "SadTalker"
"""Title of the tab; users hide and order tabs by it."""

TAB_ID = "sadtalker"
"""The tab becomes ``#tab_sadtalker``; the old extension's is ``#tab_extension``. Buttons elsewhere
lead to it by the JavaScript function ``switch_to_sadtalker``."""

PREFIX = "sadtalker_ext"
"""Begins every element id and every other function in our JavaScript; shorter ones belong to the
old extension, which may be there, too."""
