import json
import wave
from pathlib import Path

import pytest

from sadtalker_ext.errors import UnreadableAudio
from sadtalker_ext.speech.voices import system
from sadtalker_ext.speech.voices.provider import Delivery
from sadtalker_ext.speech.voices.system import System

MAC = """Alex                en_US    # Most people recognize me by my voice.
Amélie              fr_CA    # Bonjour.
Eddy (German)       de_DE    # Hallo!
"""


@pytest.fixture(autouse=True)
def fresh():
    system._voices.cache_clear()
    yield
    system._voices.cache_clear()


def test_linux_has_no_common_program():
    assert system._voices("linux") == ()


def test_the_list_of_a_mac(monkeypatch):
    monkeypatch.setattr(system, "_run", lambda command, said="": MAC)
    voices = [(one.name, one.language) for one in system._voices("darwin")]
    assert voices == [
        ("system:Alex", "en-us"), ("system:Amélie", "fr-ca"), ("system:Eddy (German)", "de-de"),
    ]  # fmt: skip


def test_the_list_of_windows(monkeypatch):
    listed = json.dumps([{"name": "Microsoft Zira Desktop", "language": "en-US"}])
    monkeypatch.setattr(system, "_run", lambda command, said="": listed)
    (voice,) = system._voices("win32")
    assert (voice.name, voice.language) == ("system:Microsoft Zira Desktop", "en-us")


def test_a_program_that_fails_means_no_voices(monkeypatch):
    def fail(command, said=""):
        raise UnreadableAudio("no")

    monkeypatch.setattr(system, "_run", fail)
    assert system._voices("darwin") == system._voices("win32") == ()


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_no_text_is_part_of_a_command(platform):
    text = '"; rm -rf / & calc $(evil)'
    command, said = system._command(platform, "Alex", text, Path("x.wav"), 1.5)
    assert all("evil" not in word for word in command)
    assert "evil" in said


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_sentences_are_spoken_one_by_one(monkeypatch, platform):
    asked = []

    def run(command, said=""):
        asked.append(said)
        path = json.loads(said)["path"] if platform == "win32" else command[command.index("-o") + 1]
        with wave.open(path, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(22050)
            file.writeframes(b"\x00\x20" * 2205)
        return ""

    monkeypatch.setattr(system, "_run", run)
    monkeypatch.setattr(system.sys, "platform", platform)
    found = list(System().synthesise("One. Two.", Delivery(voice="system:Alex")))
    assert [one.seconds for one in found] == [pytest.approx(0.1)] * 2
    assert found[0].sound[0] == pytest.approx(0.25)
    assert len(asked) == 2


def test_a_missing_program_and_a_broken_sound_are_sentences(tmp_path):
    with pytest.raises(UnreadableAudio, match="could not be asked"):
        system._run([str(tmp_path / "no-such-program")])
    (tmp_path / "x.wav").write_bytes(b"nothing")
    with pytest.raises(UnreadableAudio, match="no readable sound"):
        system._read(tmp_path / "x.wav")
