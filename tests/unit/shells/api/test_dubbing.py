"""A talk that dubs a video."""

import pytest

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.api.dubbing import check_video, dub_video
from sadtalker_ext.shells.api.errors import InvalidRequest
from sadtalker_ext.shells.api.order import read_order
from sadtalker_ext.shells.api.settings import Limits
from tests.support.media import write_mute_video

SCRIPT = {"type": "audio", "audio_url": "https://files.example/a.mp3"}
VIDEO = {"driver_url": "https://files.example/v.mp4"}
TALK = {"script": SCRIPT, **VIDEO, "dub": {"face": 1, "keep_audio": 0.2, "length": "cut"}}


def test_what_is_asked():
    order = read_order(TALK)
    assert order.dub == {"face": "1", "keep_audio": 0.2, "length": "cut"}
    assert order.driver_url == VIDEO["driver_url"]
    assert read_order({**TALK, "dub": {}}).dub == {"face": "largest"}
    form = read_order({"dub": {}}, files=("reference_video", "audio"))
    assert form.dub == {"face": "largest"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"source_url": "https://files.example/p.png"},
        {"driver_url": None},
        {"script": None},
        {"script": None, "config": {"idle_seconds": 3}},
        {"config": {"format": "gif"}},
        {"config": {"reference_use": "all"}},
        {"dub": {"face": "left"}},
        {"dub": {"length": "stretch"}},
        {"dub": {"keep_audio": 2}},
        {"dub": {"mouth": 1}},
    ],
)
def test_what_does_not_go_together(wrong):
    with pytest.raises(InvalidRequest):
        read_order(TALK | wrong)


def test_long_videos_are_refused(tmp_path):
    path = write_mute_video(tmp_path / "v.mp4", 2.0)
    check_video(path, {}, Limits(seconds=3.0))
    with pytest.raises(InputTooLarge):
        check_video(path, {}, Limits(seconds=1.0))
    with pytest.raises(InputTooLarge):
        check_video(path, {"at": 10.0}, Limits(seconds=3.0))


def test_the_job_is_a_dubbing(tmp_path):
    class Heard:
        def dub(self, request, progress):
            self.request = request
            return request

    heard = Heard()
    dub = {"face": "all", "at": 1.5, "length": "loop"}
    dub_video(
        heard,
        dub,
        GenerateOptions(text="Hello."),
        video=tmp_path / "v.mp4",
        speech=None,
        output=tmp_path / "o.mp4",
        progress=Progress(),
    )
    (role,) = heard.request.roles
    assert (role.face, role.text, role.at) == ("all", "Hello.", 1.5)
    assert heard.request.length == "loop"
