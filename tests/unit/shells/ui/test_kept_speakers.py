"""Speakers that are kept: in presets, and in the words of a finished video."""

import json

import pytest

from sadtalker_ext.dubbing.request import DubRequest, DubRole
from sadtalker_ext.encoder.metadata import parse_speakers
from sadtalker_ext.presets import PresetBook
from sadtalker_ext.shells.ui import roles
from sadtalker_ext.shells.ui.page import build_page


def asked(*given, dialogue="", tmp_path=None):
    path = tmp_path / "a"
    return DubRequest(
        video=path.with_suffix(".png"), output=path.with_suffix(".mp4"), roles=given,
        dialogue=dialogue,
    )  # fmt: skip


def test_a_video_tells_who_says_what_and_no_folder(tmp_path):
    two = asked(
        DubRole(face="1", speech=tmp_path / "private" / "hello.wav"),
        DubRole(
            face="0", text="Good evening.", at=1.5, voice="en-us", emotion="sad", timeline="[]"
        ),
        tmp_path=tmp_path,
    )
    assert two.speakers == [
        {"face": "1", "speech": "hello.wav"},
        {"face": "0", "text": "Good evening.", "at": 1.5, "voice": "en-us", "emotion": "sad"},
    ]
    assert two.described is two.options
    assert asked(DubRole(text="Alone."), tmp_path=tmp_path).speakers == []
    talk = asked(DubRole(name="A"), DubRole(name="B"), dialogue="A: a\nB: b", tmp_path=tmp_path)
    assert talk.speakers == [] and talk.described.text == "A: a\nB: b"


@pytest.mark.parametrize(
    "text", ["", "7", '"[1, 2]"', '"{}"', '"[[["', '"null"', "[{}]", '"' + "[" * 9000 + '"']
)
def test_a_line_that_anybody_wrote_is_no_error(text):
    assert parse_speakers(f"Talking head, Seed: 1, Speakers: {text}, Version: 2") == []


def fields_of(outputs, sent):
    """Return what is sent to the fields of speakers, by the end of their ids."""
    named = {}
    for component, value in zip(outputs, sent, strict=True):
        name = str(component.elem_id or "").removeprefix("sadtalker_ext_")
        named[name] = value
    return named


def handler_of(blocks, element):
    """Return the event of a button."""
    button = next(
        one for one in blocks.blocks.values() if one.elem_id == f"sadtalker_ext_{element}"
    )
    return next(fn for fn in blocks.fns.values() if any(one[0] == button._id for one in fn.targets))


def test_a_preset_keeps_who_speaks_but_not_the_words(host):
    blocks, _ = build_page(host)
    save = handler_of(blocks, "preset_save")
    given = {
        "preset_name": "Two", "speakers_opened": [True, False, True], "speaker_2_face": "2",
        "speaker_2_at": 1.5, "speaker_2_kind": "Text", "speaker_2_text": "Secret words",
        "speaker_4_emotion": "sad",
    }  # fmt: skip
    names = [str(one.elem_id).removeprefix("sadtalker_ext_") for one in save.inputs]
    values = [given.get(name, one.value) for name, one in zip(names, save.inputs, strict=True)]
    save.fn(None, *values)
    book = PresetBook(host.state_folder)
    assert book.speakers("Two") == [
        {}, {"face": "1", "at": 1.5, "kind": "Text"}, {"emotion": "sad"}
    ]  # fmt: skip
    assert "Secret" not in (host.state_folder / "presets.json").read_text(encoding="utf-8")
    apply = handler_of(blocks, "preset")
    shown = fields_of(apply.outputs, apply.fn(None, "Two"))
    assert shown["speakers_opened"] == [True, True, False]
    assert (shown["speaker_2_face"], shown["speaker_2_at"]) == ("2", 1.5)
    assert (shown["speaker_2_kind"], shown["speaker_3_kind"]) == (roles.TEXT, roles.SOUND)
    assert shown["speaker_3_emotion"] == "sad"
    assert "value" not in shown["speaker_2_text"], "what was written stays"
    # a preset without any leaves them as they are
    shown = fields_of(apply.outputs, apply.fn(None, "Natural"))
    assert "value" not in shown["speaker_2_face"]
    assert shown["head_motion"]["value"] == 1.0


ENDLESS = [{}, {"face": "9" * 5000, "at": 10**400}]


@pytest.mark.parametrize(
    "kept", [7, "x", {"a": 1}, [1, "x"], [{}, {"face": "99", "at": "soon"}], ENDLESS]
)
def test_a_damaged_preset_is_no_error(host, kept):
    host.state_folder.mkdir(parents=True)
    (host.state_folder / "presets.json").write_text(json.dumps({"Old": {"speakers": kept}}))
    blocks, _ = build_page(host)
    apply = handler_of(blocks, "preset")
    shown = fields_of(apply.outputs, apply.fn(None, "Old"))
    if isinstance(kept, list) and len(kept) == 2 and isinstance(kept[1], dict):
        assert shown["speakers_opened"] == [True, False, False]
        assert (shown["speaker_2_face"], shown["speaker_2_at"]) == (roles.NEXT_FACE, 0.0)
    else:
        assert "value" not in shown["speaker_2_face"]


def test_parameters_bring_the_speakers_back(host):
    blocks, _ = build_page(host)
    use = handler_of(blocks, "use_parameters")
    told = [{"face": "0"}, {"face": "2", "text": "Hi."}, {"speech": "b.wav", "at": 2.0}]
    line = f"Talking head, Engine: puppet, Seed: 3, Speakers: {json.dumps(json.dumps(told))}"
    shown = fields_of(use.outputs, use.fn(line))
    assert shown["speakers_opened"] == [True, True, False]
    assert (shown["speaker_2_face"], shown["speaker_2_text"]) == ("3", "Hi.")
    assert (shown["speaker_3_kind"], shown["speaker_3_at"]) == (roles.SOUND, 2.0)
    assert "Speakers" in shown["status"]
    shown = fields_of(use.outputs, use.fn("Talking head, Seed: 3"))
    assert "value" not in shown["speaker_2_face"] and "Speakers" not in shown["status"]
