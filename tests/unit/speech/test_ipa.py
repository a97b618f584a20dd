import pytest

from sadtalker_ext.speech.ipa import (
    ARPABET,
    BILABIAL,
    CONSONANTS,
    LABIODENTAL,
    PLAIN,
    ROUNDED,
    VOWELS,
    arpabet,
    in_ipa,
    is_vowel,
    parts_of,
    seals,
)
from sadtalker_ext.types import Phoneme


@pytest.mark.parametrize(
    ("symbol", "parts"),
    [
        ("SIL", ["SIL"]),
        ("ˈɑː", ["a"]),
        ("t͡ʃ", ["ʃ"]),
        ("tʃ", ["ʃ"]),
        ("t͡sʰ", ["s"]),
        ("pf", ["p", "f"]),
        ("aɪ", ["a", "ɪ"]),
        ("kʰ", ["k"]),
        ("kʷ", ["k", "w"]),
        ("tʲ", ["t"]),
        ("œ̃", ["ø"]),
        ("ẽ", ["e"]),
        ("ɥ", ["w"]),
        ("ɱ", ["v"]),
        ("CH", ["ʃ"]),
        ("AY", ["a", "ɪ"]),
        ("IH0", ["ɪ"]),
        ("˥", ["SIL"]),
        ("", ["SIL"]),
        ("<s>", ["s"]),
    ],
)
def test_symbols_are_read_as_plain_sounds(symbol, parts):
    assert list(parts_of(symbol)) == parts


def test_every_plain_sound_is_itself():
    for plain in PLAIN:
        assert parts_of(plain) == (plain,)
        assert arpabet(plain) in {*ARPABET, "SIL"}


def test_arpabet_is_a_view():
    for name, symbol in ARPABET.items():
        assert arpabet(symbol) == name
        assert in_ipa(name) == in_ipa(f"{name}1") == symbol
    assert arpabet("dʒ") == "JH"
    assert arpabet("y") == "UW"


def test_noises_are_silence():
    for noise in ("<s>", "+NSN+", "SIL", "", "˥", "[NOISE]"):
        assert in_ipa(noise) == "SIL"
    assert in_ipa("ʁ") == "ʁ"


def test_sets_fit_together():
    assert BILABIAL | LABIODENTAL <= CONSONANTS
    assert VOWELS | {"w"} >= ROUNDED
    assert is_vowel("yː")
    assert not is_vowel("j")


def test_lips_shut_for_all_kinds_of_bilabial_stops():
    for symbol in ("p", "pʰ", "b", "ɓ", "m", "mʲ", "P", "B", "M", "pf"):
        assert seals(Phoneme(symbol=symbol, start=0, end=1)), symbol
    for symbol in ("t", "n", "f", "w", "SIL", "N"):
        assert not seals(Phoneme(symbol=symbol, start=0, end=1)), symbol
