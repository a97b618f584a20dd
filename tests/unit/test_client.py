import json
from itertools import pairwise

import pytest

pytest.importorskip("httpx")
pytest.importorskip("fastapi")

import httpx
from fastapi.testclient import TestClient

from sadtalker_ext.client import ApiError, Client
from sadtalker_ext.shells.api.app import build_app
from sadtalker_ext.shells.api.auth import basic_auth, either, token_auth
from sadtalker_ext.shells.api.settings import ApiSettings
from tests.support.api import FakeService, Journal, png, wav
from tests.support.media import write_mute_video


@pytest.fixture
def engine():
    return Journal()


@pytest.fixture
def server(tmp_path, engine):
    auth = either(basic_auth({"ann": "a"}), token_auth("t"))
    app = build_app(FakeService(engine), ApiSettings(folder=tmp_path / "data", auth=auth))
    with TestClient(app) as opened:
        yield opened
        engine.free.set()


class Through(httpx.BaseTransport):
    """Hands requests to the app; can lose answers."""

    def __init__(self, server, lost=0):
        self.server, self.lost, self.sent = server, lost, []
        self.before = lambda request: None

    def handle_request(self, request):
        self.sent.append(request)
        self.before(request)
        request.read()
        headers = [(name, value) for name, value in request.headers.items() if name != "host"]
        got = self.server.request(
            request.method, str(request.url), content=request.content, headers=headers
        )
        if self.lost:
            self.lost -= 1
            raise httpx.ReadError("the line broke")
        return httpx.Response(got.status_code, headers=got.headers, content=got.content)


@pytest.fixture
def client(server):
    with Client("http://testserver", auth=("ann", "a"), transport=Through(server)) as opened:
        yield opened


def test_make_saves_the_video(client, tmp_path):
    (tmp_path / "p.png").write_bytes(png())
    (tmp_path / "s.wav").write_bytes(wav())
    seen = []
    talk = client.make(
        tmp_path / "p.png",
        str(tmp_path / "s.wav"),
        tmp_path / "video.mp4",
        config={"seed": 3},
        on_progress=seen.append,
    )
    assert talk.metadata["seed"] == 3
    assert (tmp_path / "video.mp4").read_bytes()[4:8] == b"ftyp"
    assert seen[-1].fraction == 1.0
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "p.png",
        "s.wav",
        "video.mp4",
    ]


def test_a_file_that_exists_is_kept_unless_asked(client, tmp_path):
    file = tmp_path / "v.mp4"
    file.write_bytes(b"mine")
    before = len([*client.list()])
    with pytest.raises(FileExistsError, match="overwrite=True"):
        client.make(png(), wav(), file)
    assert file.read_bytes() == b"mine"
    assert len([*client.list()]) == before, "told before the work"
    client.make(png(), wav(), file, overwrite=True)
    assert file.read_bytes() != b"mine"


def test_a_video_to_borrow_motion_from_travels_along(client, engine, tmp_path, monkeypatch):
    given = []

    class Noting(engine.rig):
        def plan(self, performance, *rest):
            given.append(performance.driving)
            return super().plan(performance, *rest)

    monkeypatch.setattr(engine, "rig", Noting)
    video = write_mute_video(tmp_path / "r.mp4", seconds=0.4)
    client.make(png(), wav(), tmp_path / "v.mp4", reference_video=video)
    assert given[0].head is not None
    assert given[0].head is given[0].lids


def test_a_lost_answer_makes_no_second_job(server, engine):
    through = Through(server, lost=1)
    with Client("http://testserver", auth=("ann", "a"), transport=through) as client:
        talk = client.create(png(), wav())
        client.wait(talk.id, timeout=20, every=0.05)
        assert [one.id for one in client.list()] == [talk.id]
    assert len(engine.seeds) == 1


def test_refusals_are_errors_with_code_and_field(client):
    with pytest.raises(ApiError) as caught:
        client.create(png(), wav(), config={"head_motion": 9})
    error = caught.value
    assert (error.status, error.code, error.field) == (422, "invalid_request", "config.head_motion")
    with pytest.raises(ApiError) as caught:
        client.get("tlk_none")
    assert caught.value.code == "not_found"


def test_failed_jobs_are_errors(client, engine):
    from sadtalker_ext.errors import NoFaceFound

    engine.fail_at, engine.error = 0, NoFaceFound("No face found.")
    with pytest.raises(ApiError, match="No face found") as caught:
        client.wait(client.create(png(), wav()).id, every=0.05)
    assert caught.value.code == "no_face"


def test_waiting_ends(client, engine, tmp_path):
    engine.free.clear()
    with pytest.raises(TimeoutError):
        client.make(png(), wav(), tmp_path / "v.mp4", timeout=0.3)
    engine.free.set()
    assert [talk.status for talk in client.list()] != ["done"]
    assert not (tmp_path / "v.mp4").exists()


def test_watch_goes_on_where_a_stream_ends_early(tmp_path, engine):
    """A WebUI ends streams after a while, because its own end waits for them."""
    settings = ApiSettings(folder=tmp_path / "data", stream_seconds=0.3)
    asked = []

    def third_time(request):
        asked.append(request.url.path)
        if asked.count(f"/sadtalker/v1/talks/{talk.id}/events") == 3:
            engine.free.set()

    engine.free.clear()
    with TestClient(build_app(FakeService(engine), settings)) as server:
        through = Through(server)
        with Client("http://testserver", transport=through) as client:
            talk = client.create(png(), wav())
            through.before = third_time
            seen = list(client.watch(talk.id))
            assert client.get(talk.id).status == "done"
    assert seen[-1].fraction == 1.0
    assert all(before != after for before, after in pairwise(seen))


def test_watch_lists_and_descriptions(client):
    talks = [client.create(png(), wav()) for _ in range(3)]
    assert list(client.watch(talks[-1].id))[-1].fraction == 1.0
    assert [talk.id for talk in client.list(limit=2)] == [talk.id for talk in talks[::-1]]
    assert client.delete(talks[0].id).id == talks[0].id
    assert client.engines()["default"] == "puppet"
    assert client.health()["status"] == "ok"
    assert "seed" in client.options()["properties"]
    assert "voices" in client.voices()


def test_tokens_and_wrong_credentials(server):
    with Client("http://testserver", token="t", transport=Through(server)) as client:  # noqa: S106
        assert client.health()["status"] == "ok"
    with Client("http://testserver", transport=Through(server)) as client:
        with pytest.raises(ApiError) as caught:
            client.health()
        assert caught.value.status == 401


def test_addresses_and_texts_go_as_json():
    sent = []

    def answer(request):
        sent.append(json.loads(request.content))
        progress = {"stage": "queued", "text": "Waiting", "fraction": 0.0}
        talk = {"id": "tlk_x", "status": "created", "progress": progress}
        return httpx.Response(201, json=talk)

    with Client(transport=httpx.MockTransport(answer)) as client:
        client.create("https://a.example/p.png", "https://a.example/s.mp3", user_data="u")
        client.create("https://a.example/p.png", text="Hello", voice="en-us")
        client.create(
            "https://a.example/p.png",
            config={"idle_seconds": 2},
            reference_video="https://a.example/r.mp4",
        )
    assert sent[2]["driver_url"] == "https://a.example/r.mp4"
    assert sent[0] == {
        "source_url": "https://a.example/p.png",
        "script": {"type": "audio", "audio_url": "https://a.example/s.mp3"},
        "config": {},
        "user_data": "u",
    }
    assert sent[1]["script"] == {
        "type": "text",
        "input": "Hello",
        "provider": {"voice_id": "en-us"},
    }


def test_a_server_that_is_gone_does_not_hide_that_the_time_is_over(tmp_path):
    def answer(request):
        if request.method == "DELETE":
            raise httpx.ConnectError("nobody there")
        progress = {"stage": "queued", "text": "Waiting", "fraction": 0.0}
        return httpx.Response(200, json={"id": "x", "status": "created", "progress": progress})

    with (
        Client(transport=httpx.MockTransport(answer)) as client,
        pytest.raises(TimeoutError, match="longer than 0 seconds"),
    ):
        client.make("https://a.example/p.png", None, tmp_path / "a.mp4", text="Hi", timeout=0)


def test_a_server_that_is_not_reached_for_a_while_is_asked_again():
    asked = []

    def answer(request):
        asked.append(request.url.path)
        if len(asked) in lost:
            raise httpx.ConnectError("nobody there")
        progress = {"stage": "done", "text": "Done", "fraction": 1.0}
        return httpx.Response(200, json={"id": "x", "status": "done", "progress": progress})

    with Client(transport=httpx.MockTransport(answer)) as client:
        lost = range(1, 4)
        assert client.wait("x", every=0.001).status == "done"
        assert len(asked) == 4
        lost, asked = range(1000), []
        with pytest.raises(httpx.ConnectError, match=r"at http://127\.0\.0\.1:7861 \(nobody there"):
            client.wait("x", every=0.001)
        assert len(asked) == 6
