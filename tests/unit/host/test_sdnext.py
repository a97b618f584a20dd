"""A host that lacks what A1111 and Forge have: SD.Next."""

import numpy as np
import pytest

from sadtalker_ext.host import offers
from sadtalker_ext.types import Picture
from tests.support.fake_host.sdnext import without_the_rest


@pytest.fixture
def sdnext(webui):
    without_the_rest(webui)
    return webui


@pytest.fixture
def sdnext_host(sdnext):
    from sadtalker_ext.host.webui import WebUIHost

    return WebUIHost()


def test_the_host_is_there_without_what_sdnext_lacks(sdnext, sdnext_host, tmp_path):
    sdnext("devices").device = "cuda:2"
    assert sdnext_host.device() == "cuda:2"
    assert sdnext_host.pick_picture(["face"], None, -1) == "face"
    picture = Picture(pixels=np.zeros((40, 30, 3), np.uint8), name="face.png")
    assert sdnext_host.output_path(picture).parent == tmp_path / "outputs/sadtalker/2026-11-20"


def test_a_turn_takes_the_queue_and_can_be_stopped(sdnext, sdnext_host):
    sdnext("shared").opts.data["sadtalker_ext_make_room"] = "always"
    sdnext("devices").device = "cuda"
    state = sdnext("shared").state
    with sdnext_host.gpu_turn("x"):
        assert state.job.startswith("task(sadtalker-")
        assert sdnext("progress").current_task == state.job
        assert not sdnext_host.interrupted()
        state.interrupt()
        assert sdnext_host.interrupted()
    assert state.job == ""


def test_a_host_that_pastes_nothing_has_no_picture_to_give():
    def nowhere(name):
        raise ModuleNotFoundError(name)

    pasting = offers.pasting(nowhere)
    pasting.add_paste_fields("sadtalker", object(), None)
    assert pasting.paste_fields == {}
    assert pasting.image_from_url_text(["face"]) is None
    assert offers.folder_opener(nowhere) is None
