import pytest

from sadtalker_ext.errors import InvalidOption, PackageMissing
from sadtalker_ext.speech.espeak_phonemes import to_phonemes
from sadtalker_ext.speech.voice import list_voices, speak
from sadtalker_ext.speech.voices import espeak
from sadtalker_ext.weights.store import WeightStore


def test_english_comes_first_of_many_voices():
    voices = list_voices()
    assert voices[0].name == "en-us"
    assert len({voice.name for voice in voices}) == len(voices) > 50


def test_text_becomes_speech_with_exact_sounds(tmp_path):
    speech = speak("Papa can map.", tmp_path)
    assert 0.5 < speech.seconds < 3
    assert speech.text == "Papa can map."
    symbols = [one.symbol for one in speech.phonemes]
    assert symbols.count("P") == 3
    assert speech.phonemes[-1].end == pytest.approx(speech.seconds)


def test_rate_and_pitch_change_the_sound(tmp_path):
    for name in ("slow", "fast"):
        (tmp_path / name).mkdir()
    slow = speak("One two three four five.", tmp_path / "slow", rate=0.7)
    fast = speak("One two three four five.", tmp_path / "fast", rate=1.5)
    assert slow.seconds > 1.4 * fast.seconds


def test_another_language_has_no_english_sounds(tmp_path):
    speech = speak("Guten Morgen.", tmp_path, voice="de")
    assert speech.phonemes is None
    assert speech.seconds > 0.4


@pytest.mark.parametrize("text", ["", "   \n"])
def test_an_empty_text_is_refused(tmp_path, text):
    with pytest.raises(InvalidOption, match="text"):
        speak(text, tmp_path)


def test_an_unknown_voice_is_refused_with_some_that_exist(tmp_path):
    with pytest.raises(InvalidOption, match="klingon-x") as caught:
        speak("Hello.", tmp_path, voice="klingon-x")
    assert "en-us" in caught.value.hint


def test_without_any_voice_the_error_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setattr(espeak, "installed", lambda: False)
    with pytest.raises(PackageMissing) as caught:
        speak("Hello.", tmp_path, store=WeightStore(cache=tmp_path))
    assert "weights fetch voice" in caught.value.hint
    assert "pip install" in caught.value.hint


def test_a_foreign_mnemonic_means_no_exact_sounds():
    assert to_phonemes([(0.0, "x^")], 1.0) is None
