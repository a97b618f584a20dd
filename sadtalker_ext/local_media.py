"""Opening media files of this machine with any PyAV from 13 on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av.container import InputContainer


def open_local(
    path: Path, formats: str, options: Mapping[str, str] | None = None
) -> InputContainer:
    """Open a media file for reading.

    No protocol but plain files is allowed, so a crafted upload cannot make the machine talk to the
    network. Tags with broken encodings do no harm.

    Args:
        path: The file.
        formats: Names of the demuxers that may read it, with commas between.
        options: For the demuxer; those that it does not know do nothing.
    """
    import av
    from av.container import Container

    more: dict[str, Any] = {}
    # before PyAV 19 a broken tag ends the opening unless asked otherwise; from 19 on it never does
    if hasattr(Container, "metadata_errors"):
        more["metadata_errors"] = "replace"
    container: InputContainer = av.open(
        # absolute, so that a name such as "concat:a" can never be taken for a protocol
        str(path.absolute()),
        options={**(options or {}), "protocol_whitelist": "file", "format_whitelist": formats},
        **more,
    )
    return container


def readable_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags by their names in small letters, with the broken bytes replaced.

    PyAV 19 hands broken bytes on as lone surrogates, which no file or page can show.
    """
    return {_readable(name).lower(): _readable(text) for name, text in tags.items()}


def _readable(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
