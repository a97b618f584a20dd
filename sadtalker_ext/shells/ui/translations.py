"""What the page says in other languages; the catalogues lie in the folder `languages`.

A catalogue maps an English text, as the page shows it, to its translation. A text with data in it
has numbered holes: ``{0}`` stands for data, which stays as it is; ``{0:words}`` for words that are
looked up in turn, and ``{0:list}`` for such words with commas between them.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

from sadtalker_ext.engines.registry import engine_names
from sadtalker_ext.options import option_spec
from sadtalker_ext.presets import BUILT_IN

FOLDER = Path(__file__).with_name("languages")
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "de": "Deutsch",
    "ja": "日本語",
    "zh": "简体中文",
    "es": "Español",
}
"""Codes, and how each language calls itself; the page's own texts are English."""

HOLE = re.compile(r"\{(\d+)(?::(words|list))?\}")

AS_IS = frozenset(
    {str(choice) for choice in option_spec("label_language").choices if choice != "auto"}
    | {
        *engine_names(),
        "sadtalker",
        "SadTalker",
        "poisson",
        "gfpgan",
        "codeformer",
        "restoreformer",
    }
    | {"float32", "float16", "bfloat16", "256", "512", "face-alignment", "GIF"}
    | {"mp4", "webm", "mov", "gif", "png", "srt", "vtt", "c2pa", "metadata, c2pa, mark"}
    | {"happy:0.6+surprised:0.4", "sad:0.6+angry:0.4"}
    | {"Talking head, Engine: puppet, Seed: 7, ...", "head_motion=0,0.5,1"}
    | {"emotion=neutral,happy"}
)
"""Names and notations that are the same in every language."""

USERS_OWN: Mapping[str, tuple[str, ...]] = {
    "preset": tuple(BUILT_IN),
    "upscaler": ("none",),
}
"""Lists with names that people chose, by the end of their element's id: only these are ours."""


@functools.cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the texts of a language other than English.

    Args:
        language: One of `LANGUAGES`.
    """
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def translated(language: str, text: str) -> str | None:
    """Return a text without data in a language, or None where the catalogue lacks it."""
    return text if text in AS_IS else catalogue(language).get(text)


def holes(text: str) -> list[str]:
    """Return the holes of a text, sorted."""
    return sorted({found[0] for found in HOLE.finditer(text)})


def for_the_page() -> str:
    """Return what the page's script needs, as JSON: the English texts once, then each language's.

    The result may stand inside a script element.
    """
    codes = [code for code in LANGUAGES if code != "en"]
    keys = sorted({key for code in codes for key in catalogue(code)})
    data = {
        "keys": keys,
        "texts": {code: [catalogue(code).get(key, key) for key in keys] for code in codes},
        "own": {f"sadtalker_ext_{name}": words for name, words in USERS_OWN.items()},
    }
    # "</" would end the script element early
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
