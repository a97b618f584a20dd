"""Requests that no client library would send: raw bytes, slowly, without end, or broken off."""

import base64
import contextlib
import socket
import time

from tests.support.api import TALKS


def head(site, kind, *lines, method="POST", path=TALKS, user="ann", length=1_000_000_000):
    """Return the head of a request; with the user's credentials, where there are users."""
    words = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Type: {kind}"]
    if not any(line.startswith("Transfer-Encoding") for line in lines):
        words.append(f"Content-Length: {length}")
    if pair := site.auth(user) if user else None:
        encoded = base64.b64encode(":".join(pair).encode()).decode("ascii")
        words.append(f"Authorization: Basic {encoded}")
    return "\r\n".join([*words, *lines, "", ""]).encode("utf-8")


def raw(site, first, chunks=(), seconds=20.0):
    """Send bytes; return the answer and how many of the chunks' bytes went out."""
    sent, answer = 0, b""
    with socket.create_connection(("127.0.0.1", site.port), 5) as line:
        line.settimeout(seconds)
        line.sendall(first)
        with contextlib.suppress(OSError):  # the server has closed its side
            for chunk in chunks:
                line.sendall(chunk)
                sent += len(chunk)
        with contextlib.suppress(OSError):
            while block := line.recv(65536):
                answer += block
    return answer, sent


def drip(site, first, pause, seconds):
    """Send a byte now and then until there is an answer; return it, and how long it took."""
    began, answer, due = time.monotonic(), b"", 0.0
    with socket.create_connection(("127.0.0.1", site.port), 5) as line:
        line.sendall(first)
        line.settimeout(0.05)
        while time.monotonic() - began < seconds and b"\r\n\r\n" not in answer:
            with contextlib.suppress(OSError):  # nothing yet, or the server's side is closed
                if time.monotonic() >= due:
                    due = time.monotonic() + pause
                    line.sendall(b" ")
                answer += line.recv(65536)
        with contextlib.suppress(OSError):
            answer += line.recv(65536)
    return answer, time.monotonic() - began
