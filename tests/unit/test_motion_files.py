"""Motion written beside a video, without one, and drawn again."""

import json

import numpy as np
import pytest

from sadtalker_ext.motion.formats.files import read_motion
from sadtalker_ext.shells.cli import main
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import register


@pytest.fixture
def inputs(tmp_path):
    import cv2

    cv2.imwrite(str(tmp_path / "portrait.png"), portrait_like())
    return tmp_path / "portrait.png", write_sound(tmp_path / "s.wav", speech_like(0.6), 44100)


@pytest.fixture
def fake_engine(monkeypatch):
    register(monkeypatch, FakeEngine)


def run(*words):
    return main([str(word) for word in words])


def test_motion_without_a_video(inputs, fake_engine, tmp_path, capsys):
    files = [tmp_path / "face.csv", tmp_path / "face.json"]
    words = ["motion", *inputs, "-o", files[0], "-o", files[1], "--engine", "puppet", "--fps", 30]
    assert run(*words, "--seed", 3, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["fps"], told["files"]) == (18, 30, [str(one) for one in files])
    motion = read_motion(files[1])
    assert (len(motion), motion.fps) == (18, 30)
    assert motion.jaw.max() > 0.3
    assert not list(tmp_path.glob("*.mp4"))
    assert run(*words) == 2  # they exist
    assert run(*words, "--overwrite") == 0


def test_options_of_videos_are_told_where_there_is_none(inputs, fake_engine, tmp_path, capsys):
    words = ["motion", *inputs, "-o", tmp_path / "face.csv", "--engine", "puppet"]
    words += ["--quality", 30, "--gaze", "fixed", "--device", "cuda"]
    assert run(*words) == 0
    told = capsys.readouterr().err
    assert "note: --quality is of videos" in told
    assert "note: --gaze has no effect in the" in told
    assert "note: --device cuda has no effect" in told


def test_a_motion_goes_out_and_is_drawn_again(inputs, fake_engine, tmp_path, capsys):
    words = ["generate", *inputs, "--engine", "puppet", "--json"]
    out = tmp_path / "face.json"
    assert run(*words, "-o", tmp_path / "1.mp4", "--seed", 3, "--motion-out", out) == 0
    again = tmp_path / "again.json"
    drawn = ["-o", tmp_path / "2.mp4", "--seed", 4, "--motion-in", out, "--motion-out", again]
    assert run(*words, *drawn) == 0
    assert np.array_equal(read_motion(out).controls, read_motion(again).controls)
    assert (
        run(*words, "-o", tmp_path / "3.mp4", "--seed", 4, "--motion-out", tmp_path / "b.json") == 0
    )
    assert not np.array_equal(read_motion(out).controls, read_motion(tmp_path / "b.json").controls)


def test_motion_without_speech_lasts_as_long_as_it_lasts(inputs, fake_engine, tmp_path, capsys):
    out = tmp_path / "face.json"
    assert run("motion", *inputs, "-o", out, "--engine", "puppet") == 0
    words = ["generate", inputs[0], "--engine", "puppet", "--motion-in", out, "--json"]
    capsys.readouterr()
    assert run(*words, "-o", tmp_path / "1.mp4") == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 15
    assert run(*words, "-o", tmp_path / "2.mp4", "--idle-seconds", "1") == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 25


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--motion-out", "face.bvh"), "face.bvh"),
        (("--motion-in", "no.csv"), "no.csv"),
        (("--motion-out", "no/where.csv"), "where.csv"),
    ],
)
def test_what_cannot_be_is_said_before_any_work(
    inputs, fake_engine, tmp_path, capsys, monkeypatch, words, said
):
    monkeypatch.chdir(tmp_path)
    assert run("generate", *inputs, "-o", "1.mp4", "--engine", "puppet", *words) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "1.mp4").exists()
