import itertools
import json
import wave

import numpy as np
import pytest

from sadtalker_ext.errors import Cancelled, InvalidOption, PackageMissing, UnreadableAudio
from sadtalker_ext.progress import Progress, Stage
from sadtalker_ext.speech import voice as front
from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.speech.voice import Voice, list_voices, speak, voice_for
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.speech.voices.provider import Utterance
from sadtalker_ext.types import Phoneme, Word
from sadtalker_ext.weights.store import WeightStore


@pytest.fixture
def bare(tmp_path):
    """A store without the files of the built-in voice."""
    return WeightStore(cache=tmp_path / "nothing")


def test_english_comes_first_of_many_voices(bare):
    voices = list_voices(bare)
    assert voices[0].name == "en-us"
    assert len({voice.name for voice in voices}) == len(voices) > 50


def test_the_natural_voice_comes_first_once_its_files_are_there(bare):
    bare.find = lambda name: name
    assert [one.name for one in list_voices(bare)[:2]] == ["hibari", "en-us"]


def test_text_becomes_speech_with_exact_sounds(tmp_path, bare):
    speech = speak("Papa can map.", tmp_path, store=bare)
    assert 0.5 < speech.seconds < 3
    assert speech.text == "Papa can map."
    symbols = [one.symbol for one in speech.phonemes]
    assert symbols.count("P") == 3
    assert speech.phonemes[-1].end == pytest.approx(speech.seconds)


def test_rate_and_pitch_change_the_sound(tmp_path, bare):
    for name in ("slow", "fast"):
        (tmp_path / name).mkdir()
    slow = speak("One two three four five.", tmp_path / "slow", rate=0.7, store=bare)
    fast = speak("One two three four five.", tmp_path / "fast", rate=1.5, store=bare)
    assert slow.seconds > 1.4 * fast.seconds


def test_another_language_has_no_english_sounds(tmp_path, bare):
    speech = speak("Guten Morgen.", tmp_path, voice="de", store=bare)
    assert speech.phonemes is None
    assert speech.seconds > 0.4


def test_a_variant_of_a_voice_is_a_voice(tmp_path, bare):
    assert speak("Hello.", tmp_path, voice="en-us+f3", store=bare).seconds > 0.2


@pytest.mark.parametrize("name", ["en-gb", "fr-fr", "fr-fr+f3", "pt-br", "cmn"])
def test_voices_whose_files_have_another_name_speak(tmp_path, bare, name):
    assert name.partition("+")[0] in {voice.name for voice in list_voices(bare)}
    assert speak("One two three.", tmp_path, voice=name, store=bare).seconds > 0.2


def test_words_of_espeak_have_their_times(tmp_path, bare):
    text = "Hello there, my friend! This cost $5 - really: «naïve» 😀 café."
    speech = speak(text, tmp_path, voice="en-us", store=bare)
    assert " ".join(one.text for one in speech.words) == text.replace(" - ", " — ")
    assert all(one.start < one.end <= speech.seconds + 1e-6 for one in speech.words)
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(speech.words))
    hello, there = speech.words[:2]
    assert hello.start < 0.1 and 0.2 < there.start < 0.6
    friend = speech.words[3]
    assert speech.words[4].start - friend.end > 0.15, "a pause belongs to no word"


def test_words_of_other_languages_have_their_times(tmp_path, bare):
    speech = speak("Привет, как дела?", tmp_path, store=bare)
    assert [one.text for one in speech.words] == ["Привет,", "как", "дела?"]


def test_long_texts_of_espeak_are_spoken_in_pieces(tmp_path, bare, monkeypatch):
    asked = []
    monkeypatch.setattr(espeak, "ask", lambda request: asked.append(request) or _sound(request))
    monkeypatch.setattr(espeak, "_voices", lambda: (VOICE,))
    text = "This is one sentence of many. " * 200
    speech = speak(text, tmp_path, voice="en-us", store=bare)
    pieces = [one["text"] for one in asked]
    assert len(pieces) == 4
    assert " ".join(pieces).split() == text.split()
    assert speech.seconds == pytest.approx(4 * 0.5, abs=0.01)


VOICE = Voice(name="en-us", language="en-us", label="American")


def _sound(request):
    with wave.open(request["path"], "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22050)
        file.writeframes(b"\x10\x20\xf0\xe0" * 5512)
    return {"events": [], "words": []}


@pytest.mark.parametrize("text", ["", "   \n", "x" * 100_001])
def test_an_empty_or_endless_text_is_refused(tmp_path, text, bare):
    with pytest.raises(InvalidOption, match="text"):
        speak(text, tmp_path, store=bare)


def test_an_unknown_voice_is_refused_with_some_that_exist(tmp_path, bare):
    with pytest.raises(InvalidOption, match="klingon-x") as caught:
        speak("Hello.", tmp_path, voice="klingon-x", store=bare)
    assert "en-us" in caught.value.hint


def test_the_natural_voice_without_its_files_says_how_to_fetch_them(tmp_path, bare):
    with pytest.raises(InvalidOption, match="hibari") as caught:
        speak("Hello.", tmp_path, voice="hibari", store=bare)
    assert "weights fetch voice" in caught.value.hint


def test_without_any_voice_the_error_says_how_to_get_one(tmp_path, monkeypatch, bare):
    monkeypatch.setattr(espeak, "installed", lambda: False)
    with pytest.raises(PackageMissing) as caught:
        speak("Hello.", tmp_path, store=bare)
    assert "weights fetch voice" in caught.value.hint
    assert "pip install" in caught.value.hint


def test_a_foreign_mnemonic_means_no_exact_sounds():
    assert to_phonemes([(0.0, "x^")], 1.0) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, my friend.", "natural"),
        ("Guten Tag, das ist nicht schlecht.", "de"),
        ("Привет", "ru"),
        ("안녕하세요", "natural"),  # nobody speaks it: the English voice has to
    ],
)
def test_a_voice_of_the_texts_language_is_chosen(text, name):
    names = (("natural", "en-us"), ("en-us", "en-us"), ("de", "de"), ("ru", "ru"))
    voices = [Voice(name=one, language=tag, label=one) for one, tag in names]
    assert voice_for(text, voices).name == name


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


def test_the_worker_answers_in_plain_data(tmp_path):
    answer = espeak.ask(
        {"do": "speak", "text": "Hi there.", "voice": "en-us", "words_per_minute": 165,
         "pitch": 50, "path": str(tmp_path / "x.wav")}
    )  # fmt: skip
    assert json.loads(json.dumps(answer)) == answer
    assert [place for _, place, _ in answer["words"]] == [1, 4]
