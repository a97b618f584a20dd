import pytest

from sadtalker_ext.speech import pronounce
from sadtalker_ext.speech.pronounce import readings_of, symbols_of
from sadtalker_ext.speech.voices import espeak


def test_symbols_of_a_word():
    assert symbols_of("tʃˈɜːtʃ") == ("tʃ", "ɜː", "tʃ")
    assert symbols_of("(en)bˈoʊt(de)") == ("b", "oʊ", "t")
    assert symbols_of("t͡ɕʰi1") == ("t͡ɕʰ", "i")
    assert symbols_of("ˈ") == ()


def test_words_have_their_sounds_in_several_accents():
    american, british = readings_of("My mother bought a car. It sank!")
    assert [one.text.strip(".!") for one in american] == [
        *("My", "mother", "bought", "a", "car", "It", "sank")
    ]
    assert american[0].symbols == british[0].symbols == ("m", "aɪ")
    assert american[4].symbols[-1] == "ɹ"
    assert british[4].symbols[-1] != "ɹ"


@pytest.mark.parametrize("text", ["", "  \n", "..."])
def test_nothing_said_has_no_readings(text):
    assert readings_of(text) == []


def test_without_espeak_english_is_read_by_rules(monkeypatch):
    monkeypatch.setattr(pronounce.importlib.util, "find_spec", lambda name: None)
    (words,) = readings_of("My phone, 2 times.")
    assert [one.text for one in words] == ["my", "phone", "two", "times"]
    assert words[1].symbols[0] == "f"
    assert readings_of("Meine Mutter ist nicht da.") == []


def test_a_failing_worker_only_means_listening(monkeypatch, caplog):
    monkeypatch.setattr(espeak, "WORKER", espeak.WORKER.with_name("nowhere.py"))
    assert readings_of("Die Mutter ist nicht da und der Vater auch.") == []
    assert "listened to" in caplog.text
