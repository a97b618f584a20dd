"""What is kept of the last pictures: by content, bounded, computed once."""

from __future__ import annotations

import numpy as np
import pytest

from sadtalker_ext.kept import Kept, content_key
from sadtalker_ext.portrait import find
from sadtalker_ext.portrait.known import KnownFaces
from sadtalker_ext.types import Face, Picture


def test_a_key_tells_contents_shapes_and_words_apart():
    one = np.arange(12, dtype=np.uint8).reshape(2, 6)
    keys = [
        content_key(one),
        content_key(one.reshape(3, 4)),
        content_key(one.astype(np.int8)),
        content_key(one + 1),
        content_key(one, "full"),
        content_key(one, "crop"),
        content_key(one, None),
        content_key("full", "crop"),
        content_key("fullcrop"),
    ]
    assert len(set(keys)) == len(keys)
    assert content_key(one.copy(), "full") == keys[4]


def test_the_values_used_last_are_kept_up_to_a_weight():
    kept, made = Kept(10), []

    def of(key, weight=4):
        return kept.of(key, lambda: made.append(key) or key.upper(), weight)

    assert [of("a"), of("b"), of("a")] == ["A", "B", "A"]
    assert made == ["a", "b"]
    of("c")  # too much: b was not used for longest
    assert made == ["a", "b", "c"]
    of("a")
    of("b")
    assert made == ["a", "b", "c", "b"]
    of("huge", 11)  # alone too heavy: nothing of it stays
    of("huge", 11)
    assert made[4:] == ["huge", "huge"]
    kept.clear()
    of("a")
    assert made[-1] == "a"


def test_what_fails_is_not_kept():
    kept = Kept(1)
    with pytest.raises(KeyError):
        kept.of("a", lambda: {}["b"])
    assert kept.of("a", lambda: 5) == 5


def test_faces_of_a_picture_are_looked_for_once(monkeypatch):
    looks = []

    def find_faces(picture, models):
        looks.append(models)
        points = np.zeros((478, 3), np.float32)
        return [Face(points=points, box=(0, 0, 50, 50), score=1.0)] * int(picture.pixels[0, 0, 0])

    monkeypatch.setattr(find, "find_faces", find_faces)
    known = KnownFaces(lambda: "models")
    two = Picture(pixels=np.full((4, 4, 3), 2, np.uint8), name="two")
    again = Picture(pixels=two.pixels.copy(), name="again")
    assert len(known.faces(two)) == len(known.faces(again)) == 2
    assert known.face(again, 1).box == (0, 0, 50, 50)
    assert looks == ["models"]
    # points that somebody placed are another face of the same picture
    placed = Picture(pixels=two.pixels, name="two", face_points={"chin": (0.5, 0.9)})
    known.faces(placed)
    known.faces(Picture(pixels=two.pixels, name="two", landmarks=np.ones((68, 2), np.float32)))
    assert looks == ["models"] * 3
    none = Picture(pixels=np.zeros((4, 4, 3), np.uint8), name="none.png")
    for _ in range(2):
        with pytest.raises(find.NoFaceFound, match=r"none\.png"):
            known.face(none, 0)
    assert len(looks) == 4
