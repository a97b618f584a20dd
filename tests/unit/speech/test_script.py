import pytest

from sadtalker_ext.speech.ipa import ARPABET
from sadtalker_ext.speech.letters import pronounce
from sadtalker_ext.speech.script import number_words, words_of


def test_words_are_plain():
    assert words_of("It\u2019s 42 % \u201cCaf\u00e9\u201d\u2014really!") == [
        *("it's", "forty", "two", "percent", "cafe", "really")
    ]
    assert words_of("大家好 123") == ["one", "hundred", "twenty", "three"]
    assert words_of("...") == []


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (115, "one hundred fifteen"),
        (2024, "two thousand twenty four"),
        (300000, "three hundred thousand"),
        (1000001, "one zero zero zero zero zero one"),
    ],
)
def test_numbers_are_spelled_out(number, words):
    assert number_words(number) == words


@pytest.mark.parametrize("count", [7, 5000])
def test_long_numbers_are_read_digit_by_digit(count):
    assert words_of("4" * count) == ["four"] * count


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("blorp", "B L AO R P"),
        ("shimmo", "SH IH M OW"),
        ("phake", "F AE K"),
        ("zation", "Z AE SH AH N"),
    ],
)
def test_unknown_words_get_a_pronunciation(word, sounds):
    assert pronounce(word) == sounds.split()
    assert set(pronounce("abcdefghijklmnopqrstuvwxyz'")) <= ARPABET.keys()
