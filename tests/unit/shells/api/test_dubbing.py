"""A talk that dubs a video."""

import base64
import json
from types import SimpleNamespace

import pytest

from sadtalker_ext.errors import InputTooLarge, InvalidOption
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.api import media
from sadtalker_ext.shells.api.dub_checks import check_end, check_times, check_video
from sadtalker_ext.shells.api.dubbing import dub_video, speech_sources, words_of
from sadtalker_ext.shells.api.errors import InvalidRequest
from sadtalker_ext.shells.api.order import read_order
from sadtalker_ext.shells.api.settings import Limits
from tests.support.api import TALKS, png
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
    check_video(path, Limits(seconds=3.0))
    with pytest.raises(InputTooLarge):
        check_video(path, Limits(seconds=1.0))


def test_nobody_begins_behind_the_longest_video():
    check_times({"at": 59.0, "roles": [{"at": 60}]}, Limits(seconds=60.0))
    for dub in ({"at": 61.0}, {"roles": [{"text": "Hi."}, {"text": "Hi.", "at": 86_000}]}):
        with pytest.raises(InputTooLarge, match="at should be at most 60 seconds"):
            check_times(dub, Limits(seconds=60.0))


MINUTE = "x" * 720
"""Speaking it takes about so long."""


@pytest.mark.parametrize(
    ("dub", "sounds", "ends"),
    [
        ({"at": 30}, {"audio": 40.0}, 70),
        ({"at": 30, "length": "cut", "picture": True}, {"audio": 40.0}, 70),
        ({"roles": [{"text": MINUTE, "at": 59.0}, {"text": "Hi."}]}, {}, 119),
        ({"roles": [{"speech_file": "speech_0"}, {"text": "x"}], "at": 5}, {"speech_0": 60}, 65),
        ({"roles": [{"text": MINUTE[:480]}], "dialogue": "A: " + MINUTE[:477]}, {}, 80),
    ],
    ids=["script", "picture", "text", "sound", "dialogue"],
)
def test_beginning_and_length_count_together(dub, sounds, ends):
    check_end(dub, GenerateOptions(), Limits(seconds=ends), sounds)
    with pytest.raises(InputTooLarge, match=f"end at about {ends}"):
        check_end(dub, GenerateOptions(), Limits(seconds=ends - 2), sounds)


@pytest.mark.parametrize(
    ("dub", "code"),
    [
        ({"dialogue": "A: Hi.\nB: Hello.", "at": 86_000}, 413),
        ({"roles": [{"text": "Hi. " * 100, "at": 890}]}, 413),
        ({"roles": [{"text": "Hi."}, {"text": "Hi.", "voice": "no-such-voice"}]}, 422),
    ],
)
def test_roles_on_a_picture_are_looked_at_before_they_are_queued(shared, monkeypatch, dub, code):
    monkeypatch.setattr(media, "list_voices", lambda _: [SimpleNamespace(name="en-us")])
    picture = base64.b64encode(png()).decode()
    answer = shared.post(TALKS, json={"source_image": picture, "dub": dub})
    assert answer.status_code == code, answer.text


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
        inputs=tmp_path,
        output=tmp_path / "o.mp4",
        progress=Progress(),
    )
    (role,) = heard.request.roles
    assert (role.face, role.text, role.at) == ("all", "Hello.", 1.5)
    assert heard.request.length == "loop"


PAIR = {"roles": [{"text": "Good morning.", "voice": "en-gb"}, {"face": 0, "text": "Hi.", "at": 0}]}
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
        {**VIDEO, "script": SCRIPT, "dub": {"roles": [{"face": 0}]}},
        {**VIDEO, "dub": {"dialogue": "A: a\nB: b", "roles": [{"face": 0}]}},
        {**VIDEO, "dub": {"dialogue": "\n".join(f"Person{one}: a" for one in "abcdefghi")}},
    ],
)
def test_roles_that_say_nothing_or_too_much(wrong):
    with pytest.raises(InvalidRequest):
        read_order(wrong)


def test_what_a_dubbing_would_not_look_at_is_refused():
    with pytest.raises(InvalidRequest, match="motion_in"):
        read_order({"dub": {}}, files=("reference_video", "audio", "motion_in"))
    with pytest.raises(InvalidOption):
        read_order({**VIDEO, "dub": {"dialogue": "Nobody speaks."}})


def test_the_job_has_several_people(tmp_path):
    class Heard:
        def dub(self, request, progress):
            self.request = request
            self.begins = request.video.read_bytes()
            return request

    heard = Heard()
    (tmp_path / "source_image").write_bytes(b"picture")
    for dub in (PAIR | {"at": 1}, {"dialogue": "C: Yes.\nA: Hi.\nB: Hello."}):
        dub_video(
            heard,
            {**dub, "face": "largest", "picture": True},
            GenerateOptions(),
            video=tmp_path / "source_image",
            speech=None,
            inputs=tmp_path,
            output=tmp_path / "o.mp4",
            progress=Progress(),
        )
        assert heard.begins == b"picture"
        assert heard.request.video.suffix == ".png"
        if "roles" in dub:
            said = [(one.face, one.text, one.voice, one.at) for one in heard.request.roles]
            assert said == [("0", "Good morning.", "en-gb", 1.0), ("0", "Hi.", "", 0.0)]
    assert heard.request.dialogue == "C: Yes.\nA: Hi.\nB: Hello."
    people = [(one.name, one.face) for one in heard.request.roles]
    assert people == [("A", "0"), ("B", "1"), ("C", "2")]


def test_what_is_said_is_measured():
    assert words_of({"roles": [{"text": "a"}, {}], "dialogue": "B: c"}) == "a\n\nB: c"


SOUNDS = {"roles": [{"face": 0, "speech_url": "https://example.org/a.wav"}, {"face": 1}]}


def test_roles_with_sounds_of_their_own():
    order = read_order({**VIDEO, "dub": SOUNDS}, ["speech_1"])
    assert list(speech_sources(order.dub)) == [
        ("speech_0", "https://example.org/a.wav"),
        ("speech_1", ""),
    ]
    picture = read_order({"dub": {"roles": [{"face": 0}]}}, ["source_image", "speech_0"])
    assert picture.dub["picture"]


@pytest.mark.parametrize(
    ("dub", "files"),
    [
        (SOUNDS, ["speech_0"]),
        (SOUNDS, ["speech_2"]),
        ({"roles": [{"text": "Hi.", "speech_url": "https://example.org/a.wav"}]}, []),
        ({}, ["speech_0"]),
        ({"roles": [{"text": "Hi.", "speech_file": "speech_0"}]}, []),
    ],
)
def test_sounds_that_belong_to_nobody_or_are_one_too_many(dub, files):
    with pytest.raises(InvalidRequest):
        read_order({**VIDEO, "dub": dub}, files)


def test_sounds_of_roles_go_with_a_dubbing_only():
    with pytest.raises(InvalidRequest, match=r"dub\.roles"):
        read_order({"source_url": "https://example.org/a.png", "script": SCRIPT}, ["speech_0"])


def test_each_role_acts_for_itself(tmp_path):
    class Heard:
        def dub(self, request, progress):
            self.roles = request.roles

    heard = Heard()
    timeline = [{"at": 0.5, "emotion": "sad"}]
    roles = [
        {"face": 0, "speech_url": "https://example.org/a.wav", "emotion": "happy"},
        {"face": 1, "text": "Hi.", "emotion_intensity": 0.4, "timeline": timeline},
    ]
    order = read_order({**VIDEO, "dub": {"roles": roles}})
    dub_video(
        heard, order.dub, order.options, video=tmp_path / "v.mp4", speech=None, inputs=tmp_path,
        output=tmp_path / "o.mp4", progress=Progress(),
    )  # fmt: skip
    one, other = (role.directed(order.options) for role in heard.roles)
    assert heard.roles[0].speech == tmp_path / "speech_0"
    assert (one.emotion, one.emotion_intensity, one.timeline) == ("happy", 1.0, "")
    assert (other.emotion, other.emotion_intensity) == ("neutral", 0.4)
    assert json.loads(other.timeline) == timeline
    with pytest.raises(InvalidOption):
        read_order({**VIDEO, "dub": {"roles": [{"text": "Hi.", "emotion": "purple"}]}})
