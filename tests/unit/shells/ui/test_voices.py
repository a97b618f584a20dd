import threading

import pytest

from sadtalker_ext.errors import DownloadFailed
from sadtalker_ext.shells.ui.controls import SPEECH_TEXT, OptionControls
from sadtalker_ext.shells.ui.voices import (
    VoiceLine,
    connect_voice_parts,
    find_voices,
    make_voice_parts,
)
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.weights import voice_files

pytestmark = pytest.mark.usefixtures("gradio")


@pytest.fixture
def line(store):
    return VoiceLine(store)


def complete(store):
    before = store.find
    store.find = lambda name: "there" if name in voice_files.NAMES else before(name)


def test_the_button_says_what_is_missing_and_how_large_it_is(line):
    assert line.title == "Download voice (14 MB)"
    assert "natural English voice" in line.html()
    assert "Apache-2.0" in line.html()
    assert "nothing is installed" in line.html()


def test_without_espeak_it_says_what_the_voice_speaks_and_what_others_need(line, monkeypatch):
    monkeypatch.setattr(espeak, "installed", lambda: False)
    assert "Text needs a voice" in line.html()
    assert "espeak-ng" in line.html()


def test_nothing_is_said_when_all_is_there(line, store):
    complete(store)
    assert (line.title, line.html()) == ("", "")
    assert list(line.fetch())[-1][1]["visible"] is False


def test_the_files_come_through_the_store_and_nothing_is_installed(line, store, monkeypatch):
    asked = []

    def fetch(words, progress):
        asked.append(list(words))
        complete(store)

    monkeypatch.setattr(store, "fetch", fetch)
    steps = list(line.fetch())
    assert asked == [["voice"]]
    assert steps[-1][1]["visible"] is False
    assert find_voices(store)[0][0][0] == "hibari"


def test_a_failed_download_is_a_sentence_and_can_be_tried_again(line, store, monkeypatch):
    def fetch(words, progress):
        raise DownloadFailed("The network is down.")

    monkeypatch.setattr(store, "fetch", fetch)
    line_html, button, stop = list(line.fetch())[-1]
    assert "The network is down." in line_html
    assert button["visible"] is True and stop["visible"] is False


def test_a_download_can_be_stopped(line, store, monkeypatch):
    begun = threading.Event()

    def fetch(words, progress):
        begun.set()
        while True:
            progress.check()

    monkeypatch.setattr(store, "fetch", fetch)
    steps = line.fetch()
    begun.wait(5)
    next(steps)
    line.stop()
    assert "Stopped" in list(steps)[-1][0]


def test_the_text_can_be_written_once_the_voice_is_there(gradio, store, monkeypatch):
    monkeypatch.setattr(espeak, "installed", lambda: False)
    options = OptionControls(find_voices(store)[0])
    line = VoiceLine(store)
    with gradio.Blocks() as page:
        parts = make_voice_parts(line)
        options.make(*SPEECH_TEXT)
        connect_voice_parts(parts, line, options, store)
    complete(store)
    ready = next(fn.fn for fn in page.fns.values() if fn.name == "ready")
    updates = dict(zip(SPEECH_TEXT, ready(), strict=True))
    assert all(one["interactive"] for one in updates.values())
    choices = updates["voice"]["choices"]
    assert [choice.rpartition(" · ")[2] for choice in choices][1:] == ["hibari"]
    assert options.options({"voice": choices[1]} | _rest(options))["voice"] == "hibari"
    assert options.options({"voice": choices[0]} | _rest(options))["voice"] == ""


def _rest(options):
    return {name: one.value for name, one in options.components.items() if name != "voice"}
