"""Several speakers in the tab: who says what, what is refused, and which files may be named."""

from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.errors import InputError, InvalidOption
from sadtalker_ext.inputs.looking import Bounds
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.service import DubRole
from sadtalker_ext.shells.ui import compat, roles, speakers
from sadtalker_ext.shells.ui import speech as said
from sadtalker_ext.shells.ui.admission import SENTENCE
from sadtalker_ext.shells.ui.page import build_page
from sadtalker_ext.shells.ui.uploads import UploadCheck
from tests.support.footage import write_footage
from tests.unit.shells.ui.test_admission import payload

TWO = [(0, 0, 9, 9), (20, 0, 29, 9)]
FIRST = DubRole(text="Hello.")


def added(*numbers, **values):
    """Return the values of a picture of two faces, with some speakers added."""
    opened = [number in numbers for number in roles.NUMBERS]
    return {"picture_boxes": TWO, "source_kind": "Picture", "speakers_opened": opened, **values}


def text_of(number, text="Hi.", **more):
    given = {"kind": "Text", "text": text, **more}
    return {roles.field_name(number, name): value for name, value in given.items()}


def asked(values):
    return roles.further_speakers(values, GenerateOptions())


@pytest.fixture
def dubs(service, monkeypatch):
    """Note what a dubbing is asked for, and end it."""
    noted = []

    def dub(request, progress):
        noted.append(request)
        raise InputError("enough")

    monkeypatch.setattr(service, "dub", dub)
    return noted


def test_two_people_of_a_picture_speak(press, portrait, speech, dubs):
    values = text_of(2, "Good evening.", at=1.5, emotion="sad", voice="English · en-us")
    given = added(2, **values) | {"face_index": 1, "audio_start": 0.2, "timeline": "[]"}
    assert "enough" in press(picture=str(portrait), file=str(speech), **given)["status"]
    (request,) = dubs
    first, second = request.roles
    assert (first.speech, first.face, first.start) == (speech, "1", None)
    assert (second.text, second.speech, second.face) == ("Good evening.", None, "0")
    assert (second.at, second.emotion, second.voice) == (1.5, "sad", "en-us")
    assert (second.start, second.end) == (0.0, 0.0), "the trim is the first speaker's"
    assert second.directed(GenerateOptions(timeline='[{"at": 0, "gesture": "nod"}]')).timeline == (
        "[]"
    )
    assert request.options.audio_start == 0.2


def test_two_people_of_a_video_speak(press, speech, dubs, tmp_path):
    video = write_footage(tmp_path / "ann.mp4", [np.zeros((48, 64, 3), np.uint8)] * 2)
    given = added(2, 4, **text_of(2), **text_of(4, face="3")) | {"picture_boxes": []}
    given |= {"source_kind": "Video", "source_video": str(video)}
    press(file=str(speech), source_boxes=TWO, source_chosen=1, **given)
    first, second, third = dubs[0].roles
    assert (first.box, second.box) == (TWO[1], None)
    assert second.face == "largest", "of the whole video, and not the first one"
    assert (third.box, third.face) == (None, "2"), "not on the still: counted in the video"
    assert dubs[0].box is None


def test_who_is_not_shown_says_nothing():
    """Speakers were added, then a picture of one face was put in."""
    assert asked(added(2) | {"picture_boxes": []}) == []
    assert asked(added()) == []
    assert roles.added(added(3)) == [3]
    assert roles.added(added(3) | {"picture_boxes": [], "source_kind": "Video"}) == [3]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({}, "Speaker 2 has neither a sound nor a text: "),
        (text_of(2, " "), "Speaker 2 has neither a sound nor a text: "),
        (text_of(2, at=-1), "Speaker 2 should begin at 0 seconds or later, found -1."),
        (text_of(2, at="soon"), "Speaker 2 should begin at 0 seconds or later, found soon."),
        (text_of(2, at=float("nan")), "Speaker 2 should begin at 0 seconds or later, found nan."),
        (text_of(2, emotion="hungry"), "Speaker 2: "),
    ],
)
def test_a_refusal_names_the_speaker(values, sentence):
    with pytest.raises((InputError, InvalidOption)) as caught:
        asked(added(2, **values))
    assert caught.value.message.startswith(sentence)
    assert caught.value.message.count(". ") == 0


@pytest.mark.parametrize(
    ("faces", "sentence"),
    [
        (("1", None), "Speaker 2 has the same face as speaker 1: "),
        (("2", "2"), "Speaker 3 has the same face as speaker 2: "),
        (("5", None), "Speaker 2 should have one of the 2 faces "),
        ((None, None), "Speaker 3 should have one of the 2 faces "),
    ],
)
def test_everybody_needs_a_face(faces, sentence):
    values = {}
    for number, face in zip((2, 3), faces, strict=True):
        values |= text_of(number, face=face)
    with pytest.raises(InvalidOption) as caught:
        roles.cast_roles(FIRST, asked(added(2, 3, **values)), face=0, boxes=TWO, in_video=False)
    assert caught.value.message.startswith(sentence)


def test_in_a_video_the_next_face_is_that_of_the_whole_video():
    others = asked(added(2, 3, **text_of(2), **text_of(3, face="2")))
    cast = roles.cast_roles(FIRST, others, face=0, boxes=TWO, in_video=True)
    assert [(one.face, one.box) for one in cast] == [
        ("0", TWO[0]),
        ("largest", None),
        ("1", TWO[1]),
    ]


def test_a_free_face_is_one_that_nobody_was_given():
    boxes = [*TWO, (40, 0, 49, 9)]
    others = asked(added(2, 3, **text_of(2), **text_of(3, face="1")))
    cast = roles.cast_roles(FIRST, others, face=1, boxes=boxes, in_video=False)
    assert [one.face for one in cast] == ["1", "2", "0"]


def test_the_first_speaker_has_to_say_something_alone(press, portrait):
    given = added(2, **text_of(2)) | {"picture": str(portrait)}
    assert "Idle was chosen" in press(kind=said.IDLE, idle_seconds=3, **given)["status"]
    assert "Speech is missing" in press(kind=said.FILE, **given)["status"]
    talk = press(kind=said.TEXT, text="A: One.\nB: Two.", **given)["status"]
    assert "said by several people already" in talk


def test_what_is_no_number_is_no_file():
    """A hand-written request: a face may be the file of a portrait elsewhere, never here."""
    (one,) = asked(added(2, **text_of(2, face="/etc/passwd", emotion=roles.SAME_EMOTION)))
    (role, other) = roles.cast_roles(FIRST, [one], face=0, boxes=TWO, in_video=False)
    assert (role.face, other.face) == ("0", "1")
    assert (other.speech, other.cues, other.emotion) == (None, None, "")


def test_speakers_keep_the_limits_of_a_page(host, request, portrait, speech, dubs):
    looked = []

    def look(file, part, bounds):
        looked.append(file.name)
        return 5.0

    inspector = SimpleNamespace(look_at_sound=look, look_at_picture=lambda *rest: None)
    bounds = Bounds(pixels=10**6, seconds=60.0, position=60.0)
    host.uploads = UploadCheck(inspector=inspector, bounds=bounds)
    press = request.getfixturevalue("press")
    other = speech.with_name("other.wav")
    for at in (0.0, 58.0, 61.0, 1e300):
        looked.clear()
        dubs.clear()
        values = {"kind": "File", "sound": str(other), "at": at}
        given = added(2, **{roles.field_name(2, name): one for name, one in values.items()})
        status = press(picture=str(portrait), file=str(speech), **given)["status"]
        assert ("speaker 2 would end" in status) == (at > 55)
        assert looked == (["speech.wav", "other.wav"] if at < 60 else ["speech.wav"])
        assert len(dubs) == (at <= 55)
    talk = added(2, **text_of(2, "word " * 200))
    assert "speaker 2 would end" in press(picture=str(portrait), file=str(speech), **talk)["status"]


def test_speakers_are_hidden_and_take_no_file_that_was_not_uploaded(
    gradio, host, tmp_path, monkeypatch
):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"x")
    blocks, parts = build_page(host)
    shown = {one.elem_id: one for one in blocks.blocks.values() if getattr(one, "elem_id", "")}
    assert not shown["sadtalker_ext_speakers"].visible
    assert not shown["sadtalker_ext_speakers_note"].visible
    opened = shown["sadtalker_ext_speakers_opened"]
    assert opened in parts.job.inputs
    assert opened.value == [False] * 3
    for number in roles.NUMBERS:
        field = shown[f"sadtalker_ext_{roles.field_name(number, 'sound')}"]
        assert not field.parent.parent.visible
        with pytest.raises(gradio.Error) as caught:
            field.preprocess(payload(gradio, str(secret)))
        assert SENTENCE in str(caught.value)


def test_the_section_is_there_for_several_faces_and_for_a_video(gradio):
    def visible(kind, boxes):
        return speakers._offer(kind, boxes)["visible"]

    assert visible("Picture", TWO) and visible("Video", [])
    assert not visible("Picture", TWO[:1]) and not visible("Picture", [])


def test_speakers_come_and_go(gradio):
    def seen(outputs):
        opened, note, add, *groups, picture, video = outputs
        assert picture == video
        assert len(picture["choices"]) == 1 + sum(opened)
        assert picture["visible"] == any(opened)
        assert [one["visible"] for one in groups] == opened
        assert note["visible"] == any(opened)
        return opened, add["visible"]

    added_now = speakers._add([False] * 3)
    assert added_now[-1]["value"] == "Speaker 2", "a click now chooses the new one's face"
    opened, more = seen(added_now)
    assert (opened, more) == ([True, False, False], True)
    opened, more = seen(speakers._add([True, False, True]))
    assert (opened, more) == ([True] * 3, False)
    *outputs, sound, text = speakers._remove(1, opened)
    assert seen(outputs) == ([True, False, True], True)
    assert (sound["value"], text) == (None, "")
    assert compat.version() < 4 or sound["__type__"] == "update"


def test_who_speaks_in_a_picture_does_not_wait_for_the_device(host, service, monkeypatch):
    kept = []
    connect = host.connect_job
    host.connect_job = lambda parts, job: (kept.append(parts), connect(parts, job))
    build_page(host)
    (parts,) = kept
    monkeypatch.setattr(service, "waits_for_device", lambda options, **_: True)
    names = [one.elem_id.removeprefix("sadtalker_ext_") for one in parts.inputs]

    def waits(**given):
        pairs = zip(names, parts.inputs, strict=True)
        return parts.waits(None, *(given.get(name, one.value) for name, one in pairs))

    assert waits()
    assert not waits(**added(2))
    assert waits(**added(2) | {"source_kind": "Video"}), "the networks may dub"
