import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sadtalker_ext.speech.voices.hibari.reader import read, unread


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("The cat", "ðə kˈæt."),
        ("The apple", "ði ˈæpᵊl."),
        ("a cat, an apple", "ɐ kˈæt, ɐn ˈæpᵊl."),
        ("to apple to cat", "tʊ ˈæpᵊl tə kˈæt."),
        ("water", "wˈɔTəɹ."),
        ("cat!", "kˈæt!"),
        ("cat... dog?!", "kˈæt… dˈɔɡ?"),
        ("cat — dog", "kˈæt — dˈɔɡ."),
        ('"cat," (dog)', "“kˈæt,” (dˈɔɡ)."),
        ("he record it", "hi ɹəkˈɔɹd ɪt."),
        ("the record", "ðə ɹˈɛkəɹd."),
        ("Record the cat.", "ɹəkˈɔɹd ðə kˈæt."),
        ("I have read it", "ˌI hæv ɹˈɛd ɪt."),
        ("I read it", "ˌI ɹˈid ɪt."),
        ("used to it, used pen", "jˈust tʊ ɪt, jˈuzd pˈɛn."),
        ("by cat by", "bI kˈæt bˈI."),
        ("the US cat", "ðə jˌuˈɛs kˈæt."),
        ("THE US", "ði ˌʌs."),
        ("$5", "fˈIv dˈɑləɹz."),
        ("cat 漢字 😀 dog", "kˈæt dˈɔɡ."),
        ("😀", ""),
        ("", ""),
    ],
)
def test_symbols(lexicon, text, symbols):
    assert read(text.replace("...", "…"), lexicon).symbols == symbols


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi 你好 there 😀", ["你好"]),
        ("cat世界, Việt «naïve» café", ["cat世界", "Việt"]),
        ("नमस्ते, and مرحبا!", ["नमस्ते", "مرحبا"]),
        ("$5, 3rd, 12:30, A.B.C., 50 % & e.g. x@example.org — 2½ don't", []),
        ("😀 ... —", []),
    ],
)
def test_what_is_left_out_is_named_as_it_is_written(text, words):
    assert [*unread(text)] == words


def test_every_symbol_knows_its_word(lexicon):
    reading = read("The cat, $5!", lexicon)
    words = [
        "".join(s for s, o in zip(reading.symbols, reading.owners, strict=True) if o == owner)
        for owner in range(3)
    ]
    assert words == ["ðə", "kˈæt,", "fˈIvdˈɑləɹz!"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200))
def test_any_text_has_symbols_with_owners(lexicon, text):
    reading = read(text, lexicon)
    assert len(reading.symbols) == len(reading.owners)
    assert max(reading.owners, default=-1) < len(reading.tokens) or not reading.tokens
