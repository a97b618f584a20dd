"""Masks and cut chins are noticed; faces as they are, are not."""

import numpy as np
import pytest

from sadtalker_ext.inputs.image import picture_from_array
from sadtalker_ext.shot import mouth_seen
from sadtalker_ext.shot.mouth_seen import COVERED, CUT, mouth_warnings
from sadtalker_ext.types import Face

SKIN, LIPS, MASK, BEARD = (224, 172, 140), (180, 90, 90), (120, 170, 220), (90, 70, 60)


def face_of(colours, size=(200, 200), down=0.0):
    """A picture of patches where the mesh has cheeks, lips and what surrounds them."""
    cheeks, around, lips = colours
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    points = np.zeros((478, 3), np.float32)
    points[:, 0] = size[0] / 2
    points[:, 1] = np.linspace(20, 120, 478)
    rows = ((mouth_seen._CHEEKS, 60, cheeks), (mouth_seen._AROUND, 100, around),
            (mouth_seen._LIPS, 130, lips))  # fmt: skip
    for numbers, y, colour in rows:
        points[list(numbers), 0] = np.linspace(30, 160, len(numbers))
        points[list(numbers), 1] = y
        pixels[y - 10 : y + 10] = colour
    points[mouth_seen._CHIN, 1] = 160
    points[:, 1] += down
    picture = picture_from_array(np.roll(pixels, round(down), axis=0))
    return picture, Face(points=points, box=(0, 0, 1, 1), score=1.0, index=0, count=1)


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ((SKIN, SKIN, LIPS), ()),
        ((SKIN, BEARD, LIPS), ()),
        ((SKIN, MASK, MASK), (COVERED,)),
        ((SKIN, MASK, LIPS), (COVERED,)),
        ((SKIN, SKIN, SKIN), (COVERED,)),
        (((90, 90, 90), (80, 80, 80), (60, 60, 60)), ()),
    ],
    ids=["bare", "beard", "mask", "mask with a mouth", "no lips", "grey"],
)
def test_what_covers_the_mouth_is_said(colours, expected):
    assert mouth_warnings(*face_of(colours)) == expected


def test_a_cut_chin_is_said():
    assert mouth_warnings(*face_of((SKIN, SKIN, LIPS), down=38.0)) == ()
    assert mouth_warnings(*face_of((SKIN, SKIN, LIPS), down=55.0)) == (CUT,)


def test_faces_of_fewer_points_are_left_alone():
    picture, face = face_of((SKIN, MASK, MASK))
    few = Face(points=face.points[:68], box=face.box, score=1.0, index=0, count=1)
    assert mouth_warnings(picture, few) == ()


@pytest.mark.parametrize(
    ("hides", "told"), [(0.6, (COVERED,)), (0.1, ())], ids=["over the mouth", "at its corner"]
)
def test_a_hand_counts_that_hides_the_lips(hides, told):
    picture, face = face_of((SKIN, SKIN, LIPS))
    asked = []

    def hands(pixels, outline, height):
        asked.append((outline, height))
        return hides

    assert mouth_warnings(picture, face, hands) == told
    ((outline, height),) = asked
    np.testing.assert_array_equal(outline, face.points[list(mouth_seen._LIPS), :2])
    assert height == np.ptp(face.points[:, 1])
    assert mouth_warnings(picture, face) == ()
