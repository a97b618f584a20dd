"""Where results go: the host's folders and naming pattern, made safe."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

log = logging.getLogger(__name__)

FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
TOKEN = re.compile(r"\[[^\]]*\]")
UNSAFE_TOKENS = ("model_name", "model_hash", "user", "vae_filename")
"""Tokens that load a model or print a traceback when there was no image generation."""

MAX_NAME = 60


def dated_folder(base: Path, pattern: str, fill: Callable[[str], str]) -> Path:
    """Return the folder for one video below `base`.

    Args:
        base: Folder of all results.
        pattern: The host's pattern for folders, such as ``[date]`` or ``[datetime<%Y>]/[width]``;
            empty means the date.
        fill: The host's generator, which replaces the tokens of a pattern. Tokens it does not know
            stay, and are taken out here.
    """
    for token in UNSAFE_TOKENS:
        pattern = re.sub(rf"\[{token}[^\]]*\]", "", pattern)
    try:
        filled = fill(pattern or "[date]")
    except Exception:  # noqa: BLE001  a user's pattern must not cost the result
        log.warning("the pattern %r for folders could not be used; the date is", pattern)
        filled = ""
    parts = [clean(part) for part in re.split(r"[/\\]", TOKEN.sub("", filled))]
    kept = [part for part in parts if part.strip(". ")]
    return base.joinpath(*(kept or [date.today().isoformat()]))


def clean(text: str, most: int = MAX_NAME) -> str:
    """Return a file-system safe part of a path; dots and spaces at its ends go, too."""
    return FORBIDDEN.sub("_", re.sub(r"[/\\]", "_", text)).strip(" .")[:most].strip(" .")


def next_path(folder: Path, name: str) -> Path:
    """Return ``00007-name.mp4``: the number after the highest one in the folder."""
    numbers = [-1]
    if folder.is_dir():
        numbers += [
            int(found.group(1))
            for path in folder.iterdir()
            if (found := re.match(r"(\d{1,9})(?:\D|$)", path.name))
        ]
    stem = clean(Path(name).stem) or "portrait"
    return folder / f"{max(numbers) + 1:05}-{stem}.mp4"
