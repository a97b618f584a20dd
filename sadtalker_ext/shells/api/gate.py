"""What stands before a page beside the REST routes: the same sites, sizes and users as theirs.

The page is an app of gradio's, mounted into ours, so that a route class cannot guard it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.shells.api.errors import InvalidRequest, NotFound
from sadtalker_ext.shells.api.guard import Held, error_response, limited, owner_of
from sadtalker_ext.shells.api.settings import PREFIX, ApiSettings
from sadtalker_ext.shells.api.sites import check_site
from sadtalker_ext.shells.page_files import (
    SENTENCE,
    Grants,
    Listener,
    is_admitted,
    served_path,
    upload_folders,
)

log = logging.getLogger(__name__)

_CLOSED = ("/proxy=", "/process_recording", "/deep_link", "/monitoring", "/profiling/", "/vibe-")
"""Routes of gradio that this page does not need, and that reach for more than it."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class PageGate:
    """A middleware that refuses foreign names and sites, and bodies that are too large.

    Where there are passwords it asks for them on every route. Where people are told apart, by
    passwords or otherwise, their files are kept apart, too. It leaves the REST routes to their own
    guard.

    Args:
        app: What it stands before.
        settings: The same as of the routes.
        visitor: Gives the name of who sends a request, in place of passwords.
    """

    def __init__(
        self,
        app: App,
        settings: ApiSettings,
        visitor: Callable[[Headers], str] | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._visitor = visitor
        self._apart = visitor is not None or settings.auth is not None
        self._held = Held()
        self._folders = upload_folders()
        self._grants = Grants(self._folders)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] not in ("http", "websocket") or _is_rest(scope):
            await self._app(scope, receive, send)
            return
        mine, line = Held(), _Line(send)
        try:
            headers = Headers(scope=scope)
            check_site(scope.get("method", "GET"), headers, self._settings)
            owner = self._owner_of(headers)
            self._check_file(scope, owner)
            if scope["type"] == "http":
                receive = self._bounded(scope, receive, line, mine)
            if self._apart:
                scope, receive = await self._kept_apart(scope, receive, line, owner)
        except SadTalkerError as problem:
            log.warning("a request to the page was refused: %s", problem.message)
            await _refuse(problem, scope, receive, send)
            self._held.bytes -= mine.bytes
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

    def _owner_of(self, headers: Headers) -> str:
        if self._visitor is not None:
            return self._visitor(headers)
        return owner_of(headers.get("authorization", ""), self._settings)

    def _check_file(self, scope: Scope, owner: str) -> None:
        """Refuse a file that the page neither received nor made, or that is another user's.

        gradio itself serves files of the working folder in some versions, and fetches addresses.
        """
        if any(one in scope["path"] for one in _CLOSED):
            raise NotFound("There is nothing under this address.")
        path = served_path(scope["path"])
        if path is None:
            return
        mine = not self._apart or self._grants.allows(owner, path)
        if not mine or not is_admitted(path, self._folders, drawn=True):
            raise NotFound("There is no such file.")

    async def _kept_apart(
        self, scope: Scope, receive: Receive, line: _Line, owner: str
    ) -> tuple[Scope, Receive]:
        """See that a user names none but their own files, and note which are shown to them."""
        line.listener = Listener(self._grants, owner)
        if scope["type"] == "websocket":
            return scope, self._checked_socket(receive, owner)
        headers = Headers(scope=scope)
        kind = headers.get("content-type", "").lower()
        if scope["method"] == "POST" and not kind.startswith("multipart/"):
            receive = await self._checked_body(receive, owner)
        if "/assets/" not in scope["path"]:
            # what is listened to must not be compressed
            plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            scope = {**scope, "headers": plain}
        return scope, receive

    async def _checked_body(self, receive: Receive, owner: str) -> Receive:
        messages: list[Message] = []
        while True:
            message = await receive()
            messages.append(message)
            if message["type"] != "http.request" or not message.get("more_body", False):
                break
        body = b"".join(message.get("body", b"") for message in messages)
        self._check_event(body, owner)
        waiting = iter(messages)

        async def again() -> Message:
            for message in waiting:
                return message
            return await receive()

        return again

    def _checked_socket(self, receive: Receive, owner: str) -> Receive:
        async def checked() -> Message:
            message = await receive()
            try:
                self._check_event((message.get("text") or "").encode(), owner)
            except SadTalkerError as problem:
                log.warning("a message to the page was refused: %s", problem.message)
                return {"type": "websocket.disconnect", "code": 1008}
            return message

        return checked

    def _check_event(self, body: bytes, owner: str) -> None:
        try:
            value = json.loads(body) if body else None
        except (ValueError, RecursionError):
            return  # gradio cannot read it either
        if not self._grants.allows_all_in(owner, value):
            raise InvalidRequest(SENTENCE)

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
        self.listener: Listener | None = None
        self.began = False

    async def send(self, message: Message) -> None:
        if self.problem is not None and not self.began:
            return
        self.began = True
        if self.listener is not None:
            # before it is sent: the next request may ask for what it names
            self.listener.hear(message.get("body") or (message.get("text") or "").encode())
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
