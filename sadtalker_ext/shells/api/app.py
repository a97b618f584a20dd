"""Puts the routes on a server: the WebUI's own, or one that stands alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.openapi.utils import get_openapi
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from sadtalker_ext import __version__
from sadtalker_ext.service import Service
from sadtalker_ext.shells.api.describe import describing_routes
from sadtalker_ext.shells.api.gate import PageGate
from sadtalker_ext.shells.api.guard import error_response, guarded_route
from sadtalker_ext.shells.api.settings import PREFIX, ApiSettings
from sadtalker_ext.shells.api.shapes import named
from sadtalker_ext.shells.api.state import ApiState
from sadtalker_ext.shells.api.talks import talk_routes

_INTRODUCTION = """Make a portrait talk: send a picture and speech, get a video.

Videos take time, so a request makes a *talk* (a job). Ask for its status, or watch its events,
until it is `done` (fetch `result_url`), `rejected` (the input cannot be used, or it was cancelled)
or `error` (the server failed; trying again may help)."""

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


def mount_routes(app: FastAPI, service: Service, settings: ApiSettings) -> ApiState:
    """Put the routes on a running FastAPI app, such as the WebUI's, and begin to work.

    Every route is guarded by `settings.auth` by itself: a host's own guard does not cover routes
    that extensions add. Routes of an earlier call (the WebUI's "Reload UI") make way.

    Args:
        app: Where to put them.
        service: Makes the videos.
        settings: See there.

    Returns:
        The state; call its `close` when the app ends, and before mounting again.

    Raises:
        SetupError: The data folder is in use by another process, or damaged.
    """
    state = ApiState(service, settings)
    state.start()
    earlier = getattr(app.state, "sadtalker_routes", [])
    others = [one for one in app.router.routes if not any(one is route for route in earlier)]
    app.router.routes[:] = others
    cache: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not cache:
            cache.update(_document(state))
        return dict(cache)

    routers = (talk_routes(state), describing_routes(state, document))
    for router in routers:
        app.include_router(router)
    known = [route for router in routers for route in router.routes]
    app.include_router(_refusing_route(known, settings))
    # in front: a page mounted at "/" (gradio's, without the WebUI) would swallow them otherwise
    ours = app.router.routes[len(others) :]
    app.router.routes[:] = ours + others
    app.state.sadtalker_routes = ours
    app.openapi_schema = None
    return state


def _refusing_route(routes: Sequence[Any], settings: ApiSettings) -> APIRouter:
    """Return a route for all that the others below `PREFIX` do not answer.

    Without it a page that is mounted at "/", or the WebUI's own, would answer in its own words.

    Args:
        routes: The others.
        settings: Of the guard.
    """
    router = APIRouter(route_class=guarded_route(settings))

    async def refuse(request: Request) -> Response:
        near = [route for route in routes if route.matches(request.scope)[0] is Match.PARTIAL]
        if near:
            methods = {one for route in near for one in route.methods}
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
        scope = {**request.scope, "path": _with_slash_changed(request.scope["path"])}
        if any(route.matches(scope)[0] is not Match.NONE for route in routes):
            path = _with_slash_changed(request.url.path)
            return RedirectResponse(request.url.replace(path=path))
        raise HTTPException(404)

    for path in (PREFIX, f"{PREFIX}/{{rest:path}}"):
        router.add_api_route(path, refuse, methods=[*_METHODS], include_in_schema=False)
    return router


def _with_slash_changed(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def build_app(service: Service, settings: ApiSettings) -> FastAPI:
    """Return an app of its own with the routes; its state is `app.state.sadtalker`.

    Raises:
        SetupError: The data folder is in use by another process, or damaged.
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        state.close()

    app = FastAPI(
        title="SadTalker", version=__version__, openapi_url=None, docs_url=None, redoc_url=None,
        lifespan=lifespan,
    )  # fmt: skip
    state = mount_routes(app, service, settings)
    app.state.sadtalker = state
    # a WebUI's own page is guarded by the WebUI; here a page may be mounted beside the routes
    app.add_middleware(PageGate, settings=settings)
    if settings.origins or settings.origins_pattern:
        # a WebUI does this by itself for the origins of its own flags
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_origin_regex=settings.origins_pattern or None,
            allow_methods=("GET", "HEAD", "POST", "DELETE"),
            allow_headers=("Authorization", "Content-Type", "Idempotency-Key", "Range"),
            expose_headers=("Location", "Idempotency-Replayed", "Retry-After"),
        )

    @app.exception_handler(HTTPException)
    async def refuse(_request: Request, problem: HTTPException) -> Response:
        return error_response(problem)

    @app.get("/", include_in_schema=False)
    async def front() -> Response:
        return RedirectResponse(f"{PREFIX.lstrip('/')}/docs")

    return app


def _document(state: ApiState) -> dict[str, Any]:
    scratch = FastAPI()
    scratch.include_router(talk_routes(state))
    scratch.include_router(describing_routes(state, dict))
    document = get_openapi(
        title="SadTalker",
        version=__version__,
        description=_INTRODUCTION,
        routes=scratch.routes,
    )
    document = named(document)
    if state.settings.auth is not None:
        document["components"]["securitySchemes"] = {
            "basic": {"type": "http", "scheme": "basic"},
            "token": {"type": "http", "scheme": "bearer"},
        }
        document["security"] = [{"basic": []}, {"token": []}]
    return document
