"""The page answers under its own names, to its own pages, and takes no more than the limits."""

import json
import socket

import pytest

pytest.importorskip("gradio")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from tests.support.api import wav
from tests.support.page_client import PageServer, Visitor

FORM = (
    b'--X\r\nContent-Disposition: form-data; name="files"; filename="big.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
FORM_TYPE = {"Content-Type": "multipart/form-data; boundary=X"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with PageServer(tmp_path_factory.mktemp("page"), "talk.example.org") as started:
        yield started


@pytest.fixture(scope="module")
def visitor(server):
    return Visitor(server)


@pytest.fixture
def foreign(server):
    """Requests of a page that its owner brought here under a name of their own."""
    host = f"evil.example:{server.port}"
    return {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}


def refused(answer):
    assert answer.status_code == 403, answer.text
    body = answer.json()
    assert body["code"] == "cross_site"
    return body["message"]


def requests(visitor):
    number, inputs = visitor.event("generate", "click")
    data = visitor.values(inputs, {"task": "task(1)"})
    event = {"data": data, "fn_index": number, "session_hash": "h"}
    yield "GET", "/", {}
    yield "GET", "/config", {}
    yield "GET", f"{visitor.prefix}/file=/etc/passwd", {}
    yield "POST", f"{visitor.prefix}/upload", {"files": {"files": ("x.wav", wav())}}
    yield "POST", f"{visitor.prefix}/run/predict", {"json": event}
    # a form of another site may send this without asking first
    plain = {"content": json.dumps(event), "headers": {"Content-Type": "text/plain"}}
    yield "POST", f"{visitor.prefix}/queue/join", plain


def test_a_name_that_is_not_the_servers_is_refused(server, visitor, foreign):
    before = server.files()
    for method, path, more in requests(visitor):
        more["headers"] = {**foreign, **more.get("headers", {})}
        answer = visitor.http.request(method, path, **more)
        assert "does not answer to the name" in refused(answer)
    assert server.files() == before


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_page_of_another_site_is_refused(server, visitor, origin):
    before = server.files()
    for method, path, more in requests(visitor):
        more["headers"] = {
            "Origin": origin, "Sec-Fetch-Site": "cross-site", **more.get("headers", {})
        }  # fmt: skip
        assert "other sites" in refused(visitor.http.request(method, path, **more))
        del more["headers"]["Sec-Fetch-Site"]  # an old browser
        assert "other sites" in refused(visitor.http.request(method, path, **more))
    assert server.files() == before


@pytest.mark.parametrize("site", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_a_socket_is_refused_as_well(server, site):
    """gradio 3 sends its events through one."""
    head = {
        "Host": f"127.0.0.1:{server.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
    } | site
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(f"GET /queue/join HTTP/1.1\r\n{lines}\r\n".encode())
        assert b" 403 " in connection.recv(4096).split(b"\r\n")[0]


def own_ways(server):
    own = f"127.0.0.1:{server.port}"
    local = f"localhost:{server.port}"
    yield {}
    yield {"Host": own, "Origin": f"http://{own}"}
    yield {"Host": local, "Origin": f"http://{local}", "Sec-Fetch-Site": "same-origin"}
    yield {"Host": f"LOCALHOST:{server.port}"}
    # proxies: one that keeps the name, and two that do not
    public = "https://talk.example.org"
    yield {"Host": "talk.example.org", "Origin": public, "Sec-Fetch-Site": "same-origin"}
    yield {"Host": own, "Origin": public}
    yield {"Host": own, "Origin": "https://any.example", "Sec-Fetch-Site": "same-origin"}


def test_its_own_names_and_proxies_are_welcome(server, visitor):
    for headers in own_ways(server):
        assert visitor.http.get("/config", headers=headers).status_code == 200, headers
        path = visitor.upload("speech.wav", wav(), **headers)
        assert path.startswith(str(server.uploads))


def test_a_link_on_another_site_leads_here(visitor):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert visitor.http.get("/", headers=headers).status_code == 200


def test_rest_keeps_its_own_answers(visitor, foreign):
    answer = visitor.http.get("/sadtalker/v1/health", headers=foreign)
    assert "does not answer to the name" in refused(answer)
    assert visitor.http.get("/sadtalker/v1/health").status_code == 200


def too_large(answer):
    assert answer.status_code == 413, answer.text
    assert "at most 1 MB" in answer.json()["message"]


def test_an_upload_over_the_limit_is_refused_and_not_kept(server, visitor):
    before = server.files()
    body = FORM + b"\0" * 1_100_000 + b"\r\n--X--\r\n"
    address = f"{visitor.prefix}/upload"
    too_large(visitor.http.post(address, content=body, headers=FORM_TYPE))
    # without saying how much comes
    too_large(visitor.http.post(address, content=iter([FORM] + [body] * 3), headers=FORM_TYPE))
    assert server.files() == before
    small = FORM + b"\0" * 900_000 + b"\r\n--X--\r\n"
    assert visitor.http.post(address, content=small, headers=FORM_TYPE).status_code == 200


def test_an_event_over_the_limit_is_refused(visitor):
    number, inputs = visitor.event("generate", "click")
    data = visitor.values(inputs, {"task": "x" * 1_100_000})
    if visitor.generation < 4:
        too_large(visitor.send_at_once(number, data))
        return
    body = {"data": data, "fn_index": number, "session_hash": "big"}
    too_large(visitor.http.post(f"{visitor.prefix}/queue/join", json=body))
