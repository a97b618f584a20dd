"""What a job is, and how far it has come.

States::

    created ──► started ──► done
       │           ├──────► error      the machine failed; trying again may help
       └───────────┴──────► rejected   the input cannot be used, or the job was cancelled

A job that was being worked on when the process, or its worker, died goes back to `created` once.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class JobState(str, enum.Enum):
    """How far a job has come; the words of D-ID's `talks`."""

    CREATED = "created"
    STARTED = "started"
    DONE = "done"
    ERROR = "error"
    REJECTED = "rejected"

    @property
    def final(self) -> bool:
        """Whether the job has ended."""
        return self in (JobState.DONE, JobState.ERROR, JobState.REJECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be queued.

    Attributes:
        id: Random and unguessable.
        lane: Which queue it waits in.
        order: What to do, as JSON values; opaque to the store.
        owner: Who may see it; empty when nobody has to log in.
        key: Idempotency key, unique per owner; empty for none.
        fingerprint: Tells whether two requests with one key are the same request.
        webhook: Address to call when the job is final; empty for none.
    """

    id: str
    lane: str
    order: Mapping[str, Any]
    owner: str = ""
    key: str = ""
    fingerprint: str = ""
    webhook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it is stored. Times are seconds since the epoch.

    Attributes:
        seq: Position in the order of creation.
        id: See `NewJob`, as the fields below.
        owner: Who may see it.
        lane: Which queue.
        state: How far it has come.
        attempts: How often work on it has begun.
        created_at: When it was queued.
        started_at: When the work began, or None.
        finished_at: When it became final, or None.
        order: What to do.
        result: What came out, for `done`.
        error: `code`, `message` and `hint`, for `error` and `rejected`.
        key: Idempotency key.
        fingerprint: Of the request.
        webhook: Address to call.
    """

    seq: int
    id: str
    owner: str
    lane: str
    state: JobState
    attempts: int
    created_at: float
    started_at: float | None
    finished_at: float | None
    order: Json
    result: Json | None
    error: dict[str, str] | None
    key: str = ""
    fingerprint: str = ""
    webhook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The live progress of a running job.

    Attributes:
        stage: Machine-readable name of the stage, such as "rendering".
        text: The stage as people read it, such as "Rendering 45 / 182".
        done: Units finished in this stage.
        total: Units of this stage, or None.
        stopping: Whether a cancel was asked for.
    """

    stage: str
    text: str
    done: int = 0
    total: int | None = None
    stopping: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook call that is still to be made.

    Attributes:
        id: Number of the delivery.
        job: The job it is about.
        attempts: How often it was tried in vain.
    """

    id: int
    job: Job
    attempts: int = field(default=0)
