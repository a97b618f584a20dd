"""Where there are passwords: asked for everywhere, and each user has files of their own."""

import pytest

pytest.importorskip("gradio")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

from tests.integration.page.test_foreign_files import generate, picture_of
from tests.support.api import png, wav
from tests.support.page_client import PageServer, Visitor, words_of

PAGES = [
    "/",
    "/config",
    "/info",
    "/theme.css",
    "/assets/x.js",
    "/static/x",
    "/queue/data",
    "/nothing",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with PageServer(tmp_path_factory.mktemp("page"), users={"ann": "a", "bob": "b"}) as started:
        yield started


@pytest.fixture(scope="module")
def ann(server):
    visitor = Visitor(server, auth=("ann", "a"))
    if visitor.generation < 4:
        pytest.skip("the queue of gradio 3 asks its own server without credentials")
    yield visitor
    visitor.http.close()


@pytest.fixture(scope="module")
def bob(server):
    visitor = Visitor(server, auth=("bob", "b"))
    yield visitor
    visitor.http.close()


def paths_of(message):
    """Every file that an answer shows."""
    found, waiting = [], [message["output"]["data"]]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            name = one.get("path") or (one.get("is_file") and one.get("name"))
            found += [name] if name else []
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def test_every_route_asks_for_the_password(server, ann):
    places = [*PAGES, *(f"{ann.prefix}{one}" for one in (*PAGES, "/file=/etc/passwd"))]
    import httpx

    with httpx.Client(base_url=server.url, timeout=60) as nobody:
        for place in places:
            assert nobody.get(place).status_code == 401, place
            wrong = nobody.get(place, auth=("ann", "b"))
            assert wrong.status_code == 401
            assert wrong.headers["www-authenticate"].startswith("Basic")
        for place in ("/upload", "/queue/join", "/run/predict", "/api/predict", "/nothing"):
            answer = nobody.post(f"{ann.prefix}{place}", files={"files": ("x", b"x")})
            assert answer.status_code == 401, place
    assert not server.files()


def test_what_one_user_made_is_not_anothers(server, ann, bob):
    upload = ann.upload("speech.wav", wav())
    answer = generate(ann, picture_of(ann), ann.file(upload))
    assert answer["success"], answer
    (video, *_more) = [one for one in paths_of(answer) if one.endswith(".mp4")]
    for path in (video, upload):
        for way in ("file=", "file/"):
            address = f"{ann.prefix}/{way}{path}"
            assert bob.http.get(address).status_code == 404, address
        mine = ann.http.get(f"{ann.prefix}/file={path}")
        assert mine.status_code == 200
    # nor may it be named in an event
    for field in ("speech_file", "speech_video"):
        try:
            said = words_of(bob.send("generate", "click", **{field: bob.file(upload)}))
        except Exception as refused:  # noqa: BLE001  by status, or by the end of a socket
            said = str(refused)
        assert ".mp4" not in said


def test_the_results_folder_is_served_to_nobody(server, ann):
    upload = ann.upload("speech.wav", wav())
    generate(ann, picture_of(ann), ann.file(upload))
    (one, *_more) = (server.base / "data" / "page").rglob("*.mp4")
    for path in (one, server.base / "data" / "jobs.sqlite3", server.base / "server.log"):
        assert ann.http.get(f"{ann.prefix}/file={path}").status_code == 404


def test_two_users_with_one_file(ann, bob):
    """gradio gives equal files one place."""
    same = wav(0.3)
    path = ann.upload("same.wav", same)
    assert bob.http.get(f"{bob.prefix}/file={path}").status_code == 404
    assert bob.upload("same.wav", same) == path
    assert bob.http.get(f"{bob.prefix}/file={path}").content == same


def test_addresses_are_not_fetched_for_anybody(ann):
    for place in (
        "file=http://127.0.0.1:1/x",
        "proxy=http://127.0.0.1:1/x",
        "file=https://a.hf.space/x",
    ):
        assert ann.http.get(f"{ann.prefix}/{place}").status_code == 404, place


def test_a_picture_is_looked_at_within_the_limits(ann):
    if ann.generation < 5:
        pytest.skip("gradio 3 and 4 decode pictures themselves")
    large = ann.file(ann.upload("large.png", png(2200, 2200)))
    said = words_of(generate(ann, large, ann.file(ann.upload("speech.wav", wav()))))
    assert "4 megapixels" in said
    long = ann.file(ann.upload("long.wav", wav(21.0)))
    assert "20 seconds" in words_of(generate(ann, picture_of(ann), long))
