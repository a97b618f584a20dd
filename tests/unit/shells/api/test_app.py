import errno
import socket
import sqlite3

import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

from sadtalker_ext.errors import InvalidOption, SetupError
from sadtalker_ext.jobs.folder import DataFolder
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.shells.api.app import mount_routes
from sadtalker_ext.shells.api.auth import basic_auth, read_users
from sadtalker_ext.shells.api.settings import ApiSettings, Limits, limits_of
from sadtalker_ext.shells.cli import main
from tests.support.api import PREFIX, TALKS, FakeService, form, wait_final


async def swallow_everything(scope, receive, send):
    await PlainTextResponse("the page")(scope, receive, send)


@pytest.fixture
def host(tmp_path):
    """An app like the WebUI's: started, with routes, and a page at "/" that swallows the rest."""
    app = FastAPI()

    @app.get("/sdapi/v1/x")
    def native():
        return "native"

    app.mount("/", swallow_everything)
    with TestClient(app) as client:
        assert client.get("/sdapi/v1/x").json() == "native"
        yield app, client, ApiSettings(folder=tmp_path / "data")


def test_routes_are_added_to_a_running_app_with_a_page(host):
    app, client, settings = host
    state = mount_routes(app, FakeService(), settings)
    talk = client.post(TALKS, **form()).json()
    assert wait_final(client, talk["id"])["status"] == "done"
    assert client.get("/sdapi/v1/x").json() == "native"
    assert client.get("/anything").text == "the page"
    state.close()
    state.close()


def test_mounting_again_replaces_the_routes(host):
    app, client, settings = host
    counts = []
    for _ in range(3):
        state = mount_routes(app, FakeService(), settings)
        counts.append(len(app.router.routes))
        assert client.get(f"{PREFIX}/health").status_code == 200
        state.close()
    assert len(set(counts)) == 1


def test_the_folder_belongs_to_one_state(host):
    app, _client, settings = host
    state = mount_routes(app, FakeService(), settings)
    with pytest.raises(SetupError, match="in use"):
        mount_routes(app, FakeService(), settings)
    state.close()


def test_unknown_addresses_and_methods_of_our_own_app(shared):
    assert shared.get("/nothing").json()["code"] == "not_found"
    got = shared.put(TALKS)
    assert (got.status_code, got.json()["code"]) == (405, "method_not_allowed")
    assert shared.get("/", follow_redirects=False).status_code == 307


def test_what_no_route_below_ours_answers_is_refused_in_our_words(host):
    """A page that is mounted at "/" must not answer in our place."""
    app, client, settings = host
    state = mount_routes(app, FakeService(), settings)
    answers = {}
    for method, path in (
        ("PUT", TALKS), ("POST", f"{PREFIX}/health"), ("GET", f"{PREFIX}/nothing"), ("GET", PREFIX),
    ):  # fmt: skip
        got = client.request(method, path)
        assert {*got.json()} >= {"code", "message", "hint"}
        answers[method, path] = (got.status_code, got.json()["code"], got.headers.get("allow"))
    slash = client.get(f"{TALKS}/?limit=1", follow_redirects=False)
    assert (slash.status_code, slash.headers["location"]) == (
        307,
        f"http://testserver{TALKS}?limit=1",
    )
    state.close()
    assert [*answers.values()] == [
        (405, "method_not_allowed", "GET, POST"),
        (405, "method_not_allowed", "GET"),
        (404, "not_found", None),
        (404, "not_found", None),
    ]


def test_the_webuis_form_of_credentials():
    assert read_users("ann:a, bob:b:c") == {"ann": "a", "bob": "b:c"}
    assert basic_auth({"ann": "b:c"})("Basic YW5uOmI6Yw==") == "ann"
    for wrong in ("", "ann", "ann:", ":a", "ann:a,"):
        with pytest.raises(InvalidOption):
            read_users(wrong)


def test_nobody_else_gets_in_without_credentials(capsys, tmp_path, monkeypatch):
    for name in ("SADTALKER_API_AUTH", "SADTALKER_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    words = ["serve", "--host", "0.0.0.0", "--data-dir", str(tmp_path / "d")]  # noqa: S104
    assert main(words) == 2
    assert "credentials are needed" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_a_port_that_is_taken_is_told_before_anything_is_made(capsys, tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert main(["serve", "--port", port, "--data-dir", str(tmp_path / "d")]) == 3
    told = capsys.readouterr().err
    assert f"Port {port} of 127.0.0.1 is taken" in told and "--port" in told
    assert "http://" not in told
    assert not (tmp_path / "d").exists()


def test_a_page_that_may_gets_its_browser_s_consent(serve):
    """Without these headers the browser would neither send JSON nor show an answer to the page."""
    ask = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    seen = []
    with serve(origins=("https://a.example",)) as client:
        for origin in ("https://a.example", "https://b.example"):
            asked = client.options(TALKS, headers={"Origin": origin, **ask})
            got = client.get(f"{PREFIX}/health", headers={"Origin": origin})
            allowed = [one.headers.get("access-control-allow-origin") for one in (asked, got)]
            seen.append((asked.status_code, got.status_code, *allowed))
    assert seen == [
        (200, 200, "https://a.example", "https://a.example"),
        (400, 403, None, None),
    ]


@pytest.mark.parametrize(
    ("flag", "value"),
    [("--keep-days", "-1"), ("--keep-days", "nan"), ("--max-seconds", "0"), ("--max-queued", "0")],
)
def test_limits_that_mean_nothing_are_refused(capsys, tmp_path, monkeypatch, flag, value):
    monkeypatch.setattr(
        "sadtalker_ext.shells.api.serving.run_server", lambda *_, **__: pytest.fail("it serves")
    )
    assert main(["serve", "--data-dir", str(tmp_path / "d"), f"{flag}={value}"]) == 2
    assert f"{flag} should be at least" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk_full"),
        (sqlite3.OperationalError("database or disk is full"), "disk_full"),
        (MemoryError(), "out_of_memory"),
    ],
)
def test_a_full_machine_is_no_bug(client, monkeypatch, problem, code):
    def fail(*_words):
        raise problem

    monkeypatch.setattr(client.sadtalker.store, "add", fail)
    got = client.post(TALKS, **form())
    assert (got.status_code, got.json()["code"]) == (507, code)
    assert not list(client.sadtalker.folder.inputs.iterdir())


def test_old_results_are_forgotten(client):
    talk = client.post(TALKS, **form()).json()
    wait_final(client, talk["id"])
    assert client.sadtalker.runner.forget_older_than(60) == 0
    assert client.sadtalker.runner.forget_older_than(-1) == 1
    assert client.get(f"{TALKS}/{talk['id']}").status_code == 404
    assert not list(client.sadtalker.folder.results.iterdir())


def test_a_start_that_fails_lets_go_of_the_folder(tmp_path, monkeypatch):
    """The WebUI tries again at "Reload UI", in the same process."""
    settings = ApiSettings(folder=tmp_path / "d")
    DataFolder(settings.folder).database.write_bytes(b"no database at all" * 100)
    with pytest.raises(SetupError, match="job database") as first:
        mount_routes(FastAPI(), FakeService(), settings)
    (settings.folder / "jobs.sqlite3").unlink()
    with monkeypatch.context() as patch:
        full = sqlite3.OperationalError("database or disk is full")
        patch.setattr("sadtalker_ext.jobs.store.JobStore.recover", _raising(full))
        app = FastAPI()
        with pytest.raises(sqlite3.OperationalError) as second:
            mount_routes(app, FakeService(), settings)
        assert not [one for one in app.routes if one.path.startswith(PREFIX)]
    mount_routes(FastAPI(), FakeService(), settings).close()
    del first, second  # until here they keep what failed alive


def _raising(problem):
    def fail(*_words):
        raise problem

    return fail


def test_limits_follow_from_the_few_that_people_set():
    usual = Limits()
    assert limits_of(request_mb=200, video_seconds=900, queued=1000) == usual
    small = limits_of(request_mb=2, video_seconds=5, queued=3, megapixels=1, upload_seconds=8)
    assert small.body_bytes == small.json_bytes == small.image_bytes == small.audio_bytes == 2e6
    assert (small.memory_bytes, small.pixels, small.pause_seconds) == (8e6, 1e6, 1.0)
    assert (small.seconds, small.queued, small.body_seconds) == (5, 3, 8)
    # more pixels than the picture reader takes are not promised
    assert limits_of(request_mb=1, video_seconds=1, queued=1, megapixels=1e4).pixels == usual.pixels


def test_what_needs_no_device_has_a_queue_of_its_own(client):
    lanes = [
        client.sadtalker.lane_of(GenerateOptions(**options))
        for options in ({}, {"enhancer": "gfpgan"}, {"engine": "sadtalker"})
    ]
    assert lanes == ["cpu", "gpu", "gpu"]
    asked = GenerateOptions(engine="sadtalker")
    dubs = [client.sadtalker.lane_of(asked, dub) for dub in ({"face": "0"}, {"picture": True})]
    assert dubs == ["gpu", "cpu"]
