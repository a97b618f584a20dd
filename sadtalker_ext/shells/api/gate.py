"""What stands before a page beside the REST routes: the same sites and sizes as theirs.

The page is an app of gradio's, mounted into ours, so that a route class cannot guard it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.shells.api.guard import Held, error_response, limited
from sadtalker_ext.shells.api.settings import PREFIX, ApiSettings
from sadtalker_ext.shells.api.sites import check_site

log = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class PageGate:
    """A middleware that refuses foreign names and sites, and bodies that are too large.

    It leaves the REST routes to their own guard.

    Args:
        app: What it stands before.
        settings: The same as of the routes.
    """

    def __init__(self, app: App, settings: ApiSettings) -> None:
        self._app = app
        self._settings = settings
        self._held = Held()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] not in ("http", "websocket") or _is_rest(scope):
            await self._app(scope, receive, send)
            return
        mine, line = Held(), _Line(send)
        try:
            check_site(scope.get("method", "GET"), Headers(scope=scope), self._settings)
            if scope["type"] == "http":
                receive = self._bounded(scope, receive, line, mine)
        except SadTalkerError as problem:
            log.warning("a request to the page was refused: %s", problem.message)
            await _refuse(problem, scope, receive, send)
            return
        try:
            await self._app(scope, receive, line.send)
        except Exception:
            if line.problem is None or line.began:
                raise
        finally:
            self._held.bytes -= mine.bytes
        if line.problem is not None and not line.began:
            await _refuse(line.problem, scope, receive, send)

    def _bounded(self, scope: Scope, receive: Receive, line: _Line, mine: Held) -> Receive:
        """Return a `receive` that ends a body which is too large or too slow."""
        counted = limited(Request(scope, receive), self._settings.limits, mine, self._held)

        async def bounded() -> Message:
            if line.problem is not None:
                return {"type": "http.disconnect"}
            try:
                return await counted()
            except SadTalkerError as problem:
                log.warning("a request to the page was refused: %s", problem.message)
                line.problem = problem
                # the one failure at which gradio removes the files it had begun to write; what it
                # answers is not sent
                raise MultiPartException(problem.message) from problem

        return bounded


class _Line:
    """Passes an answer on, unless the request was refused meanwhile: then ours takes its place."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.problem: SadTalkerError | None = None
        self.began = False

    async def send(self, message: Message) -> None:
        if self.problem is not None and not self.began:
            return
        self.began = True
        await self._send(message)


def _is_rest(scope: Scope) -> bool:
    path = scope["path"]
    return bool(path == PREFIX or path.startswith(f"{PREFIX}/"))


async def _refuse(problem: SadTalkerError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # before it was accepted: the browser is told 403
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": problem.message[:100]})
        return
    response = error_response(problem)
    # the rest of a refused body is not waited for
    response.headers["Connection"] = "close"
    await response(scope, receive, send)
