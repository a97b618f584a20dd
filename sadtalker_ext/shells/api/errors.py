"""Errors that only a server can have; all others come from `sadtalker_ext.errors`.

InputError
├─ MalformedRequest   400   not JSON, not a form, not what its content type says
├─ InvalidRequest     422   a field is missing or wrong; `field` names it
├─ UnsupportedField   422   a field of D-ID's that means nothing here; `field` names it
├─ Unauthorized 401   CrossSite 403   NotFound 404   NotReady 409   KeyReused 409
├─ BodyTooSlow 408   WrongMediaType 415
    ├─ RangeNotSatisfiable 416   TooManyJobs 429
└─ UrlRefused 422   UrlUnreachable 422
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sadtalker_ext.errors import DUB_IT, InputError, SadTalkerError
from sadtalker_ext.shells.api.answers import Error
from sadtalker_ext.shells.api.shapes import as_json


class RequestError(InputError):
    """Base of everything that is wrong with a request.

    Attributes:
        field: Which part of the request, such as "script.audio_url"; may be empty.
        headers: Headers of the answer.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        field: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.field = field
        self.headers = dict(headers or {})


class MalformedRequest(RequestError):
    """The body is not what its content type says."""

    code = "malformed_request"
    http_status = 400


class InvalidRequest(RequestError):
    """A field is missing, unknown, or has a wrong value."""

    code = "invalid_request"


class UnsupportedField(RequestError):
    """A field that D-ID knows, but that means nothing here."""

    code = "unsupported_field"


class Unauthorized(RequestError):
    """No, or wrong, credentials."""

    code = "unauthorized"
    http_status = 401


class CrossSite(RequestError):
    """A web page of another site sent this request through the user's browser."""

    code = "cross_site"
    http_status = 403


class NotFound(RequestError):
    """There is nothing under this address, or it belongs to somebody else."""

    code = "not_found"
    http_status = 404


class MethodNotAllowed(RequestError):
    """The address exists, but not for this method."""

    code = "method_not_allowed"
    http_status = 405


class BodyTooSlow(RequestError):
    """The body did not arrive in time."""

    code = "body_too_slow"
    http_status = 408


class NotReady(RequestError):
    """The video is not there (yet)."""

    code = "not_ready"
    http_status = 409


class KeyReused(RequestError):
    """The idempotency key belongs to a different request."""

    code = "idempotency_key_reused"
    http_status = 409


class WrongMediaType(RequestError):
    """The body has a content type or an encoding that is not understood."""

    code = "unsupported_media_type"
    http_status = 415


class RangeNotSatisfiable(RequestError):
    """The byte range lies outside the file."""

    code = "range_not_satisfiable"
    http_status = 416


class TooManyJobs(RequestError):
    """The queue is full."""

    code = "too_many_jobs"
    http_status = 429


class UrlRefused(RequestError):
    """The policy forbids fetching this address."""

    code = "url_refused"


class UrlUnreachable(RequestError):
    """The address could not be fetched."""

    code = "url_unreachable"


_FIELDS: Final = {
    DUB_IT: "`dub` beside `driver_url`",
    "face_points": "config.face_points",
    "voice": "script.provider.voice_id",
}
"""What a hint may tell to do, and the field of a request that does it."""


def with_field(hint: str, remedy: str) -> str:
    """Name at the end of a hint the field of a request that does what it says."""
    return f"{hint.rstrip('.')} ({_FIELDS[remedy]})." if remedy in _FIELDS else hint


def as_body(error: SadTalkerError) -> dict[str, str]:
    """Return the answer's body: code, message, hint, and the field when it is known."""
    told = Error(
        code=error.code,
        message=error.message,
        hint=with_field(error.hint, error.remedy),
        field=getattr(error, "field", "") or None,
    )
    body: dict[str, str] = as_json(told)
    return body
