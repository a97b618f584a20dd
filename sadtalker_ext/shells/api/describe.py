"""The routes that describe this server: options, engines, voices, health, documentation."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.concurrency import run_in_threadpool

from sadtalker_ext import __version__
from sadtalker_ext.errors import SadTalkerError
from sadtalker_ext.installing import without_places
from sadtalker_ext.shells.api.answers import (
    OPTIONS,
    Engines,
    EngineStatus,
    Error,
    Health,
    Voice,
    Voices,
    answer,
)
from sadtalker_ext.shells.api.guard import guarded_route
from sadtalker_ext.shells.api.reference import POLICY, reference_page
from sadtalker_ext.shells.api.schema import options_schema
from sadtalker_ext.shells.api.settings import PREFIX
from sadtalker_ext.shells.api.shapes import as_json
from sadtalker_ext.shells.api.state import ApiState
from sadtalker_ext.speech.voice import list_voices, missing_voices


def describing_routes(state: ApiState, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """Return the routes.

    Args:
        state: Shared state.
        document: Makes the OpenAPI document.
    """
    router = APIRouter(
        prefix=PREFIX,
        tags=["description"],
        route_class=guarded_route(state.settings),
        responses={
            401: answer(Error, "Credentials are needed."),
            403: answer(Error, "A web page of another site asked."),
        },
    )

    @router.get("/options", responses={200: answer(OPTIONS)}, summary="What config may hold")
    async def options() -> Response:
        """JSON Schema of all options, made from the program's own declarations."""
        return JSONResponse(options_schema())

    @router.get("/engines", responses={200: answer(Engines)}, summary="Which engines are ready")
    async def engines() -> Response:
        """What moves the face, and what is missing for it."""
        return JSONResponse(as_json(await run_in_threadpool(_engines, state)))

    @router.get("/voices", responses={200: answer(Voices)}, summary="Who can speak a text")
    async def voices() -> Response:
        """The voices of this machine; when there are none, why."""
        return JSONResponse(as_json(await run_in_threadpool(_voices, state)))

    @router.get("/health", responses={200: answer(Health)}, summary="Is it alive?")
    async def health() -> Response:
        """Version, jobs by state, limits."""
        ready = await run_in_threadpool(_ready, state)
        found = Health(
            status="ok" if ready else "no_engine",
            version=__version__,
            uptime_seconds=round(time.monotonic() - state.began, 1),
            jobs=state.store.counts(),
            limits=dataclasses.asdict(state.settings.limits),
        )
        return JSONResponse(as_json(found))

    @router.get("/openapi.json", include_in_schema=False)
    async def openapi(request: Request) -> Response:
        """The OpenAPI document of these routes."""
        return JSONResponse(document() | {"servers": [{"url": str(request.base_url)}]})

    @router.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        """The same to read."""
        page = await run_in_threadpool(reference_page, document())
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    return router


def _engines(state: ApiState) -> Engines:
    rows = [
        EngineStatus(
            name=one.name, ready=one.ready, reason=one.reason, hint=without_places(one.hint)
        )
        for one in state.service.engines()
    ]
    return Engines(default=state.service.choose("auto"), engines=rows)


def _ready(state: ApiState) -> bool:
    return any(one.ready for one in state.service.engines())


def _voices(state: ApiState) -> Voices:
    try:
        found = list_voices(state.service.store)
        trouble: SadTalkerError | None = None if found else missing_voices()
    except SadTalkerError as problem:
        found, trouble = (), problem
    return Voices(
        voices=[Voice(id=one.name, name=one.label, language=one.language) for one in found],
        reason=trouble.message if trouble else "",
        hint=without_places(trouble.hint) if trouble else "",
    )
