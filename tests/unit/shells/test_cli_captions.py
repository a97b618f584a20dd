"""Captions and phones that the command line writes beside a video or into it."""

import pytest

from sadtalker_ext.encoder.subtitles import can_write_subtitles
from sadtalker_ext.shells.cli import main
from tests.support.fake_engine import FakeEngine
from tests.support.media import portrait_like, speech_like, write_sound
from tests.support.specs import register


@pytest.fixture
def inputs(tmp_path):
    from PIL import Image

    Image.fromarray(portrait_like(96, 80)).save(tmp_path / "portrait.png")
    write_sound(tmp_path / "speech.wav", speech_like(0.6), 44100)
    return tmp_path / "portrait.png", tmp_path / "speech.wav"


@pytest.fixture
def fake_engine(monkeypatch):
    register(monkeypatch, FakeEngine)


def run(*words):
    return main([str(word) for word in words])


def test_captions_and_phones_of_a_spoken_text_are_written(inputs, fake_engine, tmp_path):
    words = ("generate", inputs[0], "--text", "Papa can map.", "--voice", "en-us")
    words = (*words, "--engine", "puppet", "--overwrite", "-o", tmp_path / "out.mp4")
    phones = [tmp_path / name for name in ("a.TextGrid", "a.json", "a.visemes.json")]
    flags = [word for file in phones for word in ("--phones", file)]
    assert run(*words, "--captions", "track", *flags) == 0
    written = ["Papa can map."] if can_write_subtitles() else []
    assert subtitles_of(tmp_path / "out.mp4") == written
    assert all(file.stat().st_size > 100 for file in phones)
    assert run(*words, "--captions", "srt") == 0
    assert "Papa can map." in (tmp_path / "out.srt").read_text(encoding="utf-8")
    assert subtitles_of(tmp_path / "out.mp4") == []
    assert run(*words, "--captions", tmp_path / "b.vtt") == 0
    assert (tmp_path / "b.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert run(*words, "--captions", tmp_path / "b.txt") == 2
    assert run(*words, "--captions", "always") == 2


def test_captions_of_a_recording_are_said_to_be_unknown(inputs, fake_engine, tmp_path, capsys):
    words = ("generate", *inputs, "-o", tmp_path / "out.mp4", "--engine", "puppet")
    assert run(*words, "--captions", "srt") == 0
    assert capsys.readouterr().err.count("words and their times") == 1
    assert not (tmp_path / "out.srt").exists()


def subtitles_of(path):
    import av

    with av.open(str(path)) as container:
        return [
            bytes(packet)[2:].decode()
            for stream in container.streams.subtitles
            for packet in container.demux(stream)
            if packet.size > 2
        ]
