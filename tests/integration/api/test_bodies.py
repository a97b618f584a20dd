"""Bodies that are too large, too slow, broken off, or not what they say."""

import contextlib
import json
import socket
import threading
import time

import pytest

from tests.integration.api.wire import drip, head, raw
from tests.support.api import TALKS, form, png, wait_final, wait_until
from tests.support.sites import LIMITS

LONGEST = LIMITS["request_mb"] * 1_000_000


def refused(got, status, code):
    assert (got.status_code, got.json()["code"]) == (status, code), got.text


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_of_a_gigabyte_is_refused_by_its_length(site, kind):
    answer, sent = raw(site, head(site, kind), [b" " * 65536] * 200)
    assert answer.startswith(b"HTTP/1.1 413") or (not answer and sent < 10_000_000)
    assert site.alive()


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_an_endless_body_is_refused_while_reading(site, client, kind):
    piece = b"%x\r\n%s\r\n" % (65536, b" " * 65536)
    _answer, sent = raw(site, head(site, kind, "Transfer-Encoding: chunked"), [piece] * 16_000)
    # a gigabyte was on its way; the limit is two megabytes, the rest are buffers on the way
    assert sent < 50_000_000
    assert client.get(TALKS).status_code == 200


@pytest.mark.parametrize("as_form", [True, False])
def test_bodies_over_the_limit(client, as_form):
    if as_form:
        got = client.post(TALKS, **form(picture=b"x" * (LONGEST + 1)))
    else:
        got = client.post(TALKS, json={"source_image": "A" * (LONGEST + 1)})
    refused(got, 413, "input_too_large")

    def chunks():
        if as_form:
            yield b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a"\r\n\r\n'
        for _ in range(LONGEST // 100_000 + 2):
            yield b" " * 100_000

    kind = "multipart/form-data; boundary=b" if as_form else "application/json"
    got = client.post(TALKS, content=chunks(), headers={"Content-Type": kind})
    refused(got, 413, "input_too_large")


@pytest.mark.parametrize("pause", [0.3, 4.0], ids=["steady drip", "long pause"])
def test_a_slow_body_is_cut_off(site, pause):
    slow = head(site, "application/json", length=1000)
    answer, seconds = drip(site, slow, pause, 3 * LIMITS["upload_seconds"])
    assert answer.startswith(b"HTTP/1.1 408"), answer[:100]
    assert b"body_too_slow" in answer
    assert seconds < 1.5 * LIMITS["upload_seconds"]


def test_a_client_that_leaves_in_the_middle_harms_nobody(site, client):
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        with socket.create_connection(("127.0.0.1", site.port), 5) as line:
            line.sendall(head(site, kind, length=1000) + b"{")
    talk = client.post(TALKS, **form())
    assert talk.status_code == 201
    assert wait_final(client, talk.json()["id"])["status"] == "done"


def test_many_large_bodies_at_once_do_not_fill_the_memory(site, client):
    """Eight bodies that never end: together they may hold four times the largest one."""
    answers = []

    def send():
        answer, _ = raw(
            site, head(site, "application/json", length=LONGEST), [b" " * (LONGEST - 1)], 5.0
        )
        answers.append(answer.split(b"\r\n")[0])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert any(b" 429" in answer for answer in answers), answers
    # what was counted is given back
    assert client.post(TALKS, json={"name": "x" * 100_000}).status_code == 422
    assert client.post(TALKS, **form()).status_code == 201


def test_a_full_queue_says_when_to_come_back(site):
    """Nobody can fill the disk with waiting jobs; they are cancelled at the end."""
    site.control.set("hold")
    made, full = [], []

    def send():
        with site.http() as client:
            for _ in range(LIMITS["queued"] // 8 + 2):
                got = client.post(TALKS, **form())
                for _ in range(5):
                    if got.status_code == 408:  # a busy machine was too slow for its short limit
                        got = client.post(TALKS, **form())
                (made if got.status_code == 201 else full).append(got)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {got.status_code for got in full} == {429}
    assert full[0].json()["code"] == "too_many_jobs"
    assert full[0].headers["retry-after"]
    # two requests at the same moment may both see the last place free
    assert LIMITS["queued"] <= len(made) < LIMITS["queued"] + 8
    with site.http() as client:
        for got in made:
            assert client.delete(f"{TALKS}/{got.json()['id']}").status_code == 200
        site.control.clear()
        site.rest()
        wait_until(lambda: not list(site.inputs.iterdir()))


def test_too_many_streams_are_refused(site, client):
    site.control.set("hold")
    talk = client.post(TALKS, **form()).json()
    path = f"{TALKS}/{talk['id']}/events"
    most = site.health()["limits"]["streams"]
    watch = head(site, "text/plain", method="GET", path=path, length=0)
    with contextlib.ExitStack() as lines:
        for _ in range(most):
            line = lines.enter_context(socket.create_connection(("127.0.0.1", site.port), 5))
            line.sendall(watch)
            line.settimeout(10)
            assert b"200" in line.recv(100).split(b"\r\n")[0]
        refused(client.get(path), 429, "too_many_jobs")
    # the server notices that they have left when it tells them something
    site.control.clear()
    wait_final(client, talk["id"])
    wait_until(lambda: client.get(path).status_code == 200)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"name": NaN}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"config": {"seed": ' + b"9" * 10_000 + b"}}", 400),
        (b'{"config": {"seed": 1e999}}', 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b"{}", 422),
        (b'{"name": "a\\u0000b", "source_image": "AA"}', 422),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else None,
)
def test_json_that_is_none(client, content, status):
    got = client.post(TALKS, content=content, headers={"Content-Type": "application/json"})
    assert got.status_code == status, got.text
    assert {"code", "message", "hint"} <= set(got.json())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": ""}, 415),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "multipart/form-data"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 400),
        ({"Content-Type": "multipart/form-data; boundary=" + "x" * 500}, 400),
        ({"Content-Type": "application/json", "Idempotency-Key": "k" * 500}, 422),
    ],
    ids=str,
)
def test_bodies_of_the_wrong_kind(client, headers, status):
    got = client.post(TALKS, content=b"garbage", headers=headers)
    assert got.status_code == status, got.text


def test_a_negative_length(site):
    answer, _ = raw(site, head(site, "application/json", length=-1), [b"{}"], 5.0)
    assert answer.startswith(b"HTTP/1.1 400"), answer[:100]


def test_unexpected_parts_of_a_form(client):
    extra = form()
    extra["files"]["shell"] = ("x.sh", b"x")
    assert client.post(TALKS, **extra).status_code in (400, 422)
    twice = [("source_image", ("a", png())), ("source_image", ("b", png()))]
    assert client.post(TALKS, files=twice).status_code == 422
    many = {f"f{index}": (None, "x") for index in range(100)}
    assert client.post(TALKS, files=many).status_code in (400, 422)


def test_the_loop_is_not_held_by_a_large_body(client, site):
    """While a body of the largest size is parsed, others are answered."""
    text = json.dumps({"source_image": "A" * (LONGEST - 1000)}).encode()
    sender = threading.Thread(
        target=raw, args=(site, head(site, "application/json", length=len(text)), [text], 2.0)
    )
    sender.start()
    began = time.monotonic()
    assert client.get(TALKS).status_code == 200
    assert time.monotonic() - began < 2.0
    sender.join()
