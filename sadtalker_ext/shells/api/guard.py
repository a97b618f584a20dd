"""What stands before every route: credentials, the body's limits, and errors as JSON.

It is a route class rather than a middleware, because a running WebUI takes no new middleware, and
rather than a dependency, because FastAPI reads the body before dependencies are asked.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from sadtalker_ext.errors import (
    DiskFull,
    InputTooLarge,
    OutOfMemory,
    SadTalkerError,
    SetupError,
    is_disk_full,
    is_out_of_memory,
)
from sadtalker_ext.installing import without_places
from sadtalker_ext.shells.api.auth import CHALLENGE
from sadtalker_ext.shells.api.errors import (
    BodyTooSlow,
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    RequestError,
    TooManyJobs,
    Unauthorized,
    WrongMediaType,
    as_body,
)
from sadtalker_ext.shells.api.settings import PREFIX, ApiSettings, Limits
from sadtalker_ext.shells.api.sites import check_site

log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

_READING = ("GET", "HEAD", "OPTIONS")


def guarded_route(settings: ApiSettings) -> type[APIRoute]:
    """Return the route class for these settings."""
    held = Held()

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Handler:
            inner: Handler = super().get_route_handler()

            async def handle(request: Request) -> Response:
                mine = Held()
                try:
                    check_site(request.method, request.headers, settings)
                    authorization = request.headers.get("authorization", "")
                    request.state.owner = owner_of(authorization, settings)
                    receive = limited(request, settings.limits, mine, held)
                    return _safe(await inner(Request(request.scope, receive)))
                except Exception as problem:  # noqa: BLE001 - the shell's border: all become JSON
                    response = error_response(problem, settings)
                    if request.method not in _READING:
                        # the rest of a refused body is not waited for
                        response.headers["Connection"] = "close"
                    return response
                finally:
                    held.bytes -= mine.bytes

            return handle

    return GuardedRoute


def error_response(problem: Exception, settings: ApiSettings | None = None) -> JSONResponse:
    """Turn any exception into `{code, message, hint}`; never a traceback."""
    error = _translated(problem)
    if not isinstance(error, RequestError) and error.http_status >= 500:
        log.warning("request failed: %s", error)
    body = as_body(error)
    if settings is not None:
        body = {name: without_paths(text, settings) for name, text in body.items()}
    return JSONResponse(
        body, status_code=error.http_status, headers=getattr(error, "headers", None)
    )


def without_paths(text: str, settings: ApiSettings) -> str:
    """Shorten paths of the data folder: clients need not know where things lie."""
    return without_places(text.replace(str(settings.folder.absolute()), "the data folder"))


def _translated(problem: Exception) -> SadTalkerError:
    if isinstance(problem, SadTalkerError):
        return problem
    if isinstance(problem, RequestValidationError):
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return InvalidRequest(f"{place}: {first['msg']}.", field=place)
    if isinstance(problem, HTTPException):
        return _from_http(problem)
    if isinstance(problem, ClientDisconnect):  # nobody reads this answer
        return MalformedRequest("The body broke off.")
    return _from_the_machine(problem)


def _from_the_machine(problem: Exception) -> SadTalkerError:
    if isinstance(problem, sqlite3.DatabaseError) and not is_disk_full(problem):
        log.error("the job table cannot be used: %s", problem)
        return SetupError(
            "The server's job table cannot be used now.",
            hint="Try again in a moment; if it stays so, whoever runs the server has to look.",
        )
    if is_disk_full(problem):
        return DiskFull("No space is left on the server's disk.", hint="Try again later.")
    if is_out_of_memory(problem):
        return OutOfMemory("The server has no memory left.", hint="Try again later.")
    log.error("unexpected error", exc_info=problem)
    return SadTalkerError("This is a bug in sadtalker.", hint="Please report it.")


def _from_http(problem: HTTPException) -> SadTalkerError:
    words = str(problem.detail)
    if problem.status_code == 404:
        return NotFound("There is nothing under this address.", hint=f"See {PREFIX}/docs.")
    if problem.status_code == 401:
        return _unauthorized()
    kind = MethodNotAllowed if problem.status_code == 405 else MalformedRequest
    return kind(f"{words.rstrip('.')}.", headers=getattr(problem, "headers", None))


def _unauthorized() -> Unauthorized:
    return Unauthorized(
        "Credentials are needed, and none or wrong ones were given.",
        hint="Send them as HTTP Basic (or as a bearer token, if the server uses one).",
        headers={"WWW-Authenticate": CHALLENGE},
    )


def owner_of(authorization: str, settings: ApiSettings) -> str:
    """Return who sends a request; empty where nobody has to log in.

    Raises:
        Unauthorized: Credentials are needed, and these are none.
    """
    owner = "" if settings.auth is None else settings.auth(authorization)
    if owner is None:
        raise _unauthorized()
    return owner


class Held:
    """Counts bytes of JSON bodies in memory; forms go to the disk."""

    def __init__(self) -> None:
        self.bytes = 0

    def add(self, count: int, most: int) -> None:
        """Count bytes that arrived; more than `most` in all are too many."""
        self.bytes += count
        if self.bytes > most:
            raise TooManyJobs(
                "Too many large requests are arriving at the same time.",
                hint="Try again in a moment, or send a form with files.",
                headers={"Retry-After": "5"},
            )


def limited(request: Request, limits: Limits, mine: Held, held: Held) -> Receive:
    """Return a `receive` that counts bytes and seconds until the body has arrived.

    Raises:
        RequestError: The headers alone are reason enough to refuse.
        InputTooLarge: So large a body was announced.
    """
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding != "identity":
        raise WrongMediaType(
            f"The body should not be compressed, found the encoding {encoding[:40]!r}.",
            hint="Send it as it is.",
        )
    is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
    most = limits.body_bytes if is_form else limits.json_bytes
    too_large = InputTooLarge(
        f"The body should have at most {most / 1e6:g} MB, found more.",
        hint="Send a form with files instead of base64." if not is_form else "Send smaller files.",
    )
    promised = request.headers.get("content-length", "0")
    if not (promised.isascii() and promised.isdigit()):
        raise MalformedRequest("The header Content-Length should be a number.")
    if int(promised[:20]) > most:
        raise too_large
    received, whole = 0, False
    deadline = time.monotonic() + limits.body_seconds
    inner = request.receive

    async def receive() -> Message:
        nonlocal received, whole
        if whole:  # what is waited for now is the end of the connection
            return await inner()
        left = min(deadline - time.monotonic(), limits.pause_seconds)
        try:
            message: Message = await asyncio.wait_for(inner(), max(left, 0.0))
        except asyncio.TimeoutError as problem:
            raise BodyTooSlow(
                f"The body should arrive within {limits.body_seconds:g} seconds, without pauses "
                f"of more than {limits.pause_seconds:g}; found {received} bytes so far.",
                hint="Try again on a better line.",
            ) from problem
        if message["type"] == "http.request":
            count = len(message.get("body", b""))
            received += count
            whole = not message.get("more_body", False)
            if not is_form:
                mine.bytes += count
                held.add(count, limits.memory_bytes)
            if received > most:
                raise too_large
        return message

    return receive


def _safe(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Cache-Control", "no-store")
    return response
