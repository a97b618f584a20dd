"""A real server process on loopback: many clients, sudden death, hostile bodies."""

import contextlib
import socket
import statistics
import threading
import time
from collections import Counter

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

import httpx

from sadtalker_ext.client import ApiError, Client
from tests.support.api import TALKS, form, png, wav
from tests.support.server import Server, fake_server

CLIENTS, JOBS_EACH = 20, 10
SLOWEST_STATUS = 0.050


def run_clients(url, picture, speech, *, clients, jobs_each, seconds):
    """Queue jobs from many clients at once: the finished talks, and times of status calls."""
    talks, times, failures = {}, [], []

    def work(number):
        try:
            with Client(url) as client:
                mine = [
                    client.create(picture, speech, config={"seed": number * 1000 + index})
                    for index in range(jobs_each)
                ]
                deadline = time.monotonic() + seconds
                while mine:
                    assert time.monotonic() < deadline, "not done in time"
                    for talk in list(mine):
                        began = time.perf_counter()
                        now = client.get(talk.id)
                        times.append(time.perf_counter() - began)
                        if now.final:
                            talks[talk.id] = now
                            mine.remove(talk)
                        time.sleep(0.2)
        except Exception as problem:  # noqa: BLE001 - told by the main thread
            failures.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
    return talks, times


def percentile(times, share):
    return statistics.quantiles(times, n=100)[round(share * 100) - 1]


def test_no_job_of_many_clients_is_lost_or_made_twice(tmp_path):
    journal = tmp_path / "journal"
    with fake_server(tmp_path / "data", journal) as server:
        talks, times = run_clients(
            server.url, png(), wav(), clients=CLIENTS, jobs_each=JOBS_EACH, seconds=240
        )
    assert len(talks) == CLIENTS * JOBS_EACH
    assert {talk.status for talk in talks.values()} == {"done"}
    made = Counter(int(line) for line in journal.read_text().split())
    wanted = {number * 1000 + index for number in range(CLIENTS) for index in range(JOBS_EACH)}
    assert set(made) == wanted
    assert set(made.values()) == {1}
    print(f"status calls: {len(times)}, p95 {percentile(times, 0.95) * 1000:.1f} ms")


def test_every_job_is_accounted_for_after_a_sudden_death(tmp_path):
    data, journal = tmp_path / "data", tmp_path / "journal"
    count = 12
    with fake_server(data, journal, 0.05) as server, Client(server.url) as client:
        ids = [client.create(png(), wav(), config={"seed": seed}).id for seed in range(count)]
        deadline = time.monotonic() + 60
        while client.get(ids[2]).status != "started":
            assert time.monotonic() < deadline
            time.sleep(0.01)
        server.kill()
    done_before = set(journal.read_text().split())
    assert 0 < len(done_before) < count
    with fake_server(data, journal, 0.0) as server, Client(server.url) as client:
        talks = [client.wait(talk_id, timeout=120) for talk_id in ids]
        assert client.health()["jobs"]["done"] == count
        for talk in talks:
            assert client.download(talk.id, tmp_path / "v.mp4").stat().st_size > 0
    assert [talk.raw["attempts"] for talk in talks].count(2) == 1
    made = Counter(journal.read_text().split())
    # only the job that was being made is made again
    assert sorted(made.values()) == [1] * (count - 1) + [2]
    assert not list((data / "inputs").iterdir())
    assert len(list((data / "results").iterdir())) == count


def test_a_job_that_kills_the_process_twice_is_an_error(tmp_path):
    data, journal = tmp_path / "data", tmp_path / "journal"
    talk_id = ""
    for _ in range(2):
        with fake_server(data, journal, 5.0) as server, Client(server.url) as client:
            talk_id = talk_id or client.create(png(), wav()).id
            deadline = time.monotonic() + 60
            while client.get(talk_id).status != "started":
                assert time.monotonic() < deadline
                time.sleep(0.01)
            server.kill()
    with fake_server(data, journal) as server, Client(server.url) as client:
        talk = client.get(talk_id)
        assert (talk.status, talk.error.code) == ("error", "interrupted")


def test_an_orderly_end_is_quick_and_costs_no_try(tmp_path):
    data, journal = tmp_path / "data", tmp_path / "journal"
    with fake_server(data, journal, 0.2) as server, Client(server.url) as client:
        talk = client.create(png(), wav(4.0))
        time.sleep(0.5)
        began = time.monotonic()
        server.end()
        assert time.monotonic() - began < 20
    with fake_server(data, journal) as server, Client(server.url) as client:
        assert client.wait(talk.id, timeout=60).raw["attempts"] == 1


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    with fake_server(folder / "data", folder / "journal") as opened:
        yield opened


def raw(server, head, chunks=(), seconds=20.0):
    """Send bytes slowly or without end; returns the answer and how many bytes went out."""
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.settimeout(seconds)
        line.sendall(head)
        try:
            for chunk in chunks:
                line.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass  # the server has closed its side
        answer = b""
        try:
            while block := line.recv(65536):
                answer += block
        except OSError:
            pass
    return answer, sent


def head(kind, length="Content-Length: 1000000000"):
    return (
        f"POST {TALKS} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{length}\r\n\r\n"
    ).encode("ascii")


def test_a_body_of_a_gigabyte_is_refused_by_its_length(server):
    answer, sent = raw(server, head("application/json"), [b" " * 65536] * 200)
    assert answer.startswith(b"HTTP/1.1 413") or (not answer and sent < 10_000_000)
    assert server.process.poll() is None


def test_an_endless_body_is_refused_while_reading(server):
    piece = b"%x\r\n%s\r\n" % (65536, b" " * 65536)
    kind = "multipart/form-data; boundary=x"
    _answer, sent = raw(server, head(kind, "Transfer-Encoding: chunked"), [piece] * 16_000)
    # a gigabyte was on its way; the limit is two megabytes, the rest are buffers on the way
    assert sent < 50_000_000
    assert httpx.get(server.url + TALKS).status_code == 200


@pytest.mark.parametrize("pause", [0.3, 2.0], ids=["steady drip", "long pause"])
def test_a_slow_body_is_cut_off(server, pause):
    def drip():
        for _ in range(40):
            time.sleep(pause)
            yield b" "

    began = time.monotonic()
    slow = head("application/json", "Content-Length: 1000")
    with socket.create_connection(("127.0.0.1", server.port), 5) as line:
        line.sendall(slow)
        line.settimeout(0.01)
        answer, source = b"", drip()
        while time.monotonic() - began < 15 and b"\r\n\r\n" not in answer:
            with contextlib.suppress(OSError):  # nothing yet, or the server's side is closed
                line.sendall(next(source))
                answer += line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408"), answer[:100]
    assert b"body_too_slow" in answer
    assert time.monotonic() - began < 12


def test_a_client_that_leaves_in_the_middle_harms_nobody(server):
    for kind in ("application/json", "multipart/form-data; boundary=x"):
        with socket.create_connection(("127.0.0.1", server.port), 5) as line:
            line.sendall(head(kind, "Content-Length: 1000") + b"{")
    assert httpx.post(server.url + TALKS, **form()).status_code == 201


@pytest.mark.slow
def test_many_clients_on_the_built_in_engine(tmp_path):
    """The numbers of the README; needs the face models. On a machine with other work they lie."""
    from tests.support.server import ROOT

    command = ["-m", "sadtalker_ext", "serve", "--port", "PORT", "--data-dir", tmp_path / "data"]
    server = Server(command)
    try:
        talks, times = run_clients(
            server.url,
            ROOT / "examples" / "portrait.png",
            wav(0.6, 16000),
            clients=CLIENTS,
            jobs_each=JOBS_EACH,
            seconds=3600,
        )
        with Client(server.url) as client:
            counts = client.health()["jobs"]
            with pytest.raises(ApiError):
                client.get("tlk_none")
    finally:
        server.kill()
    p95 = percentile(times, 0.95)
    print(f"status calls while rendering: {len(times)}, p95 {p95 * 1000:.1f} ms")
    assert len(talks) == counts["done"] == CLIENTS * JOBS_EACH
    assert {talk.raw["attempts"] for talk in talks.values()} == {1}
    assert p95 < SLOWEST_STATUS
