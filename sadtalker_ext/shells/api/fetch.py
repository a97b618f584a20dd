"""HTTP for addresses in requests: one checked connection per hop, limits on time and size.

The standard library's client is used because it connects where it is told and follows nothing.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.shells.api.errors import UrlRefused, UrlUnreachable
from sadtalker_ext.shells.api.url_policy import PORTS, Target, UrlPolicy, check_url

_BLOCK = 1 << 16
_REDIRECTS = (301, 302, 303, 307, 308)
# what sockets, TLS and the HTTP parser raise; ValueError: a socket closed by the watchdog
_TROUBLE = (OSError, http.client.HTTPException, ValueError)


def fetch(url: str, target: Path, *, limit: int, policy: UrlPolicy, field: str) -> None:
    """Save what is under an address.

    Args:
        url: From the request.
        target: The file to write; not there yet.
        limit: Most bytes; counted while reading.
        policy: What may be fetched.
        field: Name of the request's field, for messages.

    Raises:
        UrlRefused: The policy forbids the address, or one it redirects to.
        UrlUnreachable: No connection, no 200, too slow, or cut off.
        InputTooLarge: More than `limit` bytes.
    """
    deadline = time.monotonic() + policy.seconds
    for _hop in range(policy.redirects + 1):
        place = check_url(url, policy, field)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        with _request("GET", place, policy, deadline, field, headers) as answer:
            if answer.status in _REDIRECTS:
                onward = urljoin(url, answer.getheader("Location", ""))
                if url.startswith("https:") and not onward.startswith("https:"):
                    raise UrlRefused(f"{field} leads from https to another protocol.", field=field)
                url = onward
                continue
            if answer.status != 200:
                raise UrlUnreachable(
                    f"{field} was answered with status {answer.status}, expected 200.",
                    hint="The address must lead to the file without logging in.",
                    field=field,
                )
            _save(answer, target, limit, deadline, policy.seconds, field)
            return
    raise UrlUnreachable(
        f"{field} redirects more than {policy.redirects} times.",
        hint="Give the final address.",
        field=field,
    )


def post(url: str, body: bytes, headers: Mapping[str, str], *, policy: UrlPolicy) -> int:
    """Send a webhook call; redirects are not followed.

    Returns:
        The status of the answer.

    Raises:
        UrlRefused: The policy forbids the address.
        UrlUnreachable: No answer in time.
    """
    place = check_url(url, policy, "webhook")
    deadline = time.monotonic() + policy.seconds
    with _request("POST", place, policy, deadline, "webhook", headers, body) as answer:
        return answer.status


@contextmanager
def _request(
    method: str,
    place: Target,
    policy: UrlPolicy,
    deadline: float,
    field: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Iterator[http.client.HTTPResponse]:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _too_slow(field, policy.seconds)
    default = place.port == PORTS[place.scheme]
    name = f"[{place.host}]" if ":" in place.host else place.host
    connection = _Connection(place, policy, left)
    # a timeout per read can be stretched for ever by one byte at a time: this ends the whole
    watchdog = threading.Timer(left, connection.cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        connection.request(
            method,
            place.path,
            body,
            {
                **headers,
                "Host": name if default else f"{name}:{place.port}",
                "User-Agent": policy.user_agent,
                "Connection": "close",
            },
        )
        answer = connection.getresponse()
    except _TROUBLE as problem:
        _give_up(watchdog, connection)
        if time.monotonic() >= deadline:
            raise _too_slow(field, policy.seconds) from problem
        raise UrlUnreachable(
            f"{field} cannot be reached: {_words(problem)}.", hint="Check the address.", field=field
        ) from problem
    try:
        yield answer
    finally:
        answer.close()
        _give_up(watchdog, connection)


def _save(
    answer: http.client.HTTPResponse,
    target: Path,
    limit: int,
    deadline: float,
    seconds: float,
    field: str,
) -> None:
    encoding = answer.getheader("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise UrlUnreachable(f"{field} is sent with the encoding {encoding!r}.", field=field)
    promised = answer.length
    if promised is not None and promised > limit:
        raise _too_large(field, limit)
    received = 0
    with target.open("wb") as file:
        while True:
            try:
                block = answer.read(_BLOCK)
            except _TROUBLE as problem:
                if time.monotonic() >= deadline:
                    raise _too_slow(field, seconds) from problem
                raise UrlUnreachable(
                    f"{field} broke off after {received} bytes.", field=field
                ) from problem
            if time.monotonic() >= deadline:
                raise _too_slow(field, seconds)
            if not block:
                break
            received += len(block)
            if received > limit:
                raise _too_large(field, limit)
            file.write(block)
    if promised is not None and received != promised:
        raise UrlUnreachable(f"{field} broke off after {received} bytes.", field=field)


class _Connection(http.client.HTTPConnection):
    """Connects to a checked address instead of resolving the name again."""

    def __init__(self, place: Target, policy: UrlPolicy, timeout: float) -> None:
        super().__init__(place.host, place.port, timeout=timeout)
        self._place = place
        self._policy = policy
        # of our own: the library forgets `sock` as soon as the headers are there
        self._line: socket.socket | None = None

    def connect(self) -> None:
        """Open the connection, with TLS for https."""
        place = self._place
        plain = self._policy.connect(place.address, place.port, self.timeout or 30.0)
        self.sock = self._line = plain
        if place.scheme == "https":
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=place.host)
        self._line = self.sock

    def cut(self) -> None:
        """End the connection under a reading thread."""
        if self._line is not None:
            with contextlib.suppress(OSError):
                # of the plain socket: the TLS one would take its state away from the reader
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def _give_up(watchdog: threading.Timer, connection: _Connection) -> None:
    watchdog.cancel()
    connection.close()


def _words(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    return "no usable answer" if not isinstance(problem, ConnectionError) else "connection refused"


def _too_slow(field: str, seconds: float) -> UrlUnreachable:
    return UrlUnreachable(f"{field} took longer than {seconds:g} seconds.", field=field)


def _too_large(field: str, limit: int) -> InputTooLarge:
    return InputTooLarge(
        f"{field} should hold at most {limit / 1e6:g} MB, found more.", hint="Send a smaller file."
    )
