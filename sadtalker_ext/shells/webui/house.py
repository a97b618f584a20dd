"""The one host and the one service of this process; they outlive every "Reload UI"."""

from __future__ import annotations

import functools

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.host.webui import WebUIHost
from sadtalker_ext.progress import Progress
from sadtalker_ext.service import Request, Service
from sadtalker_ext.types import VideoFile


class WebUIService(Service):
    """A service whose jobs the WebUI sees in its bar, and stops with its buttons."""

    def __init__(self, host: WebUIHost) -> None:
        super().__init__(host)
        self.host = host
        host.release = self.close

    def generate(self, request: Request, progress: Progress) -> VideoFile:
        """Make one video; see `Service`."""
        return super().generate(request, self.host.mirrored(progress))


@functools.cache
def service() -> WebUIService:
    """Return the service, made when first asked for."""
    return WebUIService(WebUIHost())


def host() -> WebUIHost:
    """Return the host of the service."""
    return service().host


def in_words(error: SadTalkerError) -> str:
    """Return an error as one line of plain text."""
    return " ".join(str(error).split())
