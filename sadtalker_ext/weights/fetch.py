"""Download one file over https: resumed, hashed while streaming, renamed when whole."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import logging
import shutil
import socket
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Protocol

from sadtalker_ext.errors import DiskFull, DownloadFailed, is_disk_full
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.weights.integrity import BLOCK_BYTES, impostor
from sadtalker_ext.weights.manifest import WeightFile

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
SPARE_BYTES = 16 << 20
"""Room to leave free on a disk beyond the file itself."""


class Response(Protocol):
    """The part of an HTTP response that is used."""

    status: int
    headers: Any

    def read(self, amount: int, /) -> bytes:
        """Return up to `amount` bytes, empty at the end."""

    def close(self) -> None:
        """Let the connection go."""


Opener = Callable[[urllib.request.Request, float], Response]
"""Opens a request within a time limit in seconds."""


class _HttpsOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never away from https."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Return the request that follows, or refuse it."""
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise urllib.error.URLError(f"redirected to {newurl}, which is not https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def open_https(request: urllib.request.Request, timeout: float) -> Response:
    """Open an https request; the user's proxy settings apply."""
    if request.type != "https":
        raise urllib.error.URLError(f"{request.full_url} is not an https address")
    opener = urllib.request.build_opener(_HttpsOnly)
    response: Response = opener.open(request, timeout=timeout)
    return response


def download(
    file: WeightFile, url: str, target: Path, progress: Progress, opener: Opener = open_https
) -> None:
    """Fetch one file to `target`; on failure the part that arrived stays as `target`.part.

    Args:
        file: What the file must be.
        url: Where to get it.
        target: Final path; it appears only when size and hash are right.
        progress: Counts bytes.
        opener: Opens the connection.

    Raises:
        DownloadFailed: The server or network failed, or sent something else; says which.
        DiskFull: There is no room for it.
    """
    part = target.with_name(target.name + ".part")
    with disk_errors(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        _require_room(file, part)
        progress.enter(Stage.DOWNLOADING, file.size)
        try:
            found = _stream(file, url, part, progress, opener)
        except (OSError, http.client.HTTPException) as error:
            if is_disk_full(error):
                raise
            raise DownloadFailed(
                f"{file.name} could not be fetched: {explain(error, url)}"
            ) from error
        size = part.stat().st_size
        expected = file.exact_size
        if found != file.sha256 or expected not in (None, size):
            part.unlink()
            raise DownloadFailed(
                f"{url} sent something other than the published {file.name}: "
                f"expected {file.size} bytes with SHA-256 {file.sha256}, "
                f"found {size} bytes with {found}."
            )
        part.replace(target)


def explain(error: BaseException, url: str) -> str:
    """Say in plain words why a connection failed, and what to try."""
    host = urllib.parse.urlsplit(url).hostname or url
    reason = getattr(error, "reason", error)
    if isinstance(error, urllib.error.HTTPError):
        return f"{host} answered {error.code} ({error.reason}) for {url}."
    if isinstance(reason, socket.gaierror):
        return (
            f"the name {host} could not be resolved; the network is down, or a proxy is needed "
            "(environment variable HTTPS_PROXY)."
        )
    if isinstance(reason, ssl.SSLError):
        return f"no trusted connection to {host} ({reason}); check the clock and the certificates."
    if isinstance(reason, TimeoutError):
        return f"{host} did not answer within {TIMEOUT_SECONDS:g} seconds."
    if isinstance(reason, ConnectionRefusedError):
        return f"{host} refused the connection."
    return f"the connection to {host} failed ({reason or type(reason).__name__})."


def _stream(file: WeightFile, url: str, part: Path, progress: Progress, opener: Opener) -> str:
    """Append the missing bytes to `part`; return the SHA-256 of the whole."""
    have = part.stat().st_size if part.exists() else 0
    if file.exact_size is not None and have > file.exact_size:
        part.unlink()
        have = 0
    if have and have == file.exact_size:
        return _hash_start(part, progress).hexdigest()
    response, have = _open_from(url, have, opener)
    with contextlib.closing(response):
        if have:
            total = _hash_start(part, progress)
        else:
            total = hashlib.sha256()
        with part.open("ab" if have else "wb") as stream:
            while block := response.read(BLOCK_BYTES):
                if not have and not stream.tell() and (disguise := impostor(block)):
                    raise DownloadFailed(f"{url} sent {disguise} instead of {file.name}.")
                stream.write(block)
                total.update(block)
                progress.advance(len(block))
                if file.exact_size is not None and stream.tell() > file.exact_size:
                    break
            arrived = stream.tell()
        expected = file.exact_size or have + int(response.headers.get("Content-Length") or 0)
        if arrived < expected:
            raise DownloadFailed(
                f"{url} ended early: expected {expected} bytes, found {arrived}; "
                "the part is kept and the next try goes on from there."
            )
    return total.hexdigest()


def _open_from(url: str, have: int, opener: Opener) -> tuple[Response, int]:
    """Open `url` at byte `have`; return the response and the byte it really begins at."""
    headers = {"User-Agent": "sadtalker-ext", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        response = opener(urllib.request.Request(url, headers=headers), TIMEOUT_SECONDS)  # noqa: S310  # the opener allows https only
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:
            return _open_from(url, 0, opener)
        raise
    begins = f"bytes {have}-"
    resumed = (
        have > 0
        and response.status == http.HTTPStatus.PARTIAL_CONTENT
        and str(response.headers.get("Content-Range", "")).startswith(begins)
    )
    if have and not resumed and response.status == http.HTTPStatus.PARTIAL_CONTENT:
        response.close()
        return _open_from(url, 0, opener)
    return response, have if resumed else 0


def _hash_start(part: Path, progress: Progress) -> hashlib._Hash:
    total = hashlib.sha256()
    with part.open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            total.update(block)
            progress.advance(len(block))
    return total


def _require_room(file: WeightFile, part: Path) -> None:
    if file.size is None:
        return
    have = part.stat().st_size if part.exists() else 0
    need = file.size - have + SPARE_BYTES
    free = shutil.disk_usage(part.parent).free
    if free < need:
        raise DiskFull(
            f"{file.name} needs {need} bytes in {part.parent}, but only {free} are free.",
            hint="Make room, or set SADTALKER_HOME to a folder on another disk.",
        )


@contextlib.contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the disk into ours."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(
                f"The disk of {folder} is full.",
                hint="Make room, or set SADTALKER_HOME to a folder on another disk.",
            ) from error
        raise DownloadFailed(
            f"{folder} cannot be written: {error}.",
            hint="Choose another folder with SADTALKER_HOME.",
        ) from error
