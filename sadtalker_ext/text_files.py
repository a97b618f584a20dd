"""Reading the small text files that users give: lists, timelines, presets, roles, landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sadtalker_ext.errors import InvalidOption

_HINT: Final = "Check the path, and save it as UTF-8."


def read_utf8(path: Path, what: str, *, hint: str = _HINT, most: int | None = None) -> str:
    """Return the text of a file in UTF-8, with or without the mark that Windows begins it with.

    Args:
        path: The file.
        what: What it is called in errors, such as "The timeline".
        hint: What to do where it cannot be read.
        most: A file with more characters than so many is refused.

    Raises:
        InvalidOption: It cannot be read, is longer, or is no text in UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(-1 if most is None else most + 1)
        if most is not None and len(text) > most:
            raise ValueError(f"it is longer than {most} characters")
    except (OSError, ValueError) as problem:
        told = f"{what} {path.name} cannot be read: {why_unreadable(problem)}."
        raise InvalidOption(told, hint=hint) from problem
    return text


def why_unreadable(problem: OSError | ValueError) -> str:
    """Return in a few words why a file cannot be read."""
    if isinstance(problem, FileNotFoundError):
        return "there is no such file"
    if isinstance(problem, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return (problem.strerror if isinstance(problem, OSError) else None) or str(problem)
