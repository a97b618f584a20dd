"""The always-on script through the routes of a real WebUI."""

import base64
import json

import pytest

from tests.integration.webui.conftest import running

pytestmark = [pytest.mark.webui, pytest.mark.usefixtures("wanted")]


def base64_of(path):
    return base64.b64encode(path.read_bytes()).decode()


def generate(webui, arguments, **more):
    body = {"prompt": "a portrait", "steps": 1, **more}
    body["alwayson_scripts"] = {"Animate with SadTalker": {"args": arguments}}
    status, answer = webui.call("POST", "/sdapi/v1/txt2img", body)
    assert status == 200, answer
    return json.loads(answer["info"])["extra_generation_params"]


def test_pictures_talk_through_the_hosts_own_route(webui, sounds):
    facts = generate(webui, [True, base64_of(sounds[0]), {"seed": 5}], batch_size=2)
    assert len(facts["SadTalker videos"]) == 2
    assert {str(path) for path in webui.videos()} >= set(facts["SadTalker videos"])


def test_off_is_off(webui):
    before = webui.videos()
    assert generate(webui, [False]) == {}
    assert webui.videos() == before


def test_no_file_of_the_machine_is_read(webui):
    facts = generate(webui, [True, "/etc/passwd"])
    assert "base64" in facts["SadTalker error"]


def test_without_the_hosts_api_there_is_none_of_ours(tmp_path):
    with running(tmp_path) as server:
        assert server.call("GET", "/sadtalker/v1/engines")[0] == 404
