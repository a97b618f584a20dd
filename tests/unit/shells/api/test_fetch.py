import socket
import threading
import time

import pytest

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.shells.api.errors import UrlRefused, UrlUnreachable
from sadtalker_ext.shells.api.fetch import fetch, post
from tests.support.api import answer, web

URL = "http://files.example/a"


@pytest.fixture
def get(internet, tmp_path):
    target = tmp_path / "file"

    def fetched(pages, url=URL, limit=1000, **policy):
        with web(pages, internet) as seen:
            fetched.seen = seen
            fetch(url, target, limit=limit, policy=internet.policy(**policy), field="source_url")
        return target.read_bytes()

    return fetched


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 10_000)


def drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def broken_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"x" * 10)


def test_a_file_is_saved_and_the_host_is_named(get):
    assert get({"/a": answer(b"hello")}) == b"hello"
    headers = get.seen[0][2]
    assert headers["Host"] == "files.example"
    assert headers["User-Agent"] == "sadtalker"
    assert "Authorization" not in headers


def test_redirects_are_followed_and_each_is_checked(get, internet):
    internet.names["other.example"] = ["93.184.216.35"]
    pages = {"/a": answer(status=302, Location="http://other.example/b"), "/b": answer(b"there")}
    assert get(pages) == b"there"
    assert internet.connected == ["93.184.216.34", "93.184.216.35"]


@pytest.mark.parametrize(
    "place",
    [
        "http://127.0.0.1/b",
        "http://[::1]/b",
        "http://inside.example/b",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "//inside.example/b",
        "http://user:pw@files.example/b",
    ],
)
def test_redirects_to_private_places_are_refused(get, internet, place):
    internet.names |= {
        "inside.example": ["10.0.0.7"],
        "127.0.0.1": ["127.0.0.1"],
        "::1": ["::1"],
        "169.254.169.254": ["169.254.169.254"],
    }
    with pytest.raises(UrlRefused):
        get({"/a": answer(status=302, Location=place), "/b": answer(b"secret")})
    assert internet.connected == ["93.184.216.34"]


def test_a_name_that_changes_its_address_is_asked_once_per_hop(get, internet):
    internet.names["files.example"] = [["93.184.216.34"], ["127.0.0.1"]]
    assert get({"/a": answer(b"public")}) == b"public"
    assert internet.asked == ["files.example"]
    assert internet.connected == ["93.184.216.34"]


def test_redirects_end(get):
    with pytest.raises(UrlUnreachable, match="redirects more than"):
        get({"/a": answer(status=302, Location="/a")})
    assert len(get.seen) == 4


def test_https_does_not_become_http(internet, tmp_path, monkeypatch):
    # the TLS part is left out: only the decision about the redirect is looked at
    import ssl

    class Plain:
        def wrap_socket(self, sock, server_hostname):
            return sock

    monkeypatch.setattr(ssl, "create_default_context", Plain)
    pages = {"/a": answer(status=302, Location="http://files.example/b")}
    target, policy = tmp_path / "f", internet.policy()
    with web(pages, internet), pytest.raises(UrlRefused, match="https"):
        fetch("https://files.example/a", target, limit=10, policy=policy, field="source_url")


@pytest.mark.parametrize("page", [answer(b"x" * 2000), endless], ids=["promised", "endless"])
def test_more_than_the_limit_is_refused_while_reading(get, page):
    with pytest.raises(InputTooLarge):
        get({"/a": page})


def test_a_slow_answer_is_cut_off(get):
    began = time.monotonic()
    with pytest.raises(UrlUnreachable, match="longer than"):
        get({"/a": drip}, seconds=0.5)
    assert time.monotonic() - began < 3


def test_slow_headers_are_cut_off(internet, tmp_path):
    """One byte now and then keeps every single read alive, but not the whole."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        internet.port = server.getsockname()[1]

        def serve():
            connection, _ = server.accept()
            with connection:
                for _ in range(100):
                    try:
                        connection.send(b"H")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises(UrlUnreachable):
            fetch(URL, tmp_path / "f", limit=10, policy=internet.policy(seconds=0.5), field="u")
        assert time.monotonic() - began < 3
        thread.join()


@pytest.mark.parametrize(
    "page",
    [
        answer(b"x", status=404),
        answer(b"x", status=500),
        answer(b"x", status=302),
        answer(b"x", Content_Encoding="gzip"),
        broken_off,
        lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"),
        lambda handler: None,
    ],
    ids=["404", "500", "no place", "gzip", "broken off", "nonsense", "nothing"],
)
def test_unusable_answers(get, page):
    with pytest.raises((UrlUnreachable, UrlRefused)):
        get({"/a": page})


def test_nobody_there(internet, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        internet.port = server.getsockname()[1]
    with pytest.raises(UrlUnreachable, match="cannot be reached"):
        fetch(URL, tmp_path / "f", limit=10, policy=internet.policy(), field="source_url")


def test_post_does_not_follow(internet):
    pages = {"/a": answer(status=307, Location="http://files.example/b"), "/b": answer()}
    with web(pages, internet) as seen:
        assert post(URL, b"{}", {"X-A": "1"}, policy=internet.policy()) == 307
    assert [(one[0], one[1], one[3]) for one in seen] == [("POST", "/a", b"{}")]
