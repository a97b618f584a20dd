"""Our routes beside the WebUI's own: its queue, its engine, its passwords, its page.

Everything else is asked of a WebUI by tests/integration/api.
"""

import threading
import time

import pytest

pytest.importorskip("httpx")

from tests.integration.api.conftest import WEBUI, make
from tests.support.api import PREFIX, png, wait_until, wav
from tests.support.sites import ROOT

pytestmark = pytest.mark.webui


QUEUED = ("webui", "no page with passwords")
"""The WebUI's queue is the same with and without passwords."""


@pytest.fixture(scope="module", params=QUEUED)
def server(request, tmp_path_factory):
    made = make(request.param, tmp_path_factory.mktemp("queue")).start()
    yield made
    made.kill()


@pytest.fixture
def site(server):
    server.rest()
    server.control.set("weights")  # the engine that needs the WebUI's device
    yield server
    server.rest()


def begin(site, client, engine):
    site.control.set("hold")
    talk = client.create(png(), wav(), config={"engine": engine})
    wait_until(lambda: client.get(talk.id).status == "started")
    return talk.id


def host_job(site):
    with site.http() as client:
        return client.get("/sdapi/v1/progress").json()["state"]["job"]


def test_the_host_shows_and_interrupts_what_uses_its_device(site):
    with site.client() as client, site.http() as http:
        talk_id = begin(site, client, "sadtalker")
        assert "sadtalker" in host_job(site)
        assert http.post("/sdapi/v1/interrupt").status_code == 200
        site.control.release()
        wait_until(lambda: client.get(talk_id).final)
        talk = client.get(talk_id)
        assert (talk.status, talk.error.code) == ("rejected", "cancelled")
        wait_until(lambda: host_job(site) == "")


def test_the_host_waits_for_us_and_we_for_the_host(site):
    pictures = []

    def paint():
        with site.http() as http:
            pictures.append(http.post("/sdapi/v1/txt2img", json={"prompt": "a", "steps": 1}))

    with site.client() as client:
        first = begin(site, client, "sadtalker")
        second = client.create(png(), wav(), config={"engine": "sadtalker"}).id
        painter = threading.Thread(target=paint)
        painter.start()
        time.sleep(2.0)
        assert pictures == [], "the WebUI's own generation waits in the same queue"
        assert client.get(second).status == "created"
        site.control.release()
        painter.join(60)
        assert pictures[0].status_code == 200, pictures[0].text
        assert [client.wait(one, timeout=60).status for one in (first, second)] == ["done"] * 2


def test_the_built_in_engine_does_not_wait_for_the_host(site):
    with site.client() as client:
        talk_id = begin(site, client, "puppet")
        assert host_job(site) == ""
        with site.http() as http:
            http.post("/sdapi/v1/interrupt")
            painted = http.post("/sdapi/v1/txt2img", json={"prompt": "a", "steps": 1})
        assert painted.status_code == 200, painted.text
        assert client.get(talk_id).status == "started"
        site.control.release()
        assert client.wait(talk_id, timeout=60).status == "done"


def make_video(site, folder):
    target = folder / "video.mp4"
    with site.client() as client:
        talk = client.make(
            ROOT / "examples" / "portrait.png",
            ROOT / "examples" / "speech.flac",
            target,
            config={"audio_end": 1.0, "engine": "puppet"},
            timeout=300,
        )
    assert talk.metadata["num_frames"] == 25
    assert target.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("name", WEBUI)
def test_a_video_beside_the_hosts_own_routes(tmp_path, name):
    site = make(name, tmp_path, steered=False)
    try:
        site.start()
        make_video(site, tmp_path)
        with site.http() as client, site.stranger() as stranger:
            assert client.get("/sdapi/v1/progress").json()["state"]["job"] == ""
            flags = client.get("/sdapi/v1/cmd-flags").text
            assert "webhook" not in flags
            there = 401 if site.users else 200
            assert stranger.get("/sdapi/v1/progress").status_code == there
            assert stranger.get(f"{PREFIX}/health").status_code == there
            assert (client.get("/").status_code == 200) is site.page
            if site.page:  # the folder of jobs cannot be read through the page
                for path in (site.folder / "jobs.sqlite3", site.folder / "webhook.secret"):
                    assert client.get(f"/file={path}").status_code in (403, 404)
    finally:
        site.kill()
