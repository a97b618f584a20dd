import gzip

import pytest

from sadtalker_ext.errors import WeightsCorrupt
from sadtalker_ext.speech.voices.hibari.lexicon import UnknownWords, plain_form, read_dictionary


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cat", "kˈæt"),
        ("Cat", "kˈæt"),
        ("paul", "pˈɔl"),
        ("zebra", "zˈibɹə"),
        ("cats", "kˈæts"),
        ("dogs", "dˈɔɡz"),
        ("boxes", "bˈɑksᵻz"),
        ("cities", "sˈɪɾiz"),
        ("stopped", "stˈɑpt"),
        ("hoped", "hˈOpt"),
        ("waited", "wˈAɾᵻd"),
        ("running", "ɹˈʌnɪŋ"),
        ("waiting", "wˈAɾɪŋ"),
        ("hoping", "hˈOpɪŋ"),
        ("cat's", "kˈæts"),
        ("Paul's", "pˈɔlz"),
        ("box's", "bˈɑksᵻz"),
        ("dogs'", "dˈɔɡz"),
        ("walked", "wˈɔkt"),
        ("FBS", "ˌɛfbˌiˈɛs"),
        ("blorp", "prolb"),
    ],
)
def test_words_known_inflected_spelled_and_guessed(lexicon, word, expected):
    assert plain_form(lexicon.entry(word)) == expected


def test_a_word_without_end_is_guessed_in_parts(lexicon):
    assert len(lexicon.entry("x" * 1000)) == 1000


def test_the_rare_half_is_read_only_when_it_is_needed(lexicon):
    lexicon.entry("cat")
    assert "_rare" not in vars(lexicon)
    lexicon.entry("zebra")
    assert "_rare" in vars(lexicon)


def test_a_broken_dictionary_is_a_sentence(tmp_path):
    path = tmp_path / "words.json.gz"
    path.write_bytes(gzip.compress(b'{"a": ')[:-4])
    with pytest.raises(WeightsCorrupt, match="dictionary"):
        read_dictionary(path)


def test_unknown_words_are_read_as_the_reference_reads_them(voice_store):
    """Expected: onnxruntime 1.x with the same file."""
    unknown = UnknownWords(
        voice_store.require("hibari_oov.onnx"), voice_store.require("hibari_oov.json")
    )
    assert unknown("blorptastic") == "blɔɹptˈæstɪk"
    assert unknown("zyxwvu") == "zˈɪkswvu"
    assert unknown("漢字") == ""
