"""The stand-alone page as a Gradio Space; `python app.py` starts it here, too.

Everybody who knows the address may come. So uploads are bounded, and a cookie without a name keeps
each visitor's earlier videos apart from everybody else's.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import fastapi
import uvicorn

from sadtalker_ext.host.standalone import StandaloneHost
from sadtalker_ext.inputs.inspector import Inspector
from sadtalker_ext.inputs.looking import Bounds
from sadtalker_ext.service import Service
from sadtalker_ext.shells.ui.page import mount_page
from sadtalker_ext.shells.ui.uploads import UploadCheck

ON_A_SPACE = "SPACE_ID" in os.environ
PIXELS = 24_000_000
SECONDS = 60.0
COOKIE = "sadtalker_visitor"
A_YEAR = 31_536_000


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
    """Return the random name in a request's cookie, or nothing."""
    for name, value in headers:
        if name == b"cookie":
            found = SimpleCookie(value.decode("latin-1")).get(COOKIE)
            if found is not None and found.value:
                return found.value
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
        uploads=UploadCheck(
            inspector=inspector,
            bounds=Bounds(pixels=PIXELS, seconds=SECONDS, position=10 * SECONDS),
        ),
    )
    return Visitors(app)


def main() -> None:
    """Fetch the built-in engine's models if they are not there, and serve."""
    with tempfile.TemporaryDirectory() as name:
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
