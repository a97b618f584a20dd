import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.speech.reading.sentences import LONGEST_SENTENCE, plain, sentences, tokens


def cut(text):
    return [one.text for one in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Smith met Mr. Jones. They spoke.", ["Dr. Smith met Mr. Jones.", "They spoke."]),
        ("J. K. Rowling wrote. I read.", ["J. K. Rowling wrote.", "I read."]),
        ("It cost 3.50 dollars.", ["It cost 3.50 dollars."]),
        ('"Stop!" he said.', ['"Stop!" he said.']),
        ("Jones vs. Smith, e.g. Bob.", ["Jones vs. Smith, e.g. Bob."]),
        ("Wait... no.", ["Wait… no."]),
        ("你好。再见。", ["你好。", "再见。"]),
        ("A title\nThe text.", ["A title", "The text."]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_sentences_end_where_they_should(text, expected):
    assert cut(text) == expected


def test_a_wrapped_line_goes_on():
    text = "This line is long enough to have been wrapped by a program\nand goes on here."
    assert cut(text) == [text.replace("\n", " ")]


def test_paragraphs_are_known_by_their_empty_lines():
    found = list(sentences("One. Two.\n\nThree."))
    assert [one.ends_paragraph for one in found] == [False, True, True]


def test_a_long_sentence_is_cut_at_a_comma():
    text = "word " * 30 + "end, " + "word " * 60
    found = list(sentences(text))
    assert found[0].text.endswith("end,")
    assert not found[0].whole and found[-1].whole
    assert all(len(one.text) <= LONGEST_SENTENCE for one in found)


@given(st.text(max_size=1500))
def test_no_letter_is_lost_and_no_piece_is_long(text):
    pieces = cut(text)
    assert "".join("".join(pieces).split()) == "".join(plain(text).split())
    assert all(0 < len(one) <= LONGEST_SENTENCE for one in pieces)


def test_tokens_keep_their_punctuation_apart():
    first, second = tokens('("Hello," there')
    assert (first.before, first.core, first.after, first.text) == ('("', "Hello", ',"', '("Hello,"')
    assert second.core == "there"
