"""A job as clients see it: D-ID's `talk`, with progress and options added."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime, timezone

from sadtalker_ext.jobs.records import Job, JobState, Moment
from sadtalker_ext.progress import Stage, overall_share
from sadtalker_ext.shells.api.answers import Error, Metadata, Progress, Talk
from sadtalker_ext.shells.api.errors import InvalidRequest, with_field
from sadtalker_ext.shells.api.shapes import Json, as_json


def talk_of(job: Job, *, address: str, moment: Moment | None, ahead: int) -> Talk:
    """Return a job as it is answered.

    Args:
        job: As stored.
        address: Full address of the job, to make `result_url` from.
        moment: Live progress while it runs.
        ahead: Jobs that come before it while it waits.
    """
    order = job.order
    done = job.result if job.state is JobState.DONE else None
    return Talk(
        id=job.id,
        object="talk",
        status=job.state,
        created_at=timestamp(job.created_at),
        started_at=_timestamp(job.started_at),
        modified_at=timestamp(job.finished_at or job.started_at or job.created_at),
        finished_at=_timestamp(job.finished_at),
        progress=_progress(job, moment, ahead),
        result_url=f"{address}/video" if done else None,
        duration=done["seconds"] if done else None,
        metadata=_metadata(done) if done else None,
        warnings=done.get("warnings", []) if done else None,
        error=_error(job.error),
        config=order.get("config", {}),
        dub=_asked_dub(order),
        attempts=job.attempts,
        source_url=order.get("source_url") or None,
        audio_url=order.get("audio_url") or None,
        name=order.get("name") or None,
        user_data=order.get("user_data") or None,
        webhook=job.webhook or None,
    )


def talk_view(job: Job, *, address: str, moment: Moment | None, ahead: int) -> Json:
    """Return the JSON of a job; see `talk_of`."""
    view: Json = as_json(talk_of(job, address=address, moment=moment, ahead=ahead))
    return view


def timestamp(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC with milliseconds, as D-ID writes it."""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _error(stored: Mapping[str, str] | None) -> Error | None:
    if stored is None:
        return None
    told = dict(stored)
    remedy = told.pop("remedy", "")
    return Error(**{**told, "hint": with_field(told.get("hint", ""), remedy)})


def _asked_dub(order: Json) -> Json | None:
    """Return what was asked of a dubbing, without what only the maker needs."""
    asked = {name: value for name, value in (order.get("dub") or {}).items() if name != "picture"}
    return asked or None


def _timestamp(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def page_token(seq: int) -> str:
    """Return the token of the page that follows a job."""
    return base64.urlsafe_b64encode(str(seq).encode("ascii")).decode("ascii").rstrip("=")


def read_page_token(token: str) -> int:
    """Return the position a token stands for."""
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        if not text.isdigit() or len(text) > 18:
            raise ValueError(token)
        return int(text)
    except (binascii.Error, ValueError) as problem:
        raise InvalidRequest(
            "token should be the one of an earlier answer.", field="token"
        ) from problem


def _progress(job: Job, moment: Moment | None, ahead: int) -> Progress:
    if job.state is JobState.CREATED:
        words = "Waiting" if not ahead else f"Waiting for {ahead} other{'s' if ahead > 1 else ''}"
        return Progress(stage="queued", text=words, fraction=0.0, queue_position=ahead)
    if job.state.final:
        fraction = 1.0 if job.state is JobState.DONE else 0.0
        return Progress(stage=job.state.value, text=job.state.value, fraction=fraction)
    if moment is None:
        return Progress(stage="loading", text="Starting", fraction=0.0)
    share = overall_share(Stage[moment.stage.upper()], moment.done, moment.total)
    return Progress(
        stage=moment.stage,
        text=moment.text,
        done=moment.done,
        total=moment.total or None,
        fraction=round(share, 4),
        stopping=moment.stopping or None,
    )


def _metadata(result: Json) -> Metadata:
    return Metadata(
        engine=result["engine"],
        seed=result["seed"],
        num_frames=result["frames"],
        resolution=[result["width"], result["height"]],
        fps=result["fps"],
        seconds=result["seconds"],
        processing_fps=result["processing_fps"],
        size_kib=result["size_kib"],
        partial=result["partial"],
        timings=result["timings"],
        marks=result.get("marks"),
    )
