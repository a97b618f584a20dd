"""Captions from a transcript: when its words are said, found and not found ones."""

import itertools

import numpy as np
import pytest

from sadtalker_ext.progress import Progress
from sadtalker_ext.speech import pronounce
from sadtalker_ext.speech.hearing import listen
from sadtalker_ext.speech.word_times import Span, word_times
from sadtalker_ext.speech.written import written_lines, written_words
from sadtalker_ext.types import Phoneme
from tests.support.espeak import say, speech_of

WORDS = ["one", "two", "three", "four"]


def phones(*spans):
    return [Phoneme(symbol="ɑ", start=start, end=end) for start, end in spans]


def times(words, spans, heard):
    found = word_times(words, spans, phones(*heard))
    return [(one.text, round(one.start, 2), round(one.end, 2)) for one in found]


def test_words_that_were_found_keep_their_times():
    spans = [Span(0, 0.1, 0.3), Span(1, 0.3, 0.5), Span(2, 0.6, 0.7), Span(2, 0.7, 0.9)]
    found = times(WORDS[:3], spans, [(0.1, 0.9)])
    assert found == [("one", 0.1, 0.3), ("two", 0.3, 0.5), ("three", 0.6, 0.9)]


def test_words_between_share_out_what_is_heard_there():
    spans = [Span(0, 0.0, 0.3), Span(3, 1.5, 1.8)]
    heard = [(0.0, 0.6), (0.9, 1.8)]
    found = times(["a", "bb", "bbbb", "c"], spans, heard)
    assert found[1:3] == [("bb", 0.3, 0.6), ("bbbb", 0.9, 1.5)]


def test_a_pause_belongs_to_no_word():
    spans = [Span(0, 0.0, 0.2), Span(1, 0.2, 0.3), Span(4, 2.0, 2.2)]
    heard = [(0.0, 0.7), (1.6, 2.2)]
    found = times(["a", "b", "cc", "dd", "e"], spans, heard)
    assert found[2] == ("cc", 0.3, 0.7)
    assert found[3] == ("dd", 1.6, 2.0)


def test_swallowed_words_stay_and_unsaid_ones_go():
    spans = [Span(0, 0.1, 0.3), Span(2, 0.3, 0.6), Span(3, 0.6, 0.9)]
    found = times([*WORDS, "five", "six", "seven"], spans, [(0.1, 0.9)])
    assert found[:2] == [("one", 0.1, 0.2), ("two", 0.2, 0.3)]
    assert [one for one, _, _ in found] == WORDS


def test_another_text_has_no_words():
    assert times(WORDS, [], [(0.0, 1.0)]) == []
    assert times(["word"] * 40, [Span(0, 0, 0.3), Span(39, 3, 3.3)], [(0, 4)]) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("It was 3.5 m - not four! Go.", [["It", "was", "3.5", "m -", "not", "four!"], ["Go."]]),
        ("我的爸爸明天要买书，他很好。你好！", [["我的爸爸明天要买书，", "他很好。"], ["你好！"]]),
        ("...\n\n-", []),
    ],
)
def test_texts_are_cut_into_sentences_and_words(text, lines):
    assert written_lines(text) == lines
    assert written_words(text) == [word for line in lines for word in line]


@pytest.mark.parametrize("espeak", [True, False])
def test_spoken_words_know_how_they_are_written(monkeypatch, espeak):
    if not espeak:
        monkeypatch.setattr(pronounce.importlib.util, "find_spec", lambda name: None)
    text = "Some of the 42 people paid $20 for it."
    words = pronounce.readings_of(text)[0]
    written = written_words(text)
    owners = [one.written for one in words]
    assert owners == sorted(owners)
    by_word = {number: list(run) for number, run in itertools.groupby(words, lambda w: w.written)}
    assert len(by_word[written.index("42")]) == 2
    assert by_word[written.index("people")][0].symbols[0] == "p"
    assert by_word[written.index("it.")][0].symbols[-1] == "t"


def test_words_of_a_transcript_lie_where_they_are_spoken():
    text = "My brother came home on Monday. We had dinner, and then we watched a film."
    said = say(text)
    heard = listen(speech_of(said.samples, said.rate_hz, text=text), Progress())
    assert [one.text for one in heard.words] == text.split()
    assert heard.warnings == ()
    assert not heard.tells_no_words
    starts = np.array([one.start for one in heard.words])
    assert (np.diff(starts) > 0).all()
    pause = next(one for one in said.phonemes if one.symbol == "SIL" and one.start > 1)
    before, after = heard.words[5], heard.words[6]
    assert before.text == "Monday."
    assert before.end == pytest.approx(pause.start, abs=0.08)
    assert after.start == pytest.approx(pause.end, abs=0.08)


def test_a_transcript_of_something_else_gives_no_words_and_says_so():
    said = say("My brother came home on Monday.")
    wrong = "Quarterly revenue figures exceeded every forecast published last week."
    heard = listen(speech_of(said.samples, said.rate_hz, text=wrong), Progress())
    assert heard.words == ()
    assert "does not fit" in heard.warnings[0]
    assert heard.tells_no_words


def test_a_text_nobody_can_pronounce_is_listened_to_and_says_so(monkeypatch):
    monkeypatch.setattr(pronounce.importlib.util, "find_spec", lambda name: None)
    said = say("My brother came home on Monday.")
    for text in ("我的爸爸明天要买书。", "わたしは本を読みます。", "Моя бабушка дома."):
        heard = listen(speech_of(said.samples, said.rate_hz, text=text), Progress())
        assert heard.words == ()
        assert "pronounced" in heard.warnings[0]
        assert "espeak" in heard.warnings[0]
        assert heard.tells_no_words
        assert len(heard.phonemes) > 10
