"""The answers of the routes: what is sent, and what the documentation shows, from these classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sadtalker_ext.jobs.records import JobState
from sadtalker_ext.shells.api.shapes import Json, schema_of, told


@dataclass(frozen=True, kw_only=True)
class Error:
    """What is wrong, and what to do."""

    closed: ClassVar[bool] = True
    code: str = told("Stable name of the kind of problem.")
    message: str = told("What was expected, and what was found.")
    hint: str = told("What to do next; may be empty.")
    field: str | None = told("Which field of the request, when known.", optional=True)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a job has come."""

    stage: str = told("queued, loading, face, ..., done")
    text: str = told("As people read it: Rendering 45 / 182")
    done: int | None = told(optional=True)
    total: int | None = told(optional=True)
    fraction: float = told(
        "Of the whole job, roughly; never goes back while it is made, and is 0 after a failure.",
        minimum=0,
        maximum=1,
    )
    queue_position: int | None = told("Jobs before this one.", optional=True, minimum=0)
    stopping: bool | None = told("A cancel was asked for.", optional=True)


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """A finished video."""

    engine: str | None = told(optional=True)
    seed: int | None = told(optional=True)
    num_frames: int | None = told(optional=True)
    resolution: Sequence[int] | None = told(optional=True)
    fps: float | None = told(optional=True)
    seconds: float | None = told(optional=True)
    processing_fps: float | None = told("Frames rendered per second.", optional=True)
    size_kib: float | None = told(optional=True)
    partial: bool | None = told("Cancelled, and the beginning was kept.", optional=True)
    timings: Mapping[str, float] | None = told("Seconds per stage.", optional=True)
    marks: Sequence[str] | None = told(
        "Which marks the video carries: metadata, label, c2pa, mark.", optional=True
    )


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A job."""

    closed: ClassVar[bool] = True
    id: str
    object: Literal["talk"] | None = told(optional=True)
    status: JobState
    created_at: str = told(format="date-time")
    started_at: str | None = told(optional=True, format="date-time")
    modified_at: str = told(format="date-time")
    finished_at: str | None = told(optional=True, format="date-time")
    progress: Progress
    result_url: str | None = told("Where the video is, once it is done.", optional=True)
    duration: float | None = told("Seconds.", optional=True)
    metadata: Metadata | None = told(optional=True)
    warnings: Sequence[str] | None = told(optional=True)
    error: Error | None = told(optional=True)
    config: Mapping[str, Any] | None = told(
        "Options that differ from their defaults.", optional=True
    )
    dub: Mapping[str, Any] | None = told(
        "What was asked of a dubbing: face, at, roles, ...", optional=True
    )
    attempts: int | None = told(optional=True)
    source_url: str | None = told(optional=True)
    audio_url: str | None = told(optional=True)
    name: str | None = told(optional=True)
    user_data: str | None = told(optional=True)
    webhook: str | None = told(optional=True)


@dataclass(frozen=True, kw_only=True)
class TalkList:
    """Jobs, newest first."""

    talks: Sequence[Talk]
    token: str | None = told("Give it back to get the next page.", optional=True)


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """Whether an engine can work, and what is missing for it."""

    name: str
    ready: bool
    reason: str
    hint: str


@dataclass(frozen=True, kw_only=True)
class Engines:
    """All engines."""

    default: str = told("What engine: auto would take now.")
    engines: Sequence[EngineStatus]


@dataclass(frozen=True, kw_only=True)
class Voice:
    """One voice of this machine."""

    id: str
    name: str
    language: str


@dataclass(frozen=True, kw_only=True)
class Voices:
    """All voices of this machine."""

    voices: Sequence[Voice]
    reason: str = told("Why there are none; else empty.")
    hint: str


@dataclass(frozen=True, kw_only=True)
class Health:
    """Is the server alive?"""

    status: Literal["ok", "no_engine"]
    version: str
    uptime_seconds: float | None = told(optional=True)
    jobs: Mapping[str, int] = told("How many in each state.")
    limits: Mapping[str, Any] | None = told("What one request may cost.", optional=True)


OPTIONS: Json = {
    "title": "OptionsSchema",
    "type": "object",
    "description": "JSON Schema of config, made from the program's own declarations.",
    "required": ["properties"],
    "properties": {"properties": {"type": "object"}},
}
"""The answer of `/options` is a schema itself."""


def answer(shape: type | Json, description: str = "") -> Json:
    """Return one kind of answer as FastAPI's `responses` wants it."""
    schema = schema_of(shape) if isinstance(shape, type) else dict(shape)
    title = schema["title"].removesuffix("Schema")
    return {
        "description": description or title,
        "content": {"application/json": {"schema": schema}},
    }
