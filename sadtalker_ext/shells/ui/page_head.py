"""The top of the stand-alone page: its scripts, its title, and the choice of its language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path

from sadtalker_ext.shells.ui.examples import PLAY
from sadtalker_ext.shells.ui.translations import LANGUAGES, for_the_page

LANGUAGE = "Language"
"""What the choice of a language is called."""


def header_html() -> str:
    """Return the title, and the choice of a language in the words of each."""
    choices = "".join(
        f'<option value="{code}" lang="{code}">{escape(name)}</option>'
        for code, name in LANGUAGES.items()
    )
    return (
        '<div class="stx-header"><div><h1>SadTalker</h1>'
        "<p>A portrait and speech become a talking head.</p></div>"
        f'<select class="stx-language" aria-label="{LANGUAGE}">{choices}</select></div>'
        f'<button type="button" class="stx-try">{PLAY}</button>'
    )


def head_html(explained: Mapping[str, str]) -> str:
    """Return the page's scripts: its languages, tooltips and keys, and the points of a face.

    Args:
        explained: Tooltips by element id.
    """
    # "</" would end the script element early
    tooltips = json.dumps(explained).replace("</", "<\\/")
    words = _script("language.js").replace("__WORDS__", for_the_page())
    return (
        f"<script>{words}</script><script>"
        f"{_script('page.js').replace('__TOOLTIPS__', tooltips)}</script>"
        f"<script>{_script('face_editor.js')}</script>"
        f"<script>{_script('timeline_editor.js')}</script>"
        f"<script>{_script('timeline_grips.js')}</script>"
        f"<script>{_script('player.js')}</script>"
    )


def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
