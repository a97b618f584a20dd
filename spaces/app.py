"""The stand-alone page as a Gradio Space; `python app.py` starts it here, too.

Everybody who knows the address may come. So uploads are bounded, and a cookie with a random name
keeps each visitor's files and earlier videos apart from everybody else's.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Any

import fastapi
import uvicorn

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.inputs.looking import Bounds
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.gate import PageGate
from sadtalker_ext.shells.api.settings import ApiSettings, limits_of
from sadtalker_ext.shells.ui.page import mount_page
from sadtalker_ext.shells.ui.uploads import UploadCheck

ON_A_SPACE = "SPACE_ID" in os.environ
PIXELS = 24_000_000
SECONDS = 60.0
UPLOAD_MB = 50
COOKIE = "sadtalker_visitor"
NAME = re.compile(r"[A-Za-z0-9_-]{22}")
A_YEAR = 31_536_000
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Visitors:
    """Gives every browser a random cookie, as ASGI around the app.

    Args:
        app: What answers.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; a new visitor's first request has the cookie already."""
        if scope["type"] != "http" or visitor_of(scope["headers"]):
            await self._app(scope, receive, send)
            return
        name = secrets.token_urlsafe(16)
        # a Space is shown inside a page of another site, which gets cookies only in this way
        rules = "SameSite=None; Secure; Partitioned" if ON_A_SPACE else "SameSite=Lax"
        line = f"{COOKIE}={name}; Path=/; HttpOnly; Max-Age={A_YEAR}; {rules}".encode()
        given = [*scope["headers"], (b"cookie", f"{COOKIE}={name}".encode())]

        async def answer(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"set-cookie", line)]
            await send(message)

        await self._app({**scope, "headers": given}, receive, answer)


def visitor_of(headers: Any) -> str:
    """Return the random name in a request's cookies, or nothing."""
    for name, value in headers:
        if name == b"cookie":
            # other cookies may be written in ways that a strict reader refuses
            for pair in value.decode("latin-1").split(";"):
                key, _, found = pair.strip().partition("=")
                if key == COOKIE and NAME.fullmatch(found):
                    return str(found)
    return ""


def build(folder: Path, service: Service, inspector: Inspector) -> Any:
    """Return the app.

    Args:
        folder: For results; it should be gone when the program is.
        service: Makes the videos.
        inspector: Looks at uploads.
    """
    app = mount_page(
        fastapi.FastAPI(docs_url=None, openapi_url=None),
        service,
        output_dir=folder / "results",
        state_folder=folder / "state",
        local=False,
        asking=lambda request: visitor_of(request.scope["headers"]) or "visitor",
        shared=True,
        uploads=UploadCheck(
            inspector=inspector,
            bounds=Bounds(pixels=PIXELS, seconds=SECONDS, position=10 * SECONDS),
        ),
    )
    settings = ApiSettings(
        folder=folder,
        several_users=True,
        limits=limits_of(request_mb=UPLOAD_MB, video_seconds=SECONDS, queued=100),
        # a Space has names of its own, which only its proxy knows
        hosts=() if ON_A_SPACE else LOOPBACK,
    )
    gate = PageGate(app, settings, visitor=lambda headers: visitor_of(headers.raw) or "visitor")
    return Visitors(gate)


def main() -> None:
    """Fetch the built-in engine's models if they are not there, and serve."""
    with tempfile.TemporaryDirectory(prefix="space-") as name:
        folder = Path(name)
        service = Service(StandaloneHost(output_dir=folder))
        service.store.fetch(["face", "phones"])
        inspector = Inspector()
        try:
            uvicorn.run(
                build(folder, service, inspector),
                host="0.0.0.0" if ON_A_SPACE else "127.0.0.1",  # noqa: S104  its proxy asks from outside
                port=int(os.environ.get("GRADIO_SERVER_PORT", "7860")),
                log_level="warning",
            )
        finally:
            inspector.close()
            service.close()


if __name__ == "__main__":
    main()
