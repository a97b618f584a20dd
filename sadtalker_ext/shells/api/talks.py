"""The routes of the jobs: make, list, look at, watch, fetch, cancel."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from sadtalker_ext.jobs.folder import is_id
from sadtalker_ext.jobs.records import Job, JobState
from sadtalker_ext.shells.api.answers import Error, Talk, TalkList, answer
from sadtalker_ext.shells.api.errors import InvalidRequest, NotFound, NotReady
from sadtalker_ext.shells.api.events import send_events
from sadtalker_ext.shells.api.examples import TALK_EXAMPLES
from sadtalker_ext.shells.api.guard import guarded_route
from sadtalker_ext.shells.api.schema import form_schema, talk_request_schema
from sadtalker_ext.shells.api.settings import PREFIX
from sadtalker_ext.shells.api.shapes import as_json
from sadtalker_ext.shells.api.state import ApiState
from sadtalker_ext.shells.api.submit import check_key, submit
from sadtalker_ext.shells.api.uploads import read_body
from sadtalker_ext.shells.api.video import CAPTION_TYPES, MEDIA_TYPES, send_video
from sadtalker_ext.shells.api.view import page_token, read_page_token, talk_of

Answers = dict[int | str, dict[str, Any]]

REFUSALS: Answers = {
    401: answer(Error, "Credentials are needed."),
    403: answer(Error, "A web page of another site asked."),
    404: answer(Error, "There is no such talk."),
    422: answer(Error, "Something in the request cannot be used."),
}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": talk_request_schema(), "examples": TALK_EXAMPLES},
            "multipart/form-data": {"schema": form_schema()},
        },
    }
}
_MADE: Answers = {
    201: answer(Talk, "The job was queued."),
    400: answer(Error, "The body is not JSON, or not a form."),
    408: answer(Error, "The body came too slowly."),
    409: answer(Error, "The idempotency key belongs to another request."),
    413: answer(Error, "The body, the picture or the speech is too large."),
    415: answer(Error, "Neither JSON nor a form."),
    429: answer(Error, "The queue is full."),
    503: answer(Error, "Something is not installed, such as a voice."),
    507: answer(Error, "No space is left."),
}
MANIFEST_TYPE = "application/c2pa"

_VIDEO: Answers = {
    200: {"description": "The file.", "content": {kind: {} for kind in MEDIA_TYPES.values()}},
    206: {"description": "A part of it.", "content": {kind: {} for kind in MEDIA_TYPES.values()}},
    304: {"description": "Not changed."},
    409: answer(Error, "There is no video (yet)."),
    416: answer(Error, "The range lies outside."),
}
_CAPTIONS: Answers = {
    200: {
        "description": "The captions.",
        "content": {kind: {"schema": {"type": "string"}} for kind in CAPTION_TYPES.values()},
    },
}
_MANIFEST: Answers = {
    200: {"description": "The C2PA manifest.", "content": {MANIFEST_TYPE: {}}},
}
_STREAM: Answers = {
    200: {
        "description": "Events `state` (a Talk), `progress` (its progress) and `removed`.",
        "content": {"text/event-stream": {"schema": {"type": "string"}}},
    },
    429: answer(Error, "Too many streams are open."),
}


def talk_routes(state: ApiState) -> APIRouter:
    """Return the routes under /talks."""
    router = APIRouter(
        prefix=f"{PREFIX}/talks",
        tags=["talks"],
        route_class=guarded_route(state.settings),
        responses=REFUSALS,
    )
    talks = _Talks(state)
    one, video = "/{talk_id}", "/{talk_id}/video"
    router.add_api_route(
        "", talks.create, methods=["POST"], status_code=201, responses=_MADE,
        openapi_extra=_BODY, summary="Make a video",
    )  # fmt: skip
    found: Answers = {200: answer(Talk)}
    listed: Answers = {200: answer(TalkList)}
    for path, handler, method, answers, summary in (
        ("", talks.listing, "GET", listed, "List your videos"),
        (one, talks.status, "GET", found, "How far is it?"),
        (one, talks.delete, "DELETE", found, "Cancel or remove"),
        (video, talks.video, "GET", _VIDEO, "Fetch the video"),
        (f"{one}/captions", talks.captions, "GET", _CAPTIONS, "Fetch the captions"),
        (f"{one}/manifest", talks.manifest, "GET", _MANIFEST, "Fetch the C2PA manifest"),
        ("/{talk_id}/events", talks.events, "GET", _STREAM, "Watch the progress"),
    ):
        router.add_api_route(
            path, handler, methods=[method], responses=answers, summary=summary,
            response_class=Response,  # or every answer would be documented as JSON, too
        )  # fmt: skip
    router.add_api_route(video, talks.video, methods=["HEAD"], include_in_schema=False)
    return router


class _Talks:
    """The handlers; those that only read are quick, and answer on the server's own loop."""

    def __init__(self, state: ApiState) -> None:
        self._state = state

    async def create(
        self, request: Request, idempotency_key: str = Header("", max_length=1000)
    ) -> Response:
        """Queue a job: a portrait and what it says, as JSON or as a form with files."""
        key = check_key(idempotency_key)
        try:
            job, new = await submit(
                self._state,
                await read_body(request),
                owner=request.state.owner,
                key=key,
                talks_address=_address(request),
            )
        finally:
            await request.close()  # removes the form's temporary files
        # without a name: a proxy, or whoever writes requests by hand, may have given any
        headers = {"Location": f"{_path(request)}/{job.id}"}
        if not new:
            headers["Idempotency-Replayed"] = "true"
        return JSONResponse(as_json(self._view(request, job)), status_code=201, headers=headers)

    async def listing(
        self,
        request: Request,
        limit: int = Query(20, ge=1, le=100),
        token: str = Query("", max_length=40),
    ) -> Response:
        """Newest first; `token` of an answer leads to the next page."""
        unknown = set(request.query_params) - {"limit", "token"}
        if unknown:
            name = min(unknown)[:40]
            raise InvalidRequest(
                f"There is no parameter called {name!r}.", hint="Known: limit, token.", field=name
            )
        before = read_page_token(token) if token else None
        jobs = self._state.store.page(request.state.owner, limit + 1, before)
        more = len(jobs) > limit
        page = TalkList(
            talks=[self._view(request, job) for job in jobs[:limit]],
            token=page_token(jobs[limit - 1].seq) if more else None,
        )
        return JSONResponse(as_json(page))

    async def status(self, request: Request, talk_id: str) -> Response:
        """State, progress, and where the video is."""
        return JSONResponse(as_json(self._view(request, self._job(request, talk_id))))

    async def delete(self, request: Request, talk_id: str) -> Response:
        """Cancel a job that is not final; remove one that is, with its video."""
        job = self._job(request, talk_id)
        if job.state.final:
            await run_in_threadpool(self._state.runner.forget, job.id)
            return JSONResponse(as_json(self._view(request, job)))
        await run_in_threadpool(self._state.runner.cancel, job.id)
        job = self._state.store.get(job.id) or job
        return JSONResponse(as_json(self._view(request, job)))

    async def video(self, request: Request, talk_id: str) -> Response:
        """The finished file; players may ask for parts of it."""
        job = self._job(request, talk_id)
        if job.state is not JobState.DONE:
            raise NotReady(
                f"There is no video: the job is {job.state.value}.",
                hint="Ask for the status until it is done." if not job.state.final else "",
            )
        suffix = (job.result or {}).get("suffix", ".mp4")
        path = self._state.folder.result(job.id, suffix)
        return await run_in_threadpool(send_video, request, path)

    async def captions(self, request: Request, talk_id: str) -> Response:
        """The captions that config.captions asked for, as srt or vtt."""
        job = self._job(request, talk_id)
        for suffix, kind in CAPTION_TYPES.items():
            path = self._state.folder.captions(job.id, suffix)
            if job.state is JobState.DONE and path.is_file() and not path.is_symlink():
                text = await run_in_threadpool(path.read_bytes)
                return Response(text, media_type=f"{kind}; charset=utf-8")
        raise NotFound(
            "There are no captions.",
            hint="Ask for them by config.captions srt or vtt, with a text that a voice speaks or a "
            "transcript of the sound.",
        )

    async def manifest(self, request: Request, talk_id: str) -> Response:
        """The C2PA manifest of a video that cannot hold it."""
        from sadtalker_ext.provenance.credentials import sidecar

        job = self._job(request, talk_id)
        suffix = (job.result or {}).get("suffix", ".mp4")
        path = sidecar(self._state.folder.result(job.id, suffix))
        if job.state is JobState.DONE and path.is_file() and not path.is_symlink():
            return Response(await run_in_threadpool(path.read_bytes), media_type=MANIFEST_TYPE)
        raise NotFound(
            "There is no C2PA manifest beside the video.",
            hint="An mp4 has it inside; metadata.marks tells which marks a video has.",
        )

    async def events(self, request: Request, talk_id: str) -> Response:
        """Server-sent events until the job is final."""
        job = self._job(request, talk_id)
        address = f"{_address(request)}/{job.id}"
        return send_events(self._state, job.id, request.state.owner, address)

    def _job(self, request: Request, talk_id: str) -> Job:
        # other people's jobs are not even said to exist
        job = self._state.store.get(talk_id, request.state.owner) if is_id(talk_id) else None
        if job is None:
            raise NotFound("There is no such talk.", hint="GET /sadtalker/v1/talks lists yours.")
        return job

    def _view(self, request: Request, job: Job) -> Talk:
        store = self._state.store
        return talk_of(
            job,
            address=f"{_address(request)}/{job.id}",
            moment=self._state.runner.moment(job.id),
            ahead=store.ahead_of(job) if job.state is JobState.CREATED else 0,
        )


def _path(request: Request) -> str:
    return f"{request.base_url.path.rstrip('/')}{PREFIX}/talks"


def _address(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}{PREFIX}/talks"
