"""A sound file to upload, or a recording, in any version of gradio; handed on as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sadtalker_ext.shells.ui.admission import taking_files
from sadtalker_ext.shells.ui.compat import gradio, version
from sadtalker_ext.shells.ui.contract import Component

CROP_MARK = "#percent="
"""Between a path and the part of it that was chosen with gradio 3's trim handles."""


def sound_input(source: str, **properties: Any) -> Component:
    """Return a sound file to upload, or a microphone.

    gradio would decode every upload with pydub, which needs ffmpeg and ffprobe on the search path
    for anything but WAV. The file is handed on as it is instead, and decoded by our own reader.

    Args:
        source: "upload" or "microphone".
        properties: Of the component.
    """
    gr = gradio()
    if version() < 4:
        return taking_files(gr.Audio(type="filepath", source=source, **properties), _file_of_v3)
    if version() >= 6:
        properties["buttons"] = []
    return taking_files(gr.Audio(type="filepath", sources=[source], **properties), _file_of_v4)


def _file_of_v3(component: Component, value: Any) -> str | None:
    if not value:
        return None
    if value.get("is_file"):
        path = component.make_temp_copy_if_needed(value["name"])
    else:
        path = component.base64_to_temp_file_if_needed(value["data"], value["name"])
    return f"{path}{_crop_suffix(value)}"


def _crop_suffix(value: dict[str, Any]) -> str:
    low, high = value.get("crop_min") or 0, value.get("crop_max") or 100
    return "" if (low, high) == (0, 100) else f"{CROP_MARK}{low:g}-{high:g}"


def _file_of_v4(_component: Component, value: Any) -> str | None:
    return None if value is None else str(value.path)


def split_crop(value: str) -> tuple[Path, tuple[float, float]]:
    """Return the file and the chosen part, as fractions 0..1, of a value of `sound_input`."""
    path, mark, part = value.partition(CROP_MARK)
    if not mark:
        return Path(path), (0.0, 1.0)
    low, _, high = part.partition("-")
    return Path(path), (float(low) / 100, float(high) / 100)
