"""Server-sent events: the state of a job and its progress, until it is final."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse

from sadtalker_ext.jobs.records import JobState
from sadtalker_ext.shells.api.errors import TooManyJobs
from sadtalker_ext.shells.api.state import ApiState
from sadtalker_ext.shells.api.view import talk_view

LOOK_SECONDS = 0.2
ALIVE_SECONDS = 15.0


def send_events(state: ApiState, job_id: str, owner: str, address: str) -> StreamingResponse:
    """Return the stream.

    Events: `state` with the whole talk whenever its status changes (and once at the beginning),
    `progress` with its progress, `removed` when the job is forgotten. After a final state the
    stream ends. Where streams are limited in time, it ends earlier, and the client asks again:
    browsers do so by themselves, after the pause that the first line names.

    Raises:
        TooManyJobs: Too many streams are open.
    """
    most = state.settings.limits.streams
    if state.streams.total() >= most or state.streams[owner] >= state.settings.share(most):
        raise TooManyJobs(
            "Too many event streams are open.",
            hint="Close some, or ask for the status now and then.",
            headers={"Retry-After": "5"},
        )
    return StreamingResponse(
        _events(state, job_id, owner, address),
        media_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # nginx
            "Content-Encoding": "identity",  # a compressing middleware would hold events back
        },
    )


async def _events(state: ApiState, job_id: str, owner: str, address: str) -> AsyncIterator[str]:
    state.streams[owner] += 1
    try:
        yield "retry: 2000\n\n"
        status: JobState | None = None
        progress: Any = None
        began = spoke = time.monotonic()
        while time.monotonic() - began < state.settings.stream_seconds:
            job = state.store.get(job_id, owner)
            if job is None:
                yield _event("removed", {"id": job_id})
                return
            view = talk_view(
                job,
                address=address,
                moment=state.runner.moment(job_id),
                ahead=state.store.ahead_of(job) if job.state is JobState.CREATED else 0,
            )
            if job.state is not status:
                status, progress, spoke = job.state, view["progress"], time.monotonic()
                yield _event("state", view)
            elif view["progress"] != progress:
                progress, spoke = view["progress"], time.monotonic()
                yield _event("progress", progress)
            elif time.monotonic() - spoke > ALIVE_SECONDS:
                spoke = time.monotonic()
                yield ": still here\n\n"
            if job.state.final:
                return
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        state.streams[owner] -= 1
        if not state.streams[owner]:
            del state.streams[owner]


def _event(name: str, data: object) -> str:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
