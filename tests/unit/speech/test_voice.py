import itertools
import json
import wave

import pytest

from sadtalker_ext.errors import InvalidOption, PackageMissing
from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.speech.voice import Voice, list_voices, speak, voice_for
from sadtalker_ext.speech.voices import espeak
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


def test_the_worker_answers_in_plain_data(tmp_path):
    answer = espeak.ask(
        {"do": "speak", "text": "Hi there.", "voice": "en-us", "words_per_minute": 165,
         "pitch": 50, "path": str(tmp_path / "x.wav")}
    )  # fmt: skip
    assert json.loads(json.dumps(answer)) == answer
    assert [place for _, place, _ in answer["words"]] == [1, 4]
