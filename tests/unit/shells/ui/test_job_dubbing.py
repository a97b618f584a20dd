"""Jobs of the tab with new words for a video, and with several people who speak."""

import numpy as np
import pytest

from sadtalker_ext.errors import InputError
from sadtalker_ext.shells.ui import contract
from sadtalker_ext.shells.ui import speech as said
from sadtalker_ext.shells.ui.dub_job import is_dialogue
from sadtalker_ext.shells.ui.page import build_page
from tests.support.footage import write_footage


def test_a_video_is_dubbed(press, speech, service, tmp_path, monkeypatch):
    asked = []

    def dub(request, progress):
        asked.append(request)
        raise InputError("enough")

    monkeypatch.setattr(service, "dub", dub)
    video = write_footage(tmp_path / "ann.mp4", [np.zeros((48, 64, 3), np.uint8)] * 2)
    given = {"source_kind": "Video", "source_video": str(video)}
    assert "video is missing" in press(source_kind="Video", file=str(speech))["status"]
    assert "tick the line" in press(file=str(speech), tick=False, **given)["status"]
    assert "needs speech" in press(kind=said.IDLE, idle_seconds=3, **given)["status"]
    grid = press(file=str(speech), grid_columns="seed=1,2", **given)["status"]
    assert "makes no grid" in grid
    assert asked == []
    more = {"keep_audio": 0.25, "length": "End with the shorter one", "source_chosen": 1}
    boxes = [(0, 0, 9, 9), (20, 0, 29, 9)]
    press(file=str(speech), source_boxes=boxes, **given, **more)
    (request,) = asked
    assert (request.video, request.roles[0].speech) == (video, speech)
    assert (request.keep_audio, request.length, request.box) == (0.25, "cut", (20, 0, 29, 9))
    assert request.output.name == "0001-ann.mp4"
    assert request.beside


def test_lines_of_several_people_are_a_dialogue(press, portrait, service, monkeypatch):
    asked = []

    def dub(request, progress):
        asked.append((request, request.video.read_bytes()[:4]))
        raise InputError("enough")

    monkeypatch.setattr(service, "dub", dub)
    text = "B: Good morning.\n\nA: Good evening."
    press(kind=said.TEXT, picture=str(portrait), text=text)
    ((request, begins),) = asked
    assert begins == b"\x89PNG"
    assert request.dialogue == text
    assert [(one.name, one.face) for one in request.roles] == [("A", "0"), ("B", "1")]
    assert not request.options.text
    assert request.beside


def test_a_dialogue_does_not_wait_for_the_device(host, service, monkeypatch):
    kept = []
    connect = host.connect_job
    host.connect_job = lambda parts, job: (kept.append(parts), connect(parts, job))
    build_page(host)
    (parts,) = kept
    monkeypatch.setattr(service, "waits_for_device", lambda options, **_: True)
    names = [one.elem_id.removeprefix(f"{contract.PREFIX}_") for one in parts.inputs]

    def waits(**given):
        pairs = zip(names, parts.inputs, strict=True)
        return parts.waits(None, *(given.get(name, one.value) for name, one in pairs))

    dialogue = "A: Hello.\nB: Hi."
    assert not waits(speech_kind=said.TEXT, text=dialogue)
    assert waits(speech_kind=said.FILE, text=dialogue), "a text that is not spoken"
    assert waits(speech_kind=said.TEXT, text="Hello.")


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("A: one\nB: two", True),
        ("A: one\nA: two", False),
        ("A: one\nand B: two", False),
        ("A: one\nwhich goes on.\nB:two\n", True),
        ("A: one\nNote: this\nB: two", False),
        ("one\nA: two\nB: three", False),
        ("Note: this", False),
        ("", False),
    ],
)
def test_what_is_a_dialogue(text, several):
    assert is_dialogue(text) is several
