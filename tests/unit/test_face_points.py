"""Points that a person placed, as JSON."""

import json

import pytest

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.face_points import NAMES, SIMPLEST, read_face_points, write_face_points
from sadtalker_ext.inputs.landmarks import read_landmarks
from sadtalker_ext.options import GenerateOptions

FOUR = {
    "left_eye_outer": [0.3, 0.4],
    "right_eye_outer": [0.7, 0.4],
    "mouth_left": [0.4, 0.7],
    "mouth_right": [0.6, 0.7],
}


def test_points_are_read_and_written_in_one_order():
    text = json.dumps({"chin": [0.5, 0.9], **FOUR})
    points = read_face_points(text)
    assert points["chin"] == (0.5, 0.9)
    assert list(points) == [name for name in NAMES if name in points]
    assert read_face_points(write_face_points(points)) == points
    assert read_face_points(" ") == {}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"mouth_left": None}, "found None"),
        ({"beak": [0.5, 0.5]}, "'beak'"),
        ({"mouth_left": [0.4]}, "mouth_left"),
        ({"mouth_left": [0.4, True]}, "mouth_left"),
        ({"mouth_left": [0.4, 7]}, "mouth_left"),
        ({"mouth_left": [float("nan"), 0.5]}, "mouth_left"),
        ({"left_eye_outer": [0.7, 0.4], "right_eye_outer": [0.3, 0.4]}, "right eye"),
        ({"mouth_left": [0.4, 0.1], "mouth_right": [0.6, 0.1]}, "below"),
    ],
)
def test_what_cannot_be_a_face_is_refused(change, told):
    with pytest.raises(InvalidOption, match=told):
        read_face_points(json.dumps({**FOUR, **change}))


@pytest.mark.parametrize("text", ["[1, 2]", "{", "[" * 3000, json.dumps({"chin": [0.5, 0.9]})])
def test_other_json_is_refused(text):
    with pytest.raises(InvalidOption, match="face_points"):
        read_face_points(text)


def test_the_option_takes_an_object_too():
    options = GenerateOptions.from_mapping({"face_points": FOUR})
    assert set(read_face_points(options.face_points)) == set(SIMPLEST)
    with pytest.raises(InvalidOption):
        GenerateOptions.from_mapping({"face_points": {"chin": [0.5, 0.9]}})


def test_a_file_may_hold_named_points(tmp_path):
    path = tmp_path / "face.json"
    path.write_text(json.dumps(FOUR))
    assert read_landmarks(path, (100, 100)) == read_face_points(json.dumps(FOUR))
    path.write_text(json.dumps({"chin": [0.5, 0.9]}))
    with pytest.raises(InvalidOption, match=r"face\.json .*left_eye_outer is missing"):
        read_landmarks(path, (100, 100))
