"""Our routes beside the WebUI's own: its engine, its passwords, its page.

Everything else is asked of a WebUI by tests/integration/api.
"""

import pytest

pytest.importorskip("httpx")

from tests.integration.api.conftest import WEBUI, make
from tests.support.api import PREFIX
from tests.support.sites import ROOT

pytestmark = pytest.mark.webui


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
