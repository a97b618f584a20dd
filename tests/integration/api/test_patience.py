"""Slow heads end, and an end does not wait for files that take long to look at."""

import asyncio
import contextlib
import select
import signal
import socket
import threading
import time

import httpx
import pytest

pytest.importorskip("uvicorn")

from sadtalker_ext.shells.api.patience import patient_protocol
from tests.support.api import TALKS, form, free_port, wait_until
from tests.support.harm import matroska_with_gaps
from tests.support.sites import Alone

SECONDS = 0.6


@pytest.fixture(scope="module")
def port():
    """A server that gives a head little time, and answers slowly."""
    import uvicorn

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await receive()
            await asyncio.sleep(2 * SECONDS)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"whole"})

    found = free_port()
    config = uvicorn.Config(
        app, port=found, http=patient_protocol(SECONDS), lifespan="off", log_level="warning"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield found
    server.should_exit = True
    thread.join()


def ended_after(port, pieces, pause=0.2):
    """Seconds until the server ends a connection that sends these pieces."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), 10) as line, contextlib.suppress(OSError):
        line.settimeout(10)
        for piece in pieces:
            line.sendall(piece)
            if select.select([line], [], [], pause)[0] and not line.recv(100):
                break
        else:
            while line.recv(100):
                pass
    return time.monotonic() - began


@pytest.mark.parametrize(
    "pieces",
    [[], [b"G"], [b"GET / HTTP/1.1\r\n"] + [b"X-A: b\r\n"] * 40, [b"\r\n"] * 40],
    ids=["nothing", "one letter", "a header now and then", "empty lines"],
)
def test_a_head_that_does_not_come_ends_the_connection(port, pieces):
    assert ended_after(port, pieces) < 4 * SECONDS


def test_slow_answers_and_second_requests_are_not_ended(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        for _ in range(2):
            assert client.get("/").text == "whole"


def test_an_end_does_not_wait_for_an_upload_that_is_looked_at(tmp_path):
    site = Alone(tmp_path, steered=False)
    site.start()
    # a quarter of an hour of silence at a high rate, several times
    large = matroska_with_gaps(rate=768_000.0, gaps=16)

    def send():
        try:
            httpx.post(f"{site.url}{TALKS}", timeout=60, **form(sound=large))
        except httpx.HTTPError:
            return

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    wait_until(lambda: len(list(site.inputs.iterdir())) == 4)
    time.sleep(0.5)
    began = time.monotonic()
    site.process.send_signal(signal.SIGTERM)
    try:
        site.process.wait(30)
        ended = time.monotonic() - began
        assert ended < 10.0
    finally:
        site.kill()
        for sender in senders:
            sender.join()
    assert "Traceback" not in site.printed()
