"""The WebUIs' files of translations; `python -m tests.support.localizations` writes them.

A WebUI merges the files of one name from all its extensions, and replaces whole texts anywhere on
its page. So texts with data in them are left out, and so are words that the WebUI shows itself: its
own translation of those has to stand.
"""

import json
from pathlib import Path

from sadtalker_ext.shells.ui.translations import catalogue, holes

FOLDER = Path(__file__).resolve().parents[2] / "localizations"
NAMES = {"de_DE": "de", "ja_JP": "ja", "zh_CN": "zh", "es_ES": "es"}
"""File names that the translations of the WebUIs use, and our languages."""

OF_THE_PAGE = frozenset({"Drop Image Here", "Drop Audio Here", "Drop Video Here"} | {
    "Click to Upload", "File upload", "Upload file", "Paste from clipboard", "Empty value",
    "Click to Access Webcam", "grant webcam access", "Record", "Stop",
    "Reset to default value", "or", "Language", "Settings",
    "A portrait and speech become a talking head.",
})  # fmt: skip
"""Only the stand-alone page shows them, or gradio itself."""

OF_THE_HOST = frozenset(
    {"Generate", "Interrupt", "Interrupting...", "Skip", "Save", "Delete", "Copy", "Seed"}
    | {"Upscaler", "Face restoration", "Batch size", "Resize", "Parameters", "Start", "End"}
    | {"none", "auto", "all", "full", "crop", "resize", "off", "label", "mark", "original", "fixed"}
    | {"Text", "File", "Video", "More", "Format", "Quality", "Output", "Details", "Download"}
    | {"Stopping", "Stopping.", "Preset", "Precision", "Blend", "Landmarks", "Frames", "Compare"}
    | {
        "Cancel",
        "Zoom",
        "Motion",
        "Source",
        "Columns",
        "Rows",
        "Picture",
        "Language",
        "metadata",
        "ready",
        "or",
    }
)
"""Words that a WebUI or its common extensions show with a meaning of their own."""


BESIDE_SETTINGS = (
    "0 keeps them for ever",
    "empty: outputs/sadtalker; subfolders follow the pattern for images",
    "it comes back afterwards; without effect on the CPU",
    "the next video starts sooner; about 1 GB stays in use",
)
"""Remarks beside settings, which the WebUI puts into brackets."""


def source(name: str) -> str:
    """What a file should hold."""
    words = catalogue(NAMES[name])
    found = {
        key: value
        for key, value in sorted(words.items())
        if not holes(key) and key not in OF_THE_HOST | OF_THE_PAGE and key != value
    }
    found |= {f"({key})": f"({words[key]})" for key in BESIDE_SETTINGS}
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def path_of(name: str) -> Path:
    """Where it lies."""
    return FOLDER / f"{name}.json"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in NAMES:
        path_of(one).write_text(source(one), encoding="utf-8")
