"""Sounds over one another, captions, and dialogues."""

import numpy as np
import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.inputs.audio import open_speech
from sadtalker_ext.speech.laid import Laid, laid_out, one_channel
from sadtalker_ext.speech.parts import read_cues, read_dialogue, speakers_of
from tests.support.media import tone, write_sound

RATE = 8000


@pytest.fixture
def beep(tmp_path):
    return open_speech(write_sound(tmp_path / "beep.wav", tone(0.5, RATE, level=0.4), RATE))


@pytest.fixture
def stereo(tmp_path):
    both = np.concatenate([tone(0.5, RATE, level=0.2), tone(0.5, RATE, 440, level=0.4)], axis=1)
    return open_speech(write_sound(tmp_path / "both.wav", both, RATE))


def samples(speech):
    return np.concatenate(list(speech.read(None)))


def loudness(sound, begin, end):
    return float(np.abs(sound[round(begin * RATE) : round(end * RATE)]).max())


def test_pieces_lie_where_they_should(beep):
    whole = laid_out([Laid(speech=beep, at=0.7), Laid(speech=beep, at=1.9, gain=0.5)], 3.0)
    sound = samples(whole)
    assert len(sound) == 3 * RATE
    assert loudness(sound, 0, 0.7) == 0
    assert loudness(sound, 0.75, 1.15) == pytest.approx(0.4, abs=0.01)
    assert loudness(sound, 1.21, 1.9) == 0
    assert loudness(sound, 1.95, 2.35) == pytest.approx(0.2, abs=0.01)


def test_what_begins_before_is_cut(beep):
    sound = samples(laid_out([Laid(speech=beep, at=-0.3)], 1.0))
    assert loudness(sound, 0, 0.19) == pytest.approx(0.4, abs=0.01)
    assert loudness(sound, 0.21, 1.0) == 0
    np.testing.assert_allclose(sound[:1000], samples(beep)[2400:3400], atol=1e-6)


def test_mono_over_stereo(beep, stereo):
    whole = laid_out([Laid(speech=beep, at=1.0), Laid(speech=stereo)], 1.5)
    both = np.concatenate(list(whole.read_channels(RATE)))
    assert both.shape == (1.5 * RATE, 2)
    first, second = both[: RATE // 2].T
    assert np.abs(first).max() == pytest.approx(0.2, abs=0.01)
    assert np.abs(second).max() == pytest.approx(0.4, abs=0.01)
    np.testing.assert_allclose(both[RATE:, 0], both[RATE:, 1])


def test_one_channel_alone(stereo):
    assert np.abs(samples(one_channel(stereo, 0))).max() == pytest.approx(0.2, abs=0.01)
    assert np.abs(samples(one_channel(stereo, 1))).max() == pytest.approx(0.4, abs=0.01)


def test_cues_in_order(tmp_path):
    path = tmp_path / "a.srt"
    path.write_text(
        "2\n00:00:03,500 --> 00:00:05,000\n<i>Second</i>\nline.\n\n"
        "1\n00:00:01,000 --> 00:00:02,250\nFirst.\n\n3\n00:01:00,000 --> 00:01:01,000\n[music]\n"
    )
    cues, backwards = read_cues(path)
    assert [(c.text, c.start, c.end) for c in cues] == [
        ("First.", 1.0, 2.25),
        ("Second line.", 3.5, 5.0),
    ]
    assert backwards == 0


def test_cues_that_end_before_they_begin_are_counted(tmp_path):
    path = tmp_path / "a.vtt"
    path.write_text("00:03.000 --> 00:01.000\nBack.\n\n00:04.000 --> 00:05.000\nOn.\n")
    cues, backwards = read_cues(path)
    assert [cue.text for cue in cues] == ["On."]
    assert backwards == 1


@pytest.mark.parametrize(
    ("name", "told"), [("a.wav", r"Captions to be spoken .* found a\.wav"), ("a.srt", "no such")]
)
def test_what_is_no_file_of_captions_is_not_called_a_transcript(tmp_path, name, told):
    with pytest.raises(InvalidOption, match=told) as caught:
        read_cues(tmp_path / name)
    assert "transcript" not in caught.value.message
    assert caught.value.hint


def test_no_cues_are_refused(tmp_path):
    (tmp_path / "a.srt").write_text("Just words.")
    with pytest.raises(InvalidOption):
        read_cues(tmp_path / "a.srt")


def test_a_dialogue():
    text = "A: Good morning.\n\nB: Hello: how are you?\nFine weather.\nA: It is."
    assert read_dialogue(text) == (
        ("A", "Good morning."),
        ("B", "Hello: how are you? Fine weather."),
        ("A", "It is."),
    )


def test_who_speaks_in_a_dialogue():
    assert speakers_of("C: Hello.\nA:Hi.\nSee you at 12:30.\nB : Bye.") == ("A", "B", "C")
    assert speakers_of("Zoe: Hello.\nAdam: Hi.\nZoe: Bye.") == ("Zoe", "Adam")


@pytest.mark.parametrize("text", ["", "Nobody speaks.", "12:30 is late."])
def test_no_dialogue(text):
    with pytest.raises(InvalidOption):
        read_dialogue(text)
