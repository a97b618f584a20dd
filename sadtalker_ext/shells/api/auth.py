"""Who may come in: HTTP Basic as the WebUI's `--api-auth`, or a bearer token.

All comparisons take the same time for every wrong answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from secrets import compare_digest
from typing import Any

from sadtalker_ext.errors import InvalidOption

Authenticate = Callable[[str], str | None]
"""Takes the value of the Authorization header (empty when absent), returns the name of the owner of
the jobs, or None to refuse."""

CHALLENGE = 'Basic realm="sadtalker", charset="UTF-8"'


def basic_auth(users: Mapping[str, str]) -> Authenticate:
    """Let in whoever knows one of the passwords.

    Args:
        users: Passwords by user name.
    """
    known = {_digest(name): (_digest(password), name) for name, password in users.items()}
    nobody = (_digest(""), "")

    def authenticate(header: str) -> str | None:
        kind, _, encoded = header.partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return None
        name, colon, password = pair.partition(":")
        expected, owner = known.get(_digest(name), nobody)
        # compared even for unknown names, and as digests, so time tells neither name nor length
        right = compare_digest(_digest(password), expected)
        return owner if right and colon and owner else None

    return authenticate


def token_auth(token: str) -> Authenticate:
    """Let in whoever sends `Authorization: Bearer TOKEN`."""
    expected = _digest(token)

    def authenticate(header: str) -> str | None:
        kind, _, given = header.partition(" ")
        right = compare_digest(_digest(given.strip()), expected)
        return "token" if kind.lower() == "bearer" and right else None

    return authenticate


def either(*ways: Authenticate) -> Authenticate:
    """Let in whoever any of the ways lets in."""

    def authenticate(header: str) -> str | None:
        found = [owner for way in ways if (owner := way(header)) is not None]
        return found[0] if found else None

    return authenticate


def asking(authenticate: Authenticate) -> Callable[[Any], str]:
    """Return a dependency for FastAPI that makes browsers ask for user and password."""
    from fastapi import HTTPException, Request

    def user_of(request: Any) -> str:
        user = authenticate(request.headers.get("authorization", ""))
        if user is None:
            raise HTTPException(401, headers={"WWW-Authenticate": CHALLENGE})
        return user

    # FastAPI looks at the annotation to know what to hand over
    user_of.__annotations__ = {"request": Request, "return": str}
    return user_of


def read_users(text: str) -> dict[str, str]:
    """Read the WebUI's form of credentials: `user:password`, several separated by commas.

    Raises:
        InvalidOption: An entry has no user or no password.
    """
    users = {}
    for entry in text.split(","):
        name, _, password = entry.strip().partition(":")
        if not name or not password:
            raise InvalidOption(
                "Credentials should be user:password, several separated by commas.",
                hint="Neither part may be empty.",
            )
        users[name] = password
    return users


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
