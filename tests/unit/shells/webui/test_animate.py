"""The always-on section, run on finished pictures as the WebUI does."""

import base64
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sadtalker_ext.errors import InvalidOption, UnreadableAudio
from tests.support.fake_engine import FakeEngine
from tests.support.media import tone, write_sound
from tests.support.specs import register

SEEDS = [11, 12]


@pytest.fixture
def animate(webui, monkeypatch):
    from sadtalker_ext.shells.webui import animate, house

    house.service.cache_clear()
    register(monkeypatch, FakeEngine)
    yield animate
    house.service.cache_clear()


@pytest.fixture
def speech(tmp_path):
    return write_sound(tmp_path / "speech.wav", tone(0.2), 16000)


def generated(count=2):
    """What a generation hands to scripts: a grid, the pictures, another script's extra."""
    pictures = [
        Image.fromarray(np.full((32, 48, 3), seed, np.uint8)) for seed in (0, *SEEDS[:count], 99)
    ]
    return SimpleNamespace(
        images=pictures,
        infotexts=["grid", *(f"a face\nSeed: {seed}" for seed in SEEDS[:count])],
        all_seeds=SEEDS[:count],
        index_of_first_image=1,
        extra_generation_params={},
        comments="",
    )


def upload(path):
    """What gradio's file box gives."""
    return SimpleNamespace(name=str(path))


def test_every_picture_talks_and_keeps_its_parameters(animate, speech, tmp_path):
    from sadtalker_ext.encoder.metadata import read_metadata

    done = generated()
    animate.AnimateScript().postprocess(None, done, True, upload(speech), "crop", False)
    paths = done.extra_generation_params[animate.RESULTS]
    assert [path.rpartition("/")[2] for path in paths] == ["00000-11.mp4", "00001-12.mp4"]
    assert all(path in done.comments for path in paths)
    facts = str(read_metadata(Path(paths[1])))
    assert "Seed: 12" in facts


def test_off_by_default_and_nothing_happens(animate, tmp_path):
    done = generated()
    animate.AnimateScript().postprocess(None, done)
    animate.AnimateScript().postprocess(None, done, False, None, "auto", False)
    assert done.extra_generation_params == {}
    assert not (tmp_path / "outputs").exists()


def test_a_request_sends_the_content_of_a_file(animate, speech):
    done = generated(1)
    text = base64.b64encode(speech.read_bytes()).decode()
    animate.AnimateScript().postprocess(None, done, True, f"data:audio/wav;base64,{text}", {})
    assert len(done.extra_generation_params[animate.RESULTS]) == 1


@pytest.mark.parametrize("path", ["/etc/passwd", "speech.wav", "C:\\speech.wav", "file:///x"])
def test_a_request_cannot_name_a_file_of_this_machine(animate, path):
    done = generated(1)
    animate.AnimateScript().postprocess(None, done, True, path)
    assert "base64" in done.extra_generation_params[animate.PROBLEM]
    assert animate.RESULTS not in done.extra_generation_params


def test_a_problem_is_told_and_the_pictures_stay(animate, speech):
    done = generated()
    animate.AnimateScript().postprocess(None, done, True, upload(speech), {"quality": 99})
    assert "quality" in done.comments
    assert len(done.images) == 4


def test_what_was_finished_before_a_stop_is_told(animate, speech, webui, monkeypatch):
    state = webui("shared").state
    done = generated()
    original = animate.animate

    def stop_after_the_first(*arguments):
        if animate.RESULTS in str(state.history) or getattr(state, "one_done", False):
            state.interrupted = True
        path = original(*arguments)
        state.one_done = True
        return path

    monkeypatch.setattr(animate, "animate", stop_after_the_first)
    animate.AnimateScript().postprocess(None, done, True, upload(speech))
    assert len(done.extra_generation_params[animate.RESULTS]) == 1
    assert "stopped" in done.comments
    assert animate.PROBLEM not in done.extra_generation_params


def test_speech_must_be_there(animate):
    for nothing in (None, "", {}, []):
        with pytest.raises(InvalidOption), animate.speech_file(nothing):
            pass
    with pytest.raises(UnreadableAudio), animate.speech_file({"name": "/etc/passwd"}):
        pass


def test_the_section_is_always_there_unless_switched_off(animate, webui):
    script = animate.AnimateScript()
    assert script.title() == "Animate with SadTalker"
    assert script.show(False) is webui("scripts").AlwaysVisible
    webui("shared").opts.data["sadtalker_ext_show_script"] = False
    assert script.show(True) is False


def test_the_section_s_values_are_among_the_parameters_of_the_pictures(animate):
    script, work = animate.AnimateScript(), SimpleNamespace(extra_generation_params={"Hires": 2})
    for arguments in ((), (False, None, "crop", True), (True, None, {"quality": 99})):
        script.process(work, *arguments)
        assert work.extra_generation_params == {"Hires": 2}
    script.process(work, True, None, "crop", True)
    assert work.extra_generation_params == {
        "Hires": 2, "SadTalker framing": "crop", "SadTalker still": True,
    }  # fmt: skip
    script.process(work, True, None, {"preprocess": "full"})
    assert work.extra_generation_params["SadTalker framing"] == "full"
