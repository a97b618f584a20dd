"""What may be asked for, on the command line and as values."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from sadtalker_ext.dubbing import said
from sadtalker_ext.dubbing.reading import dub_line, role_from
from sadtalker_ext.dubbing.request import DubRequest, DubRole, DubSegment, check_dub
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.progress import Progress
from sadtalker_ext.shells.cli.arguments import build_parser, modernise
from sadtalker_ext.shells.cli.dub import dub_request
from sadtalker_ext.shells.cli.dub_arguments import refuse_meaningless

SAID = (DubRole(speech=Path("a.wav")),)


def asked(*words):
    translated, _ = modernise(["dub", *words])
    parsed = build_parser().parse_args(translated)
    refuse_meaningless(parsed)
    return dub_request(parsed)


def test_marks_are_chosen_as_for_other_videos():
    request = asked("v.mp4", "s.wav", "--provenance", "metadata", "--label-language", "de")
    assert request.options.changed() == {"provenance": "metadata", "label_language": "de"}


def test_plain_words():
    request = asked("v.mp4", "s.wav", "-o", "out.mp4", "--keep-audio", "0.2", "--length", "loop")
    assert (request.video, request.output) == (Path("v.mp4"), Path("out.mp4"))
    assert request.roles == (DubRole(speech=Path("s.wav")),)
    assert (request.keep_audio, request.length) == (0.2, "loop")


def test_wav2lips_words():
    request = asked(
        *("--face", "v.mp4", "--audio", "s.wav", "--outfile", "o.mp4", "--resize_factor", "2"),
        *("--pads", "0", "10", "0", "0", "--box", "10", "200", "30", "180", "--nosmooth"),
        *("--rotate", "--static"),
    )
    assert (request.video, request.output) == (Path("v.mp4"), Path("o.mp4"))
    assert request.roles[0].speech == Path("s.wav")
    assert (request.shrink, request.turn, request.static, request.smooth) == (2, 1, True, False)
    assert request.box == (30, 10, 180, 200)
    assert asked("v.mp4", "s.wav", "--box", "-1", "-1", "-1", "-1").box is None


def test_meaningless_words_are_named():
    with pytest.raises(InvalidOption, match=r"--checkpoint-path, --wav2lip-batch-size"):
        asked("v.mp4", "s.wav", "--wav2lip_batch_size", "8", "--checkpoint_path", "w.pth")


def test_which_face():
    assert asked("v.mp4", "s.wav", "--face", "1").roles[0].face == "1"
    assert asked("v.mp4", "s.wav", "--face", "who.png").roles[0].face == Path("who.png")


def test_two_channels_are_two_people():
    roles = asked("v.mp4", "s.wav", "--split-channels").roles
    assert [(role.face, role.channel) for role in roles] == [("0", 0), ("1", 1)]


def test_roles_of_a_file(tmp_path):
    (tmp_path / "roles.json").write_text(
        '[{"face": 1, "speech": "a.wav", "at": 0.5, "start": 2, "end": 3.5, "track": 1},'
        ' {"face": "largest", "segments": [{"at": 2, "text": "Yes."}]}]'
    )
    roles = asked("v.mp4", "--roles", str(tmp_path / "roles.json")).roles
    part = {"start": 2.0, "end": 3.5, "track": 1}
    assert roles[0] == DubRole(face="1", speech=tmp_path / "a.wav", at=0.5, **part)
    assert roles[1].segments == (DubSegment(at=2.0, text="Yes."),)


def test_a_role_may_name_a_box(tmp_path):
    assert role_from({"box": [1, 2, 30, 40]}, tmp_path).box == (1, 2, 30, 40)
    assert role_from({}, tmp_path).box is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"mouth": 1},
        {"face": 1.5},
        {"at": "soon"},
        {"segments": "none"},
        {"segments": [{"when": 1}]},
        {"text": 7},
        {"box": "1234"},
        {"box": [0, 0, 9]},
        {"box": [0, 0, 9, 9.5]},
        {"box": [0, 0, 9, True]},
    ],
)
def test_wrong_roles_are_refused(wrong, tmp_path):
    with pytest.raises(InvalidOption):
        role_from(wrong, tmp_path)


@pytest.mark.parametrize(
    "wrong",
    [
        {"roles": (DubRole(),)},
        {"roles": ()},
        {"roles": (DubRole(speech=Path("a.wav"), text="No."),)},
        {"roles": (DubRole(segments=(DubSegment(at=1.0),)),)},
        {"roles": (DubRole(speech=Path("a.wav"), at=-1.0),)},
        {"roles": (DubRole(speech=Path("a.wav"), start=-1.0),)},
        {"roles": (DubRole(speech=Path("a.wav"), end=float("nan")),)},
        {"roles": (DubRole(speech=Path("a.wav"), track=-1),)},
        {"keep_audio": 1.5},
        {"keep_audio": float("nan")},
        {"length": "stretch"},
        {"shrink": 0},
        {"output": Path("out.gif")},
    ],
)
def test_wrong_requests_are_refused(wrong):
    values = {"video": Path("v.mp4"), "output": Path("o.mp4"), "roles": SAID} | wrong
    with pytest.raises(InvalidOption):
        check_dub(DubRequest(**values))


def test_a_line_of_a_batch(tmp_path):
    request = dub_line(
        {
            "video": "v.mp4",
            "output": "o.mp4",
            "speech": "s.wav",
            "face": 1,
            "length": "cut",
            "quality": 20,
        },
        tmp_path,
    )
    assert request.video == tmp_path / "v.mp4"
    assert request.roles == (DubRole(face="1", speech=tmp_path / "s.wav"),)
    assert (request.length, request.options.quality) == ("cut", 20)


def test_a_line_with_roles(tmp_path):
    line = {"video": "v.mp4", "output": "o.mp4", "roles": [{"text": "Yes."}, {"face": 1}]}
    assert [role.text for role in dub_line(line, tmp_path).roles] == ["Yes.", ""]
    with pytest.raises(InvalidOption):
        dub_line(line | {"roles": ["A"]}, tmp_path)
    with pytest.raises(InvalidOption):
        dub_line(line | {"mouths": 2}, tmp_path)


def test_each_role_of_a_list_acts_for_itself(tmp_path):
    (tmp_path / "acts.json").write_text('[{"at": 1, "emotion": "angry"}]')
    line = {
        "video": "v.png",
        "output": "o.mp4",
        "emotion": "happy",
        "roles": [
            {"text": "Yes.", "name": "Ann", "emotion": "sad", "emotion_intensity": 0},
            {"face": 1, "text": "No.", "timeline": [{"at": 2, "emotion": "happy"}]},
            {"face": 2, "timeline": "acts.json"},
        ],
    }
    request = dub_line(line, tmp_path)
    check_dub(request)
    acts = [role.directed(request.options) for role in request.roles]
    assert [one.emotion for one in acts] == ["sad", "happy", "happy"]
    assert [one.emotion_intensity for one in acts] == [0.0, 1.0, 1.0]
    assert [bool(one.timeline) for one in acts] == [False, True, True]
    assert "angry" in acts[2].timeline
    assert request.roles[0].name == "Ann"
    wrong = dub_line(line | {"roles": [{"text": "Yes.", "emotion": "purple"}]}, tmp_path)
    with pytest.raises(InvalidOption):
        check_dub(wrong)


def test_the_videos_own_sound_has_a_level_under_and_between(tmp_path):
    request = asked("v.mp4", "s.wav", "--keep-audio", "0.1", "--keep-outside", "0.9")
    assert (request.keep_audio, request.between) == (0.1, 0.9)
    assert asked("v.mp4", "s.wav", "--keep-audio", "0.1").between == 0.1
    line = {"video": "v.mp4", "output": "o.mp4", "speech": "s.wav", "keep_outside": 0}
    assert dub_line(line | {"keep_audio": 0.3}, tmp_path).between == 0.0
    with pytest.raises(InvalidOption, match="keep_outside"):
        check_dub(dub_line(line | {"keep_outside": 2}, tmp_path))


def test_an_engine_and_its_device_are_taken():
    translated, _ = modernise(["dub", "v.mp4", "s.wav", "--engine", "sadtalker", "--cpu"])
    parsed = build_parser().parse_args(translated)
    assert parsed.device == "cpu"
    assert dub_request(parsed).options.engine == "sadtalker"


def test_captions_that_overlap_or_run_backwards_are_told(tmp_path, monkeypatch):
    times = ("00:01.000 --> 00:03.000", "00:02.000 --> 00:04.000", "00:09.000 --> 00:08.000")
    (tmp_path / "a.vtt").write_text("".join(f"{one}\nHello.\n\n" for one in times))
    spoken = SimpleNamespace(seconds=0.5, total_seconds=0.5, warnings=())
    monkeypatch.setattr(said, "kept_speech", lambda *_: spoken)
    role = DubRole(cues=tmp_path / "a.vtt")
    request = DubRequest(video=Path("v.mp4"), output=Path("o.mp4"), roles=(role,))
    speakers = said.Speakers(request, tmp_path, Progress(), None)
    assert len(speakers.lines()[0]) == 2
    first, second = speakers.warnings
    assert first.startswith("1 of 2 captions begin before")
    assert second.startswith("1 of 3 captions end before they begin")


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([{"text": 5}], r"^r\.json\[0\]: text should be a text"),
        ([{"text": "Yes."}, 7], r"^r\.json\[1\] should be an object"),
        ({}, r"^r\.json should be a list"),
    ],
)
def test_what_is_wrong_with_a_role_names_it(tmp_path, values, told):
    (tmp_path / "r.json").write_text(json.dumps(values))
    with pytest.raises(InvalidOption, match=told):
        asked("v.mp4", "--roles", str(tmp_path / "r.json"))


def test_a_role_s_emotion_is_not_the_option(tmp_path):
    roles = (DubRole(text="Yes."), DubRole(text="No.", face="1", emotion="purple"))
    request = DubRequest(video=Path("v.mp4"), output=Path("o.mp4"), roles=roles)
    with pytest.raises(InvalidOption, match=r"^roles\[1\]: emotion"):
        check_dub(request)


def test_two_things_to_say_name_no_role_where_there_is_none():
    request = asked("v.mp4", "s.wav", "--cues", "c.srt")
    with pytest.raises(InvalidOption, match="given once, found a sound and cues"):
        check_dub(request)
