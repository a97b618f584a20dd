"""Pictures on their head or side are turned, and only those."""

from types import SimpleNamespace

import numpy as np

from sadtalker_ext.errors import WeightsMissing
from sadtalker_ext.inputs.image import picture_from_array
from sadtalker_ext.shot.upright import upright
from tests.support.media import portrait_like

PICTURE = picture_from_array(portrait_like(60, 40))


def faces(seen):
    """A finder that knows the picture by its pixels: `seen` are the turns that show a face."""

    def find(picture):
        for turns, standing in seen.items():
            if np.array_equal(np.rot90(PICTURE.pixels, turns), picture.pixels):
                points = np.zeros((478, 3))
                points[152, 1] = standing
                points[152, 0] = 1 - abs(standing)
                return [SimpleNamespace(points=points)]
        return []

    return find


def turned(turns):
    return picture_from_array(np.rot90(PICTURE.pixels, turns))


def test_a_picture_on_its_head_is_turned():
    for turns in (1, 2, 3):
        found = upright(turned(turns), faces({0: 1.0}))
        np.testing.assert_array_equal(found.pixels, PICTURE.pixels)


def test_of_several_turns_the_one_that_stands():
    found = upright(turned(2), faces({1: 0.0, 3: 0.1, 0: 1.0}))
    np.testing.assert_array_equal(found.pixels, PICTURE.pixels)


def test_what_stands_or_shows_nobody_stays():
    assert upright(PICTURE, faces({0: 1.0, 2: 1.0})) is None
    assert upright(PICTURE, faces({})) is None

    def missing(_picture):
        raise WeightsMissing("x")

    assert upright(PICTURE, missing) is None
