"""Marks between the words of a text, and SSML."""

import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.speech.marked_text import read_marked


def kinds(marked):
    return [(mark.word, mark.kind, mark.name, mark.value) for mark in marked.marks]


@pytest.mark.parametrize("text", ["Hello  there.", "He said [sic] so [1].", "2 * 3 * 4", ""])
def test_a_text_without_marks_stays_as_it_is(text):
    marked = read_marked(text)
    assert marked.text == text
    assert marked.plain


def test_inline_marks():
    marked = read_marked("Hello [happy 0.8] there [pause 0.5] *really* good [nod] day")
    assert marked.text.split() == ["Hello", "there", "really", "good", "day"]
    assert kinds(marked) == [
        (1, "emotion", "happy", 0.8),
        (2, "stress", "", 1.0),
        (4, "gesture", "nod", 1.0),
    ]
    assert [(part.text.split(), part.pause) for part in marked.parts] == [
        (["Hello", "there"], 0.5),
        (["really", "good", "day"], None),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi [hapy] you", r"\[happy\]"),
        ("Hi [happy 2] you", "from 0 to 1"),
        ("Hi [pause 99] you", "from 0 to 10"),
        ("<speak>Hi", "cannot be read"),
        ('<speak><!DOCTYPE x [<!ENTITY a "b">]>&a;</speak>', "elements and text only"),
    ],
)
def test_marks_that_mean_nothing(text, words):
    with pytest.raises(InvalidOption, match=words):
        read_marked(text)


def test_ssml():
    marked = read_marked(
        '<speak>Hi <break time="300ms"/><mstts:express-as style="cheerful" styledegree="0.7">I am '
        '<emphasis level="strong">so</emphasis> glad</mstts:express-as> '
        '<prosody rate="slow" pitch="high">bye</prosody> now</speak>'
    )
    assert marked.text.split() == ["Hi", "I", "am", "so", "glad", "bye", "now"]
    assert kinds(marked) == [
        (1, "emotion", "happy", 0.7),
        (3, "stress", "", 1.0),
        (5, "emotion", "neutral", 1.0),
    ]
    manners = [(part.text, part.pause, part.rate, part.pitch) for part in marked.parts]
    assert manners == [
        ("Hi", 0.3, 1.0, 0.0),
        ("I am so glad", None, 1.0, 0.0),
        ("bye", None, 0.8, 15.0),
        ("now", None, 1.0, 0.0),
    ]
