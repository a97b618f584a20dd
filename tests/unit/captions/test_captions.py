"""Every format is read again by a small reader of its own."""

import html
import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sadtalker_ext.captions.cues import LINE_CHARACTERS, cues
from sadtalker_ext.captions.mouth_shapes import SHAPES
from sadtalker_ext.captions.srt import as_srt, clock
from sadtalker_ext.captions.textgrid import as_textgrid
from sadtalker_ext.captions.viseme_track import as_viseme_track
from sadtalker_ext.captions.vtt import as_vtt
from sadtalker_ext.captions.writing import captions_text, phones_text
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.types import Phoneme, Word

ARPABET = (
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W "
    "Y Z ZH SIL"
)
OCULUS = ["sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "I", "O", "U"]
PHONES = tuple(
    Phoneme(symbol=symbol, start=start, end=end)
    for symbol, start, end in (
        ("SIL", 0.0, 0.1), ("HH", 0.1, 0.2), ("IY", 0.2, 0.35), ("P", 0.35, 0.5),
        ("B", 0.5, 0.55), ("AA", 0.55, 0.9), ("SIL", 0.9, 1.2),
    )
)  # fmt: skip


def words(text, seconds=0.3, gap=0.05):
    at, found = 0.2, []
    for one in text.split():
        found.append(Word(text=one, start=at, end=at + seconds))
        at += seconds + gap
    return found


def seconds_of(moment):
    hours, minutes, rest = re.fullmatch(r"(\d\d+):(\d\d):(\d\d[.,]\d{3})", moment).groups()
    return 3600 * int(hours) + 60 * int(minutes) + float(rest.replace(",", "."))


def read_srt(text):
    for block in filter(None, text.strip().split("\n\n")):
        number, times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        yield int(number), seconds_of(start), seconds_of(end), "\n".join(lines)


def read_vtt(text):
    head, *blocks = text.strip().split("\n\n")
    assert head == "WEBVTT"
    for block in blocks:
        times, *lines = block.split("\n")
        start, end = times.split(" --> ")
        yield seconds_of(start), seconds_of(end), html.unescape("\n".join(lines))


def read_textgrid(text):
    tiers = {}
    for part in text.split("item [")[2:]:
        name = re.search(r'name = "(.*)"', part)[1]
        found = re.findall(r'xmin = (\S+)\n\s+xmax = (\S+)\n\s+text = "((?:[^"]|"")*)"', part)
        tiers[name] = [(float(a), float(b), label.replace('""', '"')) for a, b, label in found]
        assert f"intervals: size = {len(found)}\n" in part
    return tiers


timed = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=60),
        st.floats(0.01, 3),
        st.floats(0, 3),
    ),
    max_size=60,
)


def placed(given_):
    at, found = 0.0, []
    for text, lasts, gap in given_:
        at += gap
        found.append(Word(text=text, start=at, end=at + lasts))
        at += lasts
    return found


@given(timed)
def test_captions_hold_every_word_once_in_order_and_never_overlap(given_):
    all_words = placed(given_)
    lines = cues(all_words)
    assert " ".join(one.text for one in lines).split() == [one.text for one in all_words]
    assert all(one.end > one.start for one in lines)
    assert all(a.end <= b.start + 1e-9 for a, b in itertools.pairwise(lines))
    for one in lines:
        assert one.text.count("\n") <= 1
        if " " in one.text:
            assert max(map(len, one.text.split("\n"))) <= max(LINE_CHARACTERS, 60)


def test_captions_end_with_sentences_and_at_pauses():
    text = 'One two three. "Four five!" Six seven'
    assert [one.text for one in cues(words(text))] == [
        "One two three.", '"Four five!"', "Six seven",
    ]  # fmt: skip
    apart = [Word(text="a", start=0, end=1), Word(text="b", start=2, end=3)]
    assert [one.text for one in cues(apart)] == ["a", "b"]


def test_a_word_of_no_length_is_not_lost():
    """A caption that ended as it began was left out."""
    given_ = [Word(text="One.", start=0, end=1), Word(text="Two.", start=1, end=1)]
    lines = cues([*given_, Word(text="Three.", start=1, end=2)])
    assert [(one.text, one.start, one.end) for one in lines] == [
        ("One.", 0, 1),
        ("Two. Three.", 1, 2),
    ]


def test_long_sentences_break_behind_commas_into_lines_of_the_same_length():
    text = "This is a rather long sentence, which goes on for quite a while, and on, and then ends."
    lines = cues(words(text, 0.2, 0.02))
    assert lines[0].text.endswith("and on,")
    assert all(len(line) <= LINE_CHARACTERS for one in lines for line in one.text.split("\n"))


def test_a_short_word_stays_for_a_second_if_nothing_follows():
    (one,) = cues([Word(text="Hi.", start=0.5, end=0.7)], 5.0)
    assert (one.start, one.end) == (0.5, 1.5)
    (one,) = cues([Word(text="Hi.", start=0.5, end=0.7)], 0.9)
    assert one.end == 0.9


@given(timed)
def test_srt_and_vtt_can_be_read_again(given_):
    lines = cues(placed(given_))
    again = list(read_srt(as_srt(lines)))
    assert [one[0] for one in again] == list(range(1, len(lines) + 1))
    assert [one[3] for one in again] == [one.text for one in lines]
    web = list(read_vtt(as_vtt(lines)))
    assert [one[2] for one in web] == [one.text for one in lines]
    for (_, start, end, _), (a, b, _), cue in zip(again, web, lines, strict=True):
        assert (start, end) == (a, b)
        assert start == pytest.approx(cue.start, abs=6e-4)
        assert end == pytest.approx(cue.end, abs=6e-4)


def test_clock():
    assert clock(0) == "00:00:00,000"
    assert clock(3661.0015) in ("01:01:01,001", "01:01:01,002")
    assert clock(59.9996) == "00:01:00,000"


def test_web_captions_escape_what_would_be_markup():
    assert "a &lt;b&gt; &amp; c" in as_vtt([Word(text="a <b> & c", start=0, end=1)])


def test_a_textgrid_has_two_tiers_without_gaps():
    spoken = [Word(text='he "said"', start=0.1, end=0.9)]
    tiers = read_textgrid(as_textgrid(PHONES, spoken, 1.2))
    assert tiers["words"] == [(0.0, 0.1, ""), (0.1, 0.9, 'he "said"'), (0.9, 1.2, "")]
    assert [label for *_, label in tiers["phones"]] == ["", "HH", "IY", "P", "B", "AA", ""]
    for tier in tiers.values():
        assert tier[0][0] == 0 and tier[-1][1] == 1.2
        assert all(a[1] == b[0] for a, b in itertools.pairwise(tier))
    assert list(read_textgrid(as_textgrid(PHONES, [], 1.2))) == ["phones"]


def test_rhubarb_joins_neighbours_of_the_same_shape(tmp_path):
    read = json.loads(phones_text(tmp_path / "x.json", PHONES, [], 1.2, "x.wav"))
    assert read["metadata"] == {"soundFile": "x.wav", "duration": 1.2}
    cues_ = [(one["start"], one["end"], one["value"]) for one in read["mouthCues"]]
    assert cues_ == [
        (0.0, 0.1, "X"), (0.1, 0.35, "B"), (0.35, 0.55, "A"), (0.55, 0.9, "D"), (0.9, 1.2, "X"),
    ]  # fmt: skip


def test_the_viseme_track_names_azures_and_oculuss_visemes():
    track = json.loads(as_viseme_track(PHONES, 1.0))
    found = [(one["phone"], one["azure"], one["oculus"]) for one in track["visemes"]]
    assert found == [
        ("SIL", 0, "sil"), ("HH", 12, "I"), ("IY", 6, "I"), ("P", 21, "PP"), ("B", 21, "PP"),
        ("AA", 2, "aa"), ("SIL", 0, "sil"),
    ]  # fmt: skip
    assert track["visemes"][-1]["end"] == 1.0 == track["seconds"]


def test_every_sound_has_a_shape_with_a_known_name():
    assert set(SHAPES) | {"HH"} == set(ARPABET.split())
    assert {one.oculus for one in SHAPES.values()} == set(OCULUS)
    assert {one.rhubarb for one in SHAPES.values()} == set("ABCDEFGHX")
    assert {one.azure for one in SHAPES.values()} | {12} == set(range(22))


@pytest.mark.parametrize("symbol", ["t͡ʃ", "aɪ", "ɝ", "b", "ɾ", "ŋ", "ɑː", "oʊ"])
def test_phones_of_the_ipa_have_shapes_too(symbol):
    phones = [Phoneme(symbol=symbol, start=0.0, end=1.0)]
    (one,) = json.loads(as_viseme_track(phones, 1.0))["visemes"]
    assert one["azure"] != 0
    assert one["oculus"] != "sil"


def test_other_names_are_refused(tmp_path):
    with pytest.raises(InvalidOption, match=r"\.srt or \.vtt"):
        captions_text(tmp_path / "a.txt", [], 1.0)
    with pytest.raises(InvalidOption, match="TextGrid"):
        phones_text(tmp_path / "a.txt", [], [], 1.0, "")
