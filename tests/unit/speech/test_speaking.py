"""How a text becomes speech by any voice: its utterances, its words, and what cannot be said."""

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled, InvalidOption, UnreadableAudio
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import voice as front
from sadtalker_ext.speech.voice import Voice, speak
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.speech.voices.provider import Utterance
from sadtalker_ext.types import Phoneme, Word


class Parrot:
    """A provider that says each word as a tone of a tenth of a second."""

    name = "parrot"

    def __init__(self, *, rate_hz=8000, pause=0.2):
        self.rate_hz, self.pause = rate_hz, pause
        self.made = 0

    def voices(self):
        return (Voice(name="parrot", language="en-us", label="Parrot"),)

    def unread(self, text):
        return (word for word in text.split() if not word.isascii())

    def synthesise(self, text, delivery):
        for word in text.split():
            self.made += 1
            yield Utterance(
                sound=np.full(self.rate_hz // 10, 0.5, np.float32),
                rate_hz=self.rate_hz,
                phones=(Phoneme(symbol="AA", start=0.0, end=0.1),),
                words=(Word(text=word, start=0.0, end=0.1),),
                pause=self.pause,
                written=len(word) + 1,
            )


@pytest.fixture
def parrot(monkeypatch):
    bird = Parrot()
    monkeypatch.setattr(front, "providers", lambda store=None: (bird,))
    return bird


def test_utterances_are_joined_with_their_pauses(tmp_path, parrot):
    speech = speak("one two", tmp_path)
    assert [(one.text, round(one.start, 3)) for one in speech.words] == [
        ("one", 0.15), ("two", 0.45),
    ]  # fmt: skip
    assert [(one.symbol, round(one.end, 3)) for one in speech.phonemes] == [
        ("SIL", 0.15), ("AA", 0.25), ("SIL", 0.45), ("AA", 0.55), ("SIL", 0.75),
    ]  # fmt: skip
    assert speech.seconds == pytest.approx(0.75)
    samples = np.concatenate(list(speech.read(None)))
    loud = np.flatnonzero(np.abs(samples) > 0.1) / 8000
    assert loud[0] == pytest.approx(0.15, abs=0.01)
    assert loud[-1] == pytest.approx(0.55, abs=0.01)


def test_speaking_is_counted_and_can_be_stopped(tmp_path, parrot):
    events = []
    progress = Progress(events.append)
    speak("a b c d", tmp_path, progress=progress)
    assert {one.stage for one in events} == {Stage.SPEAKING}
    assert [one.done for one in events] == [0, 2, 4, 6, 8]
    assert events[2].text == "Speaking the text 57 %"
    progress = Progress(lambda event: event.done >= 4 and progress.stop())
    parrot.made = 0
    with pytest.raises(Cancelled):
        speak("a b c d e f", tmp_path, progress=progress)
    assert parrot.made < 4


def test_a_voice_that_says_nothing_is_an_error(tmp_path, monkeypatch, parrot):
    monkeypatch.setattr(Parrot, "synthesise", lambda self, text, delivery: iter(()))
    with pytest.raises(InvalidOption, match="nothing in the text"):
        speak("😀", tmp_path)


def test_a_changing_rate_is_an_error(tmp_path, monkeypatch, parrot):
    def synthesise(self, text, delivery):
        for rate_hz in (8000, 16000):
            yield Utterance(sound=np.zeros(100, np.float32), rate_hz=rate_hz)

    monkeypatch.setattr(Parrot, "synthesise", synthesise)
    with pytest.raises(UnreadableAudio, match="rate"):
        speak("x", tmp_path)


def test_a_text_in_a_language_nobody_speaks_is_read_with_a_warning(tmp_path, parrot):
    speech = speak("Das ist nicht gut und auch nicht schlecht.", tmp_path)
    assert "'de'" in speech.warnings[0]
    assert speak("This is good and not bad.", tmp_path).warnings == ()
    assert speak("Das ist nicht gut.", tmp_path, voice="parrot").warnings == ()


def test_words_that_a_voice_leaves_out_are_named(tmp_path, parrot):
    (told,) = speak("Hi 你好 there [pause 0.2] 你好 мир", tmp_path, voice="parrot").warnings
    assert "parrot" in told and "letters: 你好, мир. They were left out" in told
    many = " ".join(f"мир{chr(0x430 + place)}" for place in range(11))
    (told,) = speak(f"one {many} two", tmp_path, voice="parrot").warnings
    assert "and 3 more" in told and told.count("мир") == 8


@pytest.mark.parametrize(
    ("text", "espeak_there", "step"),
    [
        ("مرحبا بالعالم", False, "pip install"),
        ("你好", False, "pip install"),
        ("مرحبا بالعالم", True, "sound file"),
        ("Привет", False, "The voice rus speaks 'ru'"),
        ("😀😀", False, "no words in the text"),
    ],
)
def test_a_text_that_cannot_be_said_has_a_next_step(
    tmp_path, monkeypatch, parrot, text, espeak_there, step
):
    birds = (*parrot.voices(), Voice(name="rus", language="ru", label="Russian"))
    monkeypatch.setattr(Parrot, "voices", lambda self: birds)
    monkeypatch.setattr(Parrot, "synthesise", lambda self, text, delivery: iter(()))
    monkeypatch.setattr(espeak, "installed", lambda: espeak_there)
    with pytest.raises(InvalidOption, match="nothing in the text") as caught:
        speak(text, tmp_path, voice="parrot")
    assert step in caught.value.hint


def test_a_text_in_the_voices_own_language_may_get_another_voice(tmp_path, monkeypatch, parrot):
    monkeypatch.setattr(Parrot, "synthesise", lambda self, text, delivery: iter(()))
    with pytest.raises(InvalidOption, match="nothing in the text") as caught:
        speak("Good morning.", tmp_path, voice="parrot")
    assert caught.value.remedy == "voice"


def test_voices_are_listed_once_for_a_text(tmp_path, monkeypatch, parrot):
    asked, voices = [], parrot.voices()
    monkeypatch.setattr(Parrot, "voices", lambda self: asked.append(self) or voices)
    speak("Good morning.", tmp_path)
    assert len(asked) == 1


def test_a_mistyped_voice_is_guessed(tmp_path, parrot):
    with pytest.raises(InvalidOption) as caught:
        speak("Good morning.", tmp_path, voice="parot")
    assert caught.value.hint == "Did you mean parrot?"


def test_the_length_of_a_text_needs_no_memory(tmp_path, parrot):
    """What is kept of a text is its phones and words, never its sound."""
    import tracemalloc

    peaks = []
    for count in (200, 2000):
        parrot.rate_hz = 48_000
        tracemalloc.start()
        speech = speak("word " * count, tmp_path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    sound = speech.seconds * 48_000 * 2
    assert sound > 25e6
    assert peaks[1] - peaks[0] < 0.1 * sound
