"""Pictures, sounds and videos as they are given to the client, and files that it saves."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

Media = str | Path | bytes
"""An http(s) address, a file, or the content of a file."""


def is_address(media: Media | None) -> bool:
    """Tell whether the server has to fetch it."""
    return isinstance(media, str) and media.startswith(("http://", "https://"))


def content_of(media: Media, opened: ExitStack) -> Any:
    """Return what is sent; a file stays open as long as the stack."""
    if isinstance(media, bytes):
        return media
    return opened.enter_context(Path(media).open("rb"))


def body_of(talk: Mapping[str, Any], files: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a new talk is sent as; files by name, as (name, content) each.

    Files go as a form: the server writes them to its disk while they arrive.
    """
    return {"files": files, "data": {"talk": json.dumps(talk)}} if files else {"json": talk}


def rewind(files: Mapping[str, Any]) -> None:
    """Let files be sent once more."""
    for _, content in files.values():
        if hasattr(content, "seek"):
            content.seek(0)


def save_whole(blocks: Iterable[bytes], target: Path) -> Path:
    """Write a file that appears under its name only when it is whole, and return it."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            for block in blocks:
                file.write(block)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
