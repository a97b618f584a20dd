"""Mouths of drawn faces whose points were placed: they open, and close without a rest."""

import numpy as np
import pytest

from benchmarks.placed_faces import cavity_px
from sadtalker_ext.engines.puppet.head.placed_matte import placed_matte
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.portrait.placed import mesh_through
from tests.support.odd_faces import SIDE, odd_faces

OPEN = {"jaw": 0.85}
CLOSED = {"jaw": 0.3, "press": 1.0}


@pytest.fixture(scope="module")
def odd():
    return [(one, mesh_through(one.points, (SIDE, SIDE), None)) for one in odd_faces()]


def test_all_ten_open_and_close(odd):
    seen = {}
    for one, mesh in odd:
        mouth = MouthLayer(one.pixels, mesh)
        seen[one.name] = [cavity_px(mouth, one.pixels.shape, row) for row in (OPEN, CLOSED)]
    assert len(seen) == 10
    assert min(opened for opened, _ in seen.values()) > 150, seen
    assert max(closed for _, closed in seen.values()) == 0, seen


@pytest.mark.parametrize(
    ("name", "x", "y"), [("cat", 130, 130), ("frog", 128, 100), ("robot", 110, 110)]
)
def test_ears_and_corners_beyond_the_face_belong_to_the_head(odd, name, x, y):
    one, mesh = next(found for found in odd if found[0].name == name)
    matte = placed_matte(one.pixels, mesh, np.zeros((SIDE, SIDE), np.float32))
    assert matte[y, x] > 0.9
    assert max(matte[20, 20], matte[20, 490], matte[250, 20]) < 0.1
    np.testing.assert_array_equal(
        matte, placed_matte(one.pixels, mesh, np.zeros((SIDE, SIDE), np.float32))
    )


def test_a_picture_that_tells_nothing_keeps_the_segmenters_matte(odd):
    seen = np.full((SIDE, SIDE), 0.3, np.float32)
    sketch, mesh = next(found for found in odd if found[0].name == "sketch")
    for pixels in (np.full((SIDE, SIDE, 3), 128, np.uint8), sketch.pixels):
        np.testing.assert_array_equal(placed_matte(pixels, mesh, seen), seen)
