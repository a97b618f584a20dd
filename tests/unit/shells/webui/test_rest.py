"""REST routes under the WebUI's rules."""

import pytest

fastapi = pytest.importorskip("fastapi")
httpx = pytest.importorskip("httpx")


@pytest.fixture
def rest(webui):
    from sadtalker_ext.shells.webui import house, rest

    house.service.cache_clear()
    yield rest
    rest.unmount()
    house.service.cache_clear()


def answers(app, **more):
    from fastapi.testclient import TestClient

    return TestClient(app).get("/sadtalker/v1/engines", **more).status_code


@pytest.mark.parametrize(
    ("flags", "there"),
    [
        ({"api": True}, True),
        ({"api": False, "nowebui": True}, True),
        ({"api": False}, False),
        ({"api": True, "sadtalker_no_api": True}, False),
    ],
)
def test_routes_are_there_when_the_hosts_own_are(rest, webui, flags, there):
    vars(webui("shared").cmd_opts).update(flags)
    app = fastapi.FastAPI()
    rest.mount(app)
    assert answers(app) == (200 if there else 404)


def test_the_hosts_credentials_guard_our_routes(rest, webui):
    webui("shared").cmd_opts.api_auth = "me:secret,you:other"
    app = fastapi.FastAPI()
    rest.mount(app)
    assert answers(app) == 401
    assert answers(app, auth=("me", "other")) == 401
    assert answers(app, auth=("you", "other")) == 200


def test_the_hosts_switch_for_addresses_counts_at_once(rest, webui):
    assert rest._url_policy().enabled
    webui("shared").opts.data.update(api_enable_requests=False, api_useragent="mine")
    assert not rest._url_policy().enabled
    assert rest._url_policy().user_agent == "mine"


def test_a_second_mount_takes_the_place_of_the_first(rest):
    first, second = fastapi.FastAPI(), fastapi.FastAPI()
    rest.mount(first)
    rest.mount(second)
    assert answers(second) == 200
    assert len(rest._mounted) == 1


def test_jobs_lie_outside_the_hosts_folder(rest, tmp_path):
    folder = rest.job_folder(tmp_path / "webui", 7860)
    assert (tmp_path / "webui") not in folder.parents
    assert folder == rest.job_folder(tmp_path / "webui", 7860)
    assert folder != rest.job_folder(tmp_path / "webui", 7861)
    assert folder != rest.job_folder(tmp_path / "other", 7860)


def test_the_hosts_flags_for_web_pages_count(rest, webui):
    flags = webui("shared").cmd_opts
    evil = {"headers": {"Origin": "https://a.example"}}
    seen = []
    for origins, pattern in (
        (None, None),
        ("https://a.example, https://b.example", None),
        ("*", None),
        (None, r"https://[a-c]\.example"),
        (None, r"https://[b-c]\.example"),
    ):
        flags.cors_allow_origins, flags.cors_allow_origins_regex = origins, pattern
        app = fastapi.FastAPI()
        rest.mount(app)
        seen.append(answers(app, **evil))
    assert seen == [403, 200, 200, 200, 403]


def test_limits_are_settings(rest, webui, caplog):
    shared = webui("shared")
    assert rest._settings().limits.body_bytes == 200e6
    shared.opts.data.update(
        sadtalker_ext_api_request_mb=2.0,
        sadtalker_ext_api_video_seconds=20,
        sadtalker_ext_api_queued=7.0,
        sadtalker_ext_api_keep_days=0,
        sadtalker_ext_api_megapixels="many",
    )
    settings = rest._settings()
    assert (settings.limits.body_bytes, settings.limits.seconds) == (2e6, 20)
    assert (settings.limits.queued, settings.keep_seconds) == (7, 0)
    assert settings.limits.pixels == 64e6
    assert "api_megapixels" in caplog.text


def test_the_process_ends_in_order(rest, monkeypatch):
    ends = []
    monkeypatch.setattr(rest.atexit, "register", ends.append)
    rest.mount(fastapi.FastAPI())
    assert ends == [rest.unmount]
    ends[0]()
    assert rest._mounted == []


def test_the_server_ends_in_order(rest, webui):
    """Without its page the WebUI dies of the signal as soon as its server has ended."""
    app = fastapi.FastAPI()
    rest.mount(app)
    from fastapi.testclient import TestClient

    with TestClient(app) as client:
        assert client.get("/sadtalker/v1/health").status_code == 200
    rest.mount(fastapi.FastAPI())  # the folder is free again
    assert len(rest._mounted) == 1
