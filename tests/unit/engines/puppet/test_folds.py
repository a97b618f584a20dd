"""Folds of the skin on the mean face: where, how deep, alike on both sides, safe in sum."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES
from sadtalker_ext.engines.puppet.skin.fields import SkinFields
from sadtalker_ext.engines.puppet.skin.folds import Folds
from sadtalker_ext.engines.puppet.skin.frame import freedom, measure_skin
from sadtalker_ext.portrait.mean_face import mean_face
from tests.support.blendshapes import weights

SIDE, SKIN = 360, 180


@pytest.fixture(scope="module")
def frame():
    points = mean_face() * np.float32(100) + np.array([(SIDE - 1) / 2, 140, 0], np.float32)
    return measure_skin(points, (SIDE, SIDE))


@pytest.fixture(scope="module")
def fields(frame):
    return SkinFields(frame, freedom(frame))


@pytest.fixture(scope="module")
def folds(frame):
    return Folds(frame, hidden(frame), 1.0)


def hidden(frame, value=0.0):
    left, top, right, bottom = frame.box
    return np.full((bottom - top, right - left), value, np.float32)


def darkened(frame, fields, folds, **named):
    """Grey levels that even skin loses, (h, w)."""
    region = np.full((*hidden(frame).shape, 3), SKIN, np.uint8)
    folds.shade(region, fields.forward(weights(**named)))
    return SKIN - region.astype(np.float32).mean(-1)


def between_the_brows(frame, lost):
    left, top, *_ = frame.box
    (x, y), reach = (frame.points[8] - [left, top]).astype(int), int(0.14 * frame.unit)
    return float(lost[y - reach // 2 : y + reach, x - reach : x + reach].max())


def test_a_frown_folds_the_skin_between_the_brows_by_how_far_it_goes(frame, fields, folds):
    depths = [
        between_the_brows(frame, darkened(frame, fields, folds, browDown=size))
        for size in (0.25, 0.5, 1.0)
    ]
    assert 3 < depths[0] < depths[1] < depths[2]
    raised = darkened(frame, fields, folds, browOuterUp=1)
    assert between_the_brows(frame, raised) < 3
    assert raised.max() > 3  # of the forehead


def test_drawings_and_hair_show_less_of_a_fold(frame, fields, folds):
    whole = darkened(frame, fields, folds, browDown=1).max()
    fainter = darkened(frame, fields, Folds(frame, hidden(frame), 0.35), browDown=1).max()
    assert 0 < fainter < 0.5 * whole
    assert darkened(frame, fields, Folds(frame, hidden(frame, 1.0), 1.0), browDown=1).max() == 0


def test_folds_are_alike_on_both_sides_and_only_where_skin_is_squeezed(frame, fields, folds):
    emotions = weights(noseSneer=1, browDown=1, mouthSmile=0.5, mouthStretch=0.5, cheekSquint=1)
    depths = folds.depths(fields.forward(emotions))
    assert depths.max() > 0.5
    np.testing.assert_allclose(depths[0::2], depths[1::2], atol=0.03)
    left, right = (
        darkened(frame, fields, folds, **{f"noseSneer{side}": 1}) for side in ("Left", "Right")
    )
    assert left.max() > 8
    assert 0.8 < np.abs(left).sum() / np.abs(right).sum() < 1.25
    # the person's left is the right side of the picture
    middle, beyond = left.shape[1] // 2, int(0.06 * frame.unit)
    assert np.abs(left[:, : middle - beyond]).sum() < 0.1 * np.abs(left).sum()


def test_nothing_is_shaded_where_nothing_is_squeezed(frame, fields, folds):
    still = np.zeros_like(fields.forward(weights(browDown=1)))
    assert folds.depths(still).max() == 0
    region = np.full((*hidden(frame).shape, 3), SKIN, np.uint8)
    folds.shade(region, still)
    assert (region == SKIN).all()


def test_all_folds_together_leave_light_on_the_skin(frame, fields, folds):
    lost = darkened(frame, fields, folds, **dict.fromkeys(BLENDSHAPES, 1.0))
    assert 20 < lost.max() < 0.72 * SKIN


def test_high_brows_come_down_farther_than_low_ones(frame):
    """They have more room; a frown must reach the eyes."""

    def way(lifted):
        higher = frame.points.copy()
        for ids in ((55, 107, 66, 105), (285, 336, 296, 334)):
            higher[list(ids)] += frame.way(0.0, lifted, 0.0)
        other = dataclasses.replace(frame, points=higher)
        moved = SkinFields(other, freedom(other)).forward(weights(browDown=1))
        column, row = np.rint((higher[107] - frame.nodes[0, 0]) / frame.stride).astype(int)
        return float(moved[row, column, 1]) * frame.stride / frame.unit

    low, high = way(0.0), way(0.05)
    assert low > 0.02
    assert high > 1.2 * low
