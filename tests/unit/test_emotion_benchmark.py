"""The benchmarks of directed faces count and measure what they say."""

import numpy as np
import pytest

from benchmarks import emotion_ways
from benchmarks.directed_faces import portraits_of
from benchmarks.emotions import directions, rank, summary
from benchmarks.face_controls import WAYS, flowed, moved, right
from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.portrait.mean_face import mean_face


def test_halves_of_a_folder_have_nothing_in_common(tmp_path):
    for name in ("c.png", "a.jpg", "b.png", "d.webp", "e.png", "notes.txt"):
        (tmp_path / name).touch()
    first, second = (portraits_of(tmp_path, half) for half in ("first", "second"))
    assert [one.stem for one in first] == ["a", "c", "e"]
    assert [one.stem for one in second] == ["b", "d"]
    assert sorted(first + second) == sorted(portraits_of(tmp_path, "all"))


def test_places_are_counted_by_emotion_and_strength():
    seen = {
        "one__angry 1.0": {"angry": 0.6, "neutral": 0.3, "sad": 0.1},
        "two__angry 1.0": {"angry": 0.3, "neutral": 0.6, "sad": 0.1},
        "three__angry 1.0": {"angry": 0.1, "neutral": 0.6, "sad": 0.3},
        "four__angry 1.0": None,
    }
    assert rank({"angry": 0.3, "neutral": 0.6, "sad": 0.1}, "angry") == 2
    table = summary(seen, ["one", "two", "three", "four"])
    assert table["angry 1.0"] == {"first": 1, "first two": 2, "faces": 3}
    assert table["sad 0.5"] == {"first": 0, "first two": 0, "faces": 0}
    assert len(directions(("happy",))) == 3


@pytest.mark.parametrize(
    ("name", "ids", "way"),
    [
        ("browDown", (55, 52, 107, 285, 282, 336), (0, 1)),
        ("browInnerUp", (55, 107, 285, 336), (0, -1)),
        ("mouthFrown", (61, 291), (0, 1)),
        ("jawOpen", (152,), (0, 1)),
    ],
)
def test_a_way_is_measured_in_percent_of_the_face_and_counts_where_it_is_right(name, ids, way):
    before = mean_face().astype(np.float64)
    width = np.linalg.norm(before[454] - before[234])
    after = before.copy()
    after[list(ids), :2] += np.array(way) * 0.03 * width
    assert moved(WAYS[name], before, after) == pytest.approx(3, abs=0.01)
    assert moved(WAYS[name], after, before) == pytest.approx(-3, abs=0.1)


def test_the_picture_is_followed_where_the_mesh_sees_nothing():
    points = mean_face() * np.float32(50) + np.array([120, 100, 0], np.float32)
    y, x = np.mgrid[:240, :240]
    noise = sum(np.sin(x * a + y * b + a) for a, b in ((0.11, 0.05), (0.05, -0.13), (-0.09, 0.17)))
    frame = np.repeat((127 + 40 * noise)[..., None], 3, axis=2).astype(np.uint8)
    lifted = np.roll(frame, -2, axis=0)
    way = (flowed(frame, lifted, points) - points[:, :2])[[50, 280]]
    np.testing.assert_allclose(way, [[0, -2], [0, -2]], atol=0.3)


def test_a_half_that_goes_farther_than_the_whole_is_wrong():
    assert right([1.0, 2.0])
    assert not right([3.0, 2.0])
    assert not right([0.0, 2.0])
    assert not right([-1.0, 2.0])
    assert not right([float("nan"), 2.0])


def test_of_two_movements_against_each_other_the_stronger_must_be_seen():
    fear, anger, contempt = (emotion_ways.expected(one) for one in ("fearful", "angry", "contempt"))
    assert {"browInnerUp", "eyeWide", "mouthStretch"} < set(fear)
    assert not {"browDown", "eyeSquint"} & set(fear)
    assert "browDown" in anger
    assert "browOuterUp" not in anger
    # by EMFACS the person's right side, which is the left one of the picture
    assert contempt["mouthDimple"] == (-1,)
    assert fear["browInnerUp"] == (-1, 1)


def test_one_side_is_measured_alone():
    before = mean_face().astype(np.float64)
    width = np.linalg.norm(before[454] - before[234])
    after = before.copy()
    after[61, 1] += 0.04 * width
    assert moved(WAYS["mouthFrown"], before, after, (-1,)) == pytest.approx(4, abs=0.01)
    assert moved(WAYS["mouthFrown"], before, after, (1,)) == pytest.approx(0, abs=0.01)


def test_ways_of_emotions_are_counted_over_faces():
    names = emotion_ways.expected("sad")
    one = {"sad": {name: [1.0, 2.0] for name in names}}
    other = {"sad": {name: [1.0, 2.0] for name in names} | {"browInnerUp": [2.0, 1.0]}}
    rows = {
        row["blendshape"]: row
        for row in emotion_ways.table({"one": one, "other": other})
        if row["emotion"] == "sad"
    }
    assert rows["browInnerUp"]["right"] == 1
    assert rows["browInnerUp"]["not on"] == ["other"]
    assert rows["browInnerUp"]["whole"] == (1.0, 2.0)
    assert rows["mouthFrown"]["right"] == rows["mouthFrown"]["faces"] == 2
    assert {row["emotion"] for row in emotion_ways.table({})} == set(EMOTIONS[1:])
