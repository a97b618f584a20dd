import dataclasses
import json

import numpy as np
import pytest

from sadtalker_ext import transcripts
from sadtalker_ext.errors import InvalidOption, OutputExists
from sadtalker_ext.motion import plan
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.request import Request, check_request
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.transcripts import with_words, write_transcripts
from sadtalker_ext.types import Phoneme, Word
from tests.support.espeak import say, speech_of


def request(tmp_path, captions="none", **more):
    options = GenerateOptions(captions=captions, text="Hi.")
    return Request(
        picture=tmp_path / "p.png", speech=None, output=tmp_path / "v.mp4", options=options, **more
    )


def spoken():
    sound = speech_of(np.zeros(16000, np.float32), 16000)
    return dataclasses.replace(
        sound,
        words=(Word(text="Hi.", start=0.1, end=0.5),),
        phonemes=(
            Phoneme(symbol="HH", start=0.1, end=0.2),
            Phoneme(symbol="AY", start=0.2, end=0.5),
        ),
    )


@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_the_option_writes_beside_the_video(tmp_path, kind):
    assert write_transcripts(request(tmp_path, kind), spoken()) == ()
    assert "Hi." in (tmp_path / f"v.{kind}").read_text(encoding="utf-8")


def test_a_named_file_wins(tmp_path):
    write_transcripts(request(tmp_path, captions_file=tmp_path / "a.vtt"), spoken())
    assert (tmp_path / "a.vtt").read_text(encoding="utf-8").startswith("WEBVTT")
    assert not (tmp_path / "v.srt").exists()


def test_nothing_is_written_without_being_asked(tmp_path):
    assert write_transcripts(request(tmp_path, "track"), spoken()) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("told", [False, True])
def test_why_there_are_no_captions_is_said_once(tmp_path, told):
    silent = dataclasses.replace(spoken(), words=())
    hearing = listen(silent, Progress())
    hearing = dataclasses.replace(hearing, warnings=("Why.",), tells_no_words=told)
    notes = write_transcripts(request(tmp_path, captions_file=tmp_path / "a.srt"), silent, hearing)
    assert len(notes) == (0 if told else 1)


def test_unknown_words_are_said_so_and_no_empty_file_is_left(tmp_path):
    silent = dataclasses.replace(spoken(), words=())
    told = write_transcripts(request(tmp_path, captions_file=tmp_path / "a.srt"), silent)
    assert "words and their times" in told[0]
    assert list(tmp_path.iterdir()) == []


def test_phones_go_into_every_named_file(tmp_path):
    files = tuple(tmp_path / name for name in ("a.TextGrid", "a.visemes.json", "a.json"))
    write_transcripts(request(tmp_path, phones_files=files), spoken())
    assert '"AY"' in files[0].read_text(encoding="utf-8")
    assert json.loads(files[1].read_text())["visemes"][0]["phone"] == "HH"
    assert "mouthCues" in json.loads(files[2].read_text())


def test_a_recording_is_listened_to_for_its_phones(tmp_path):
    said = say("Papa can map.")
    file = tmp_path / "a.visemes.json"
    write_transcripts(request(tmp_path, phones_files=(file,)), said.speech(exact=False))
    visemes = json.loads(file.read_text(encoding="utf-8"))["visemes"]
    assert sum(one["oculus"] == "PP" for one in visemes) >= 2


def test_an_idle_video_has_no_phones(tmp_path):
    told = write_transcripts(request(tmp_path, phones_files=(tmp_path / "a.json",)), None)
    assert "nothing is said" in told[0]


@pytest.mark.parametrize(
    "wrong", [{"captions_file": "a.txt"}, {"phones_files": ("a.csv",)}], ids=["captions", "phones"]
)
def test_other_formats_are_refused_before_any_work(tmp_path, wrong):
    given = {
        name: tuple(tmp_path / one for one in value) if isinstance(value, tuple)
        else tmp_path / value
        for name, value in wrong.items()
    }  # fmt: skip
    with pytest.raises(InvalidOption, match="found a"):
        check_request(request(tmp_path, **given))


def test_a_file_that_exists_is_refused_before_any_work(tmp_path):
    (tmp_path / "v.srt").write_text("mine")
    with pytest.raises(OutputExists):
        check_request(request(tmp_path, "srt"))
    check_request(dataclasses.replace(request(tmp_path, "srt"), overwrite=True))


def test_a_transcript_gives_captions_and_nobody_listens_twice(tmp_path, monkeypatch):
    text = "My brother came home on Monday."
    speech = dataclasses.replace(say(text).speech(exact=False), text=text)
    asked = request(tmp_path, "srt")
    heard = with_words(asked, Performance(speech=speech), Progress())
    assert [one.text for one in heard.speech.words] == text.split()
    monkeypatch.setattr(plan, "listen", None)
    options = GenerateOptions(seed=1)
    plan.plan_motion(heard, options, 1, Progress(), track=None)
    monkeypatch.setattr(transcripts, "listen", None)
    assert with_words(asked, heard, Progress()) is heard
    named = request(tmp_path, "srt", phones_files=(tmp_path / "a.TextGrid",))
    assert write_transcripts(named, heard.speech, heard.hearing) == ()
    assert text in (tmp_path / "v.srt").read_text(encoding="utf-8")
    assert '"Monday."' in (tmp_path / "a.TextGrid").read_text(encoding="utf-8")


def test_a_transcript_is_not_listened_for_when_nothing_asks(tmp_path, monkeypatch):
    monkeypatch.setattr(transcripts, "listen", None)
    speech = say("My brother came home on Monday.").speech(exact=False, text=True)
    performance = Performance(speech=speech)
    assert with_words(request(tmp_path), performance, Progress()) is performance
