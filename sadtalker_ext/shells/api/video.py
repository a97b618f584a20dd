"""Sends a finished video: whole, or the part a player asks for (RFC 9110, section 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from typing import IO

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from sadtalker_ext.shells.api.errors import NotFound, RangeNotSatisfiable

_BLOCK = 1 << 18
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


MEDIA_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".gif": "image/gif",
    ".zip": "application/zip",
}


CAPTION_TYPES = {".srt": "application/x-subrip", ".vtt": "text/vtt"}


def send_video(request: Request, path: Path) -> Response:
    """Return the file, or one range of it.

    Several ranges at once are answered with the whole file, as the standard allows.

    Raises:
        NotFound: The file is gone.
        RangeNotSatisfiable: The range begins behind the end.
    """
    try:
        # never through a link: the results folder holds plain files only
        file = os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
                                 | getattr(os, "O_BINARY", 0)), "rb")  # fmt: skip
    except OSError as problem:
        raise NotFound("The video is not there any more.") from problem
    status = os.fstat(file.fileno())
    size = status.st_size
    tag = f'"{status.st_mtime_ns:x}-{size:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": tag,
        "Last-Modified": formatdate(status.st_mtime, usegmt=True),
        "Cache-Control": "private, max-age=0, must-revalidate",
        "Content-Disposition": f'inline; filename="{path.name}"',
        # keeps a compressing middleware of the host away: lengths must stay what they are
        "Content-Encoding": "identity",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        file.close()
        return Response(status_code=304, headers=headers)
    try:
        part = _part(request, size, (tag, headers["Last-Modified"]))
    except RangeNotSatisfiable:
        file.close()
        raise
    first, last = part or (0, size - 1)
    if part:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    code = 206 if part else 200
    if request.method == "HEAD":
        file.close()
        return Response(status_code=code, headers=headers, media_type=MEDIA_TYPES[path.suffix])
    return StreamingResponse(
        _blocks(file, first, last - first + 1),
        status_code=code,
        headers=headers,
        media_type=MEDIA_TYPES[path.suffix],
    )


def _part(request: Request, size: int, validators: tuple[str, str]) -> tuple[int, int] | None:
    condition = request.headers.get("if-range")
    if condition is not None and condition not in validators:
        return None
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return None
    begin, end = found.groups()
    if not begin:
        first, last = max(size - int(end), 0), size - 1
    else:
        first, last = int(begin), min(int(end) if end else size - 1, size - 1)
        if end and int(end) < first:
            return None  # not a valid range at all: to be ignored
    if first >= size or (not begin and int(end) == 0):
        raise RangeNotSatisfiable(
            f"The video has {size} bytes; the range asked for lies outside.",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, last


def _blocks(file: IO[bytes], first: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while length > 0 and (block := file.read(min(_BLOCK, length))):
            length -= len(block)
            yield block
