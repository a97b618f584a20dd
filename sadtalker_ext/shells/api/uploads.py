"""Bodies to files: JSON with base64, forms with files, and addresses to fetch."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.jobs.names import UPLOADS
from sadtalker_ext.shells.api.errors import InvalidRequest, MalformedRequest, WrongMediaType

_BLOCK = 1 << 20
MOST_BRACKETS, MOST_COMMAS = 20_000, 400_000
_DATA_URL = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w=.+-]+)*;base64,", re.ASCII)
# half of a surrogate pair: legal in JSON, but no text that could be stored or sent again
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
FILES = UPLOADS
"""Files that a form may hold."""


@dataclass(slots=True, kw_only=True)
class Body:
    """A request's body.

    Attributes:
        talk: The parsed JSON.
        files: Files of a form, by field.
    """

    talk: Any
    files: dict[str, UploadFile] = field(default_factory=dict)


async def read_body(request: Request) -> Body:
    """Read JSON, or a form with files.

    Raises:
        WrongMediaType: Neither of both.
        MalformedRequest: It is not what its content type says.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json":
        return Body(talk=await run_in_threadpool(parse_json, await request.body()))
    if kind == "multipart/form-data":
        return await _read_form(request)
    raise WrongMediaType(
        f"The body should be application/json or multipart/form-data, found {kind[:60] or 'none'}.",
        hint="Set the header Content-Type.",
    )


def parse_json(text: bytes) -> Any:
    """Return a JSON value; NaN and infinite numbers are refused.

    A list in a list in a list takes a hundred times the memory of its text: what could have more
    parts than any request needs is refused before it is read.
    """
    if text.count(b"[") + text.count(b"{") > MOST_BRACKETS or text.count(b",") > MOST_COMMAS:
        raise MalformedRequest(
            "The body has far more lists and values than a talk can have.", hint="See the docs."
        )
    try:
        value = json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as problem:
        raise MalformedRequest("The JSON holds half a character.") from problem
    except (ValueError, RecursionError) as problem:
        raise MalformedRequest(
            f"The body should be JSON in UTF-8, but it is not: {str(problem)[:80]}.",
            hint="Check quotes, commas and brackets.",
        ) from problem
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def _read_form(request: Request) -> Body:
    try:
        form = await request.form(max_files=len(FILES), max_fields=len(FILES) + 2)
    except (HTTPException, ValueError, KeyError, AttributeError) as problem:
        words = getattr(problem, "detail", "") or "it cannot be read"
        raise MalformedRequest(f"The form is not valid: {str(words)[:80]}.") from problem
    files: dict[str, UploadFile] = {}
    talk: Any = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile) and name in FILES and name not in files:
            files[name] = value
        elif isinstance(value, str) and name == "talk":
            talk = parse_json(value.encode("utf-8", "surrogatepass"))
        else:
            raise InvalidRequest(
                f"The form has an unexpected part {name[:40]!r}.",
                hint="Parts: the files " + ", ".join(FILES) + ", and talk with the rest as JSON.",
                field=name[:40],
            )
    return Body(talk=talk, files=files)


def decode_base64(text: str, limit: int, field_name: str) -> bytes:
    """Decode base64 or a base64 data: URL.

    Raises:
        InvalidRequest: It is not base64.
        InputTooLarge: It would hold more than `limit` bytes; seen before it is decoded.
    """
    head = _DATA_URL.match(text[:200])
    payload = "".join(text[head.end() if head else 0 :].split())
    if len(payload) * 3 // 4 > limit:
        raise _too_large(field_name, limit)
    try:
        data = base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise InvalidRequest(
            f"{field_name} should be base64 or a data: URL, but it cannot be decoded.",
            hint="Use the standard alphabet with padding (+ / =).",
            field=field_name,
        ) from problem
    if not data:
        raise InvalidRequest(f"{field_name} should not be empty.", field=field_name)
    return data


def save_bytes(data: bytes, target: Path) -> None:
    """Write a file and wait until it is on the disk."""
    with target.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def save_file(source: IO[bytes], target: Path, limit: int, field_name: str) -> None:
    """Copy a file of a form, at most `limit` bytes."""
    source.seek(0)
    size = 0
    with target.open("wb") as file:
        while block := source.read(_BLOCK):
            size += len(block)
            if size > limit:
                raise _too_large(field_name, limit)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def fingerprint(body: Body) -> str:
    """Return a digest that is equal only for equal requests."""
    digest = hashlib.sha256(json.dumps(body.talk, sort_keys=True).encode("utf-8"))
    for name, upload in sorted(body.files.items()):
        digest.update(name.encode("ascii"))
        upload.file.seek(0)
        while block := upload.file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _too_large(field_name: str, limit: int) -> InputTooLarge:
    return InputTooLarge(
        f"{field_name} should hold at most {limit / 1e6:g} MB, found more.",
        hint="Send a smaller file.",
    )
