"""Pictures, sounds and videos as they are given to the client."""

from __future__ import annotations

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
