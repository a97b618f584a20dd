from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, PngImagePlugin

from sadtalker_ext.encoder.metadata import parse_line
from sadtalker_ext.errors import InputTooLarge, SetupError
from sadtalker_ext.inputs.looking import Bounds
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.service import EngineStatus
from sadtalker_ext.shells.ui import speech as said
from sadtalker_ext.shells.ui.uploads import UploadCheck
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like


def test_a_video_is_made_and_described(press, portrait, speech, host):
    made = press(picture=str(portrait), file=str(speech), seed=7)
    assert made["status"] == ""
    assert made["video"] == made["path"]
    assert made["path"].startswith(str(host.output_dir))
    assert made["path"].endswith("0001-ada.mp4")
    assert "seed 7" in made["summary"]
    assert made["seed"] == "7"
    assert parse_line(made["parameters"])["seed"] == 7
    assert made["plot"].size[0] > 500


def test_the_second_video_gets_the_next_number(press, portrait, speech):
    press(picture=str(portrait), file=str(speech))
    assert press(picture=str(portrait), file=str(speech))["path"].endswith("0002-ada.mp4")


@pytest.mark.parametrize(
    ("kind", "place"), [("mp4", "video"), ("webm", "video"), ("gif", "moving"), ("png", "file")]
)
def test_every_format_is_shown_in_its_place(press, portrait, speech, kind, place):
    made = press(picture=str(portrait), file=str(speech), format=kind)
    assert made["status"] == ""
    shown = {name: made[name] for name in ("video", "moving", "file") if made[name]}
    assert shown == {place: made["path"]}


def test_options_reach_the_video(press, portrait, speech):
    made = press(picture=str(portrait), file=str(speech), fps=10, head_motion=0.5, audio_end=0.5)
    described = parse_line(made["parameters"])
    assert described["fps"] == 10
    assert described["head_motion"] == 0.5
    assert "0.5 s" in made["summary"]


def test_idling_needs_no_sound(press, portrait):
    made = press(picture=str(portrait), kind=said.IDLE, idle_seconds=0.5)
    assert made["status"] == ""
    assert made["plot"] is not None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"picture": None}, "A portrait is missing"),
        ({"file": None}, "Speech is missing"),
        ({"file": "/nowhere/x.wav"}, "x.wav"),
        ({"kind": said.TEXT}, "no text"),
        ({"tick": False}, "tick the line"),
        ({"fps": 99}, "Option fps"),
        ({"audio_start": 5, "audio_end": 2}, "audio_end"),
    ],
)
def test_a_problem_is_told_and_leaves_the_earlier_result(press, portrait, speech, values, words):
    made = press(**({"picture": str(portrait), "file": str(speech)} | values))
    status = made.pop("status")
    assert words in status
    assert "stx-error" in status
    assert all("value" not in output for output in made.values())


def test_an_unexpected_failure_shows_folded_details(press, portrait, speech, puppet):
    puppet.append(FakeEngine(fail_at=2, error=ZeroDivisionError("boom")))
    status = press(picture=str(portrait), file=str(speech))["status"]
    assert "bug" in status
    assert "ZeroDivisionError: boom" in status


def test_a_missing_package_is_no_bug_but_a_sentence(
    press, portrait, speech, service, puppet, monkeypatch
):
    gone = ModuleNotFoundError("No module named 'av'", name="av")
    puppet.append(FakeEngine(fail_at=2, error=gone))
    status = press(picture=str(portrait), file=str(speech))["status"]
    assert "The Python package av cannot be used here" in status
    reason = EngineStatus(name="puppet", ready=False, reason="It needs av.", hint="Restart.")
    monkeypatch.setattr(service, "engines", lambda: (reason,))
    status = press(picture=str(portrait), file=str(speech))["status"]
    assert "It needs av." in status
    assert "Restart." in status
    assert "bug" not in status
    typo = ImportError("typo", name="sadtalker_ext.nowhere")
    puppet.append(FakeEngine(fail_at=2, error=typo))
    service.close()  # it keeps engines between jobs
    assert "bug" in press(picture=str(portrait), file=str(speech))["status"]


def test_a_stop_leaves_no_file(press, portrait, speech, host):
    progress = Progress(lambda event: event.stage is Stage.RENDERING and progress.stop())
    status = press(progress, picture=str(portrait), file=str(speech))["status"]
    assert "Stopped" in status
    assert "stx-error" not in status
    assert list(host.output_dir.rglob("*.mp4")) == []


def test_a_kept_partial_video_is_shown(press, portrait, speech):
    def listen(event):
        if event.stage is Stage.RENDERING and event.done == 8:
            progress.stop()

    progress = Progress(listen)
    made = press(progress, picture=str(portrait), file=str(speech), keep_partial=True)
    assert "beginning was kept" in made["status"]
    assert ".partial" in made["path"]


def test_the_tick_is_asked_once_and_never_for_generated_pictures(press, portrait, speech, tmp_path):
    generated = tmp_path / "generated.png"
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", "a portrait\nSteps: 20")
    Image.fromarray(portrait_like(100, 80)).save(generated, pnginfo=info)
    assert press(picture=str(generated), file=str(speech), tick=False)["status"] == ""
    assert "tick" in press(picture=str(portrait), file=str(speech), tick=False)["status"]
    assert press(picture=str(portrait), file=str(speech), tick=True)["status"] == ""
    assert press(picture=str(portrait), file=str(speech), tick=False)["status"] == ""


def test_a_picture_in_memory_works_like_a_file(press, portrait, speech):
    """gradio 3 and 4 hand over Pillow pictures."""
    picture = Image.open(portrait).convert("RGBA")
    assert press(picture=picture, file=str(speech))["status"] == ""


def test_a_grid_is_made_from_the_tab(press, portrait, speech, host):
    made = press(picture=str(portrait), file=str(speech), seed=7, grid_columns="head_motion=0, 1")
    assert made["status"] == ""
    wall = Path(made["video"])
    assert wall.parent.parent == host.output_dir
    assert len(list((wall.parent / wall.stem).glob("*.mp4"))) == 2
    wrong = press(picture=str(portrait), file=str(speech), grid_rows="colour=red")
    assert "colour=red" in wrong["status"]


@pytest.mark.parametrize("grid", ["idle_seconds=1, 600", "audio_end=2, 0", "pad_audio=0, 59"])
def test_a_grid_keeps_the_limits_of_a_page(host, request, portrait, speech, grid):
    def look(file, part, bounds):
        if (part.end or 99.0) + part.pad > bounds.seconds:
            raise InputTooLarge("too long")

    inspector = SimpleNamespace(look_at_sound=look, look_at_picture=lambda *rest: None)
    bounds = Bounds(pixels=10**6, seconds=60.0, position=60.0)
    host.uploads = UploadCheck(inspector=inspector, bounds=bounds)
    press = request.getfixturevalue("press")
    given = {"kind": said.IDLE} if "idle" in grid else {"file": str(speech), "audio_end": 2}
    status = press(picture=str(portrait), grid_columns=grid, **given)["status"]
    assert "too long" in status or "at most 60 seconds" in status


def test_people_who_share_a_page_share_no_ticks_and_learn_no_places(
    host, request, portrait, speech, puppet
):
    host.shared = True  # before the page is built
    press, values = request.getfixturevalue("press"), {"picture": str(portrait)}
    made = press(file=str(speech), **values)
    assert "0001-ada.mp4" in made["summary"]
    assert str(host.output_dir) not in made["summary"]
    assert "tick the line" in press(tick=False, file=str(speech), **values)["status"]
    missing = SetupError("Not in /srv/models/x.", hint="Look at /srv/models/x.")
    for problem, code in ((missing, "setup_error"), (ZeroDivisionError("boom"), "bug")):
        puppet.append(FakeEngine(fail_at=2, error=problem))
        host.service.close()  # it keeps engines between jobs
        status = press(file=str(speech), **values)["status"]
        assert f'data-code="{code}"' in status
        assert "/srv" not in status and "boom" not in status and "line " not in status


def test_one_person_ticks_a_picture_once(press, portrait, speech):
    press(picture=str(portrait), file=str(speech))
    made = press(picture=str(portrait), file=str(speech), tick=False)
    assert made["status"] == ""
    assert str(portrait.parent) in made["summary"]
