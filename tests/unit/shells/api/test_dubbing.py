"""A talk that dubs a video."""

import pytest

from sadtalker_ext.errors import InputTooLarge
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.api.dubbing import check_video, dub_video, words_of
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


PAIR = {"roles": [{"text": "Good morning.", "voice": "en-gb"}, {"face": 0, "text": "Hi.", "at": 2}]}
PICTURE = {"source_url": "https://files.example/p.png"}


def test_roles_and_dialogues_need_no_script():
    assert read_order({**VIDEO, "dub": PAIR}).dub["roles"] == PAIR["roles"]
    talk = read_order({**PICTURE, "dub": {"dialogue": "A: Hi.\nB: Hello."}})
    assert talk.dub["picture"]
    assert talk.source_url == PICTURE["source_url"]
    form = read_order({"dub": PAIR}, files=("source_image",))
    assert form.dub["picture"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"dub": PAIR},
        {**PICTURE, **VIDEO, "dub": PAIR},
        {**PICTURE, "source_image": "aGFsbG8=", "dub": PAIR},
        {**VIDEO, "script": SCRIPT, "dub": PAIR},
        {**VIDEO, "dub": {"roles": [{"face": 0}]}},
        {**VIDEO, "dub": {"roles": [{"face": 0, "mouth": 1}]}},
        {**VIDEO, "dub": {"roles": []}},
        {**PICTURE, "script": SCRIPT, "dub": {}},
    ],
)
def test_roles_that_say_nothing_or_too_much(wrong):
    with pytest.raises(InvalidRequest):
        read_order(wrong)


def test_the_job_has_several_people(tmp_path):
    class Heard:
        def dub(self, request, progress):
            self.request = request
            self.begins = request.video.read_bytes()
            return request

    heard = Heard()
    (tmp_path / "source_image").write_bytes(b"picture")
    for dub in (PAIR, {"dialogue": "A: Hi.\nB: Hello."}):
        dub_video(
            heard,
            {**dub, "face": "largest", "picture": True},
            GenerateOptions(),
            video=tmp_path / "source_image",
            speech=None,
            output=tmp_path / "o.mp4",
            progress=Progress(),
        )
        assert heard.begins == b"picture"
        assert heard.request.video.suffix == ".png"
        if "roles" in dub:
            said = [(one.face, one.text, one.voice, one.at) for one in heard.request.roles]
            assert said == [("0", "Good morning.", "en-gb", 0.0), ("0", "Hi.", "", 2.0)]
    assert heard.request.dialogue == "A: Hi.\nB: Hello."
    assert [one.face for one in heard.request.roles] == ["0", "1"]


def test_what_is_said_is_measured():
    assert words_of({"roles": [{"text": "a"}, {}], "dialogue": "B: c"}) == "a\n\nB: c"
