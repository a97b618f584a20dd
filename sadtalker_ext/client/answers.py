"""What a server answers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sadtalker_ext.errors import SadTalkerError

if TYPE_CHECKING:
    import httpx

FINAL = ("done", "error", "rejected")


class ApiError(SadTalkerError):
    """The server's answer to a request that it refused, or to a job that failed.

    Attributes:
        code: The server's name of the problem.
        status: HTTP status; 0 for a job that failed.
        field: Which field of the request, when known.
    """

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        message = str(body.get("message") or body.get("detail") or f"status {status}")
        super().__init__(message, hint=str(body.get("hint", "")))
        self.code = str(body.get("code", "error"))  # type: ignore[misc]  # the server's, not ours
        self.status = status
        self.field = str(body.get("field", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkProgress:
    """How far a talk has come.

    Attributes:
        stage: Machine-readable name of the stage.
        text: As people read it.
        fraction: 0..1 of the whole job, roughly.
        queue_position: Jobs before this one while it waits, else None.
    """

    stage: str
    text: str
    fraction: float
    queue_position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """One job of the server.

    Attributes:
        id: Its name.
        status: "created", "started", "done", "error" or "rejected".
        progress: How far it has come.
        result_url: Where the video is; empty until it is done.
        metadata: Of the video: engine, seed, num_frames, resolution, fps, seconds, ...
        error: Why there is no video, or None.
        raw: The whole answer.
    """

    id: str
    status: str
    progress: TalkProgress
    result_url: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error: ApiError | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self.status in FINAL


def refusal_of(answer: httpx.Response) -> ApiError:
    """Return what a server said when it refused."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return ApiError(answer.status_code, body if isinstance(body, dict) else {})


def talk_of(raw: Mapping[str, Any]) -> Talk:
    """Return a talk as the server sends it."""
    error = raw.get("error")
    return Talk(
        id=raw["id"],
        status=raw["status"],
        progress=progress_of(raw["progress"]),
        result_url=raw.get("result_url", ""),
        metadata=raw.get("metadata", {}),
        error=ApiError(0, error) if error else None,
        raw=raw,
    )


def progress_of(raw: Mapping[str, Any]) -> TalkProgress:
    """Return the progress of a talk."""
    return TalkProgress(
        stage=raw["stage"],
        text=raw["text"],
        fraction=raw["fraction"],
        queue_position=raw.get("queue_position"),
    )
