"""Timelines: what is read, and what is refused with the entry named."""

import json

import pytest

from sadtalker_ext.directions import read_blend
from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.motion.cues import cues_of
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.timeline import MOST_ENTRIES, read_timeline
from sadtalker_ext.types import Word

WORDS = (
    Word(text="It", start=0.2, end=0.4),
    Word(text="is", start=0.4, end=0.6),
    Word(text="really,", start=0.7, end=1.2),
    Word(text="really", start=1.5, end=2.0),
)


def cues(*entries, seconds=4.0, fps=20.0, words=WORDS):
    return cues_of(read_timeline(json.dumps(entries)), seconds, fps, words)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        (1.5, 1.5),
        ("1.5", 1.5),
        ("1.5s", 1.5),
        ("30f", 1.5),
        ("25%", 1.0),
        ("on 'really'", 0.7),
        ("on really 2", 1.5),
        ("after 'Really' 2", 2.0),
    ],
)
def test_moments(at, seconds):
    assert cues({"at": at, "gesture": "nod"})[0].start == pytest.approx(seconds)


def test_one_emotion_lasts_until_the_next():
    first, second = cues({"at": 2, "emotion": "sad"}, {"at": 1, "emotion": "joy"})
    assert (first.direction.weights, first.start, first.end) == ((("happy", 1.0),), 1, 2)
    assert (second.start, second.end) == (2, float("inf"))


def test_driver_expressions_of_d_id():
    given = {"expressions": [{"start_frame": 50, "expression": "surprise", "intensity": 0.7}]}
    for value in (given, {"driver_expressions": given}):
        (one,) = read_timeline(json.dumps(value)).directions
        assert (one.at.value, one.at.unit) == (50, "frames")
        assert (one.weights, one.intensity) == ((("surprised", 1.0),), 0.7)
    quick = json.dumps(given | {"transition_frames": 10})
    assert read_timeline(quick).directions[0].transition == pytest.approx(0.4)


REFUSED = [
    ({"at": 1, "emotion": "hapy"}, "did you mean happy?"),
    ({"at": 1, "control": "browDwn"}, "did you mean browDown?"),
    ({"at": 1, "gesture": "nood"}, "did you mean nod?"),
    ({"at": 1, "gaze": "cam"}, "did you mean camera?"),
    ({"at": 1, "emotoin": "sad"}, "did you mean emotion?"),
    ({"at": 1, "emotion": "sad", "ease": "smoth"}, "did you mean smooth?"),
    ({"emotion": "sad"}, "at is missing"),
    ({"at": 1}, "found none of them"),
    ({"at": 1, "emotion": "sad", "gesture": "nod"}, "found emotion and gesture"),
    ({"at": "soon", "emotion": "sad"}, "at should be seconds"),
    ({"at": -1, "emotion": "sad"}, "at should be a number, 0 or more"),
    ({"at": float("nan"), "emotion": "sad"}, "found nan"),
    ({"at": 1, "emotion": "sad", "intensity": float("nan")}, "intensity should be"),
    ({"at": 1, "emotion": "sad", "intensity": 1.2}, "from 0 to 1"),
    ({"at": 1, "emotion": "sad", "transition": 99}, "transition should be"),
    ({"at": 1, "head": {"yaw": 90}}, "from -45 to 45"),
    ({"at": 1, "head": {"yow": 9}}, "did you mean yaw?"),
    ({"at": 1, "head": [1, 2]}, "yaw, pitch, roll"),
    ({"at": 1, "gesture": "look_at", "point": [0.5, 2]}, "from 0 to 1"),
    ({"at": 1, "blend": {}}, "blend should be"),
    ("sad", "it should be an object"),
]


@pytest.mark.parametrize(("entry", "words"), REFUSED)
def test_an_entry_that_means_nothing_is_named(entry, words):
    good = {"at": 0, "gesture": "smile"}
    with pytest.raises(InvalidOption) as refusal:
        GenerateOptions(timeline=json.dumps([good, entry]))
    assert str(refusal.value).startswith("Entry 2 of the timeline cannot be used: ")
    assert words in str(refusal.value)


UNTIMELY = [
    ([{"at": 9, "emotion": "sad"}], "Entry 1", "the video ends at 4 s"),
    ([{"at": 1, "emotion": "sad", "until": 4.9}], "Entry 1", "until is 4.9 s"),
    ([{"at": 2, "emotion": "sad", "until": 1}], "Entry 1", "should be after"),
    (
        [{"at": 0, "emotion": "sad", "until": 2}, {"at": 1, "blend": {"happy": 1}}],
        "Entry 2",
        "while entry 1 lasts until 2 s",
    ),
    ([{"at": 1, "gaze": "up"}, {"at": 1, "gaze": "left"}], "Entry 2", "same time"),
    (
        [{"at": 0, "control": "browDown", "until": 2}, {"at": 1, "control": "browDownLeft"}],
        "Entry 2",
        "browDownLeft begins at 1 s",
    ),
    ([{"at": "on 'relly'", "gesture": "nod"}], "Entry 1", "did you mean 'really'?"),
    ([{"at": "on 'really' 3", "gesture": "nod"}], "Entry 1", "said 2 times"),
]


@pytest.mark.parametrize(("entries", "entry", "words"), UNTIMELY)
def test_what_cannot_happen_then_is_refused(entries, entry, words):
    with pytest.raises(InvalidOption) as refusal:
        cues(*entries)
    assert str(refusal.value).startswith(entry)
    assert words in str(refusal.value)


def test_words_that_nobody_knows_are_refused():
    with pytest.raises(InvalidOption, match="words of this speech are not known"):
        cues({"at": "on 'really'", "gesture": "nod"}, words=())


@pytest.mark.parametrize("text", ["{", "1", '"sad"', '{"at": 1}', json.dumps([{}] * 1001)])
def test_what_is_no_list_of_entries(text):
    assert MOST_ENTRIES == 1000
    with pytest.raises(InvalidOption, match="timeline"):
        read_timeline(text)


def test_a_timeline_may_be_given_as_values():
    entries = [{"at": 1, "emotion": "sad"}]
    assert GenerateOptions(timeline=entries) == GenerateOptions(timeline=json.dumps(entries))


def test_blends():
    assert read_blend("happy:0.6 + surprise:0.4") == (("happy", 0.6), ("surprised", 0.4))
    for wrong in ("hapy", "happy:2", "happy:nan", "happy:x", ""):
        with pytest.raises(InvalidOption, match="emotion"):
            read_blend(wrong)


def test_what_is_nested_too_deeply_is_no_bug():
    with pytest.raises(InvalidOption, match="should be JSON"):
        read_timeline("[" * 100_000)
