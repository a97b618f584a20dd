"""Folds of the skin on the mean face: where, how deep, alike on both sides, safe in sum."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.engines.puppet.skin.fields import SkinFields
from sadtalker_ext.engines.puppet.skin.folds import Folds
from sadtalker_ext.engines.puppet.skin.frame import freedom, measure_skin
from sadtalker_ext.engines.puppet.skin.own_brows import beside_own_brows, worried
from sadtalker_ext.engines.puppet.skin.roughness import measure_roughness
from sadtalker_ext.motion.emotions import recipe
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


def test_smooth_skin_is_shaded_softly_and_wrinkled_skin_in_lines(frame, fields, folds):
    """A thin dark line on smooth skin looks drawn."""
    lines, soft = (
        darkened(frame, fields, Folds(frame, hidden(frame), 1.0, smooth), browDown=1)
        for smooth in (0.0, 1.0)
    )
    np.testing.assert_array_equal(lines, darkened(frame, fields, folds, browDown=1))
    assert 3 < soft.max() < 0.75 * lines.max()
    steepest = [np.abs(np.diff(shade, axis=1)).max() for shade in (lines, soft)]
    assert steepest[1] < 0.5 * steepest[0]


def test_a_fold_of_a_grey_picture_is_grey(frame, fields):
    region = np.full((*hidden(frame).shape, 3), SKIN, np.uint8)
    Folds(frame, hidden(frame), 1.0, coloured=0.0).shade(
        region, fields.forward(weights(browDown=1))
    )
    assert (region != SKIN).any()
    assert np.ptp(region, axis=-1).max() == 0


def test_roughness_tells_wrinkled_skin_from_smooth_skin(frame):
    height, width = SIDE, SIDE
    smooth = np.full((height, width, 3), SKIN, np.uint8)
    # lines six hundredths of the face apart, and the shadow of one side of a lamp
    rows = np.arange(height, dtype=np.float32)[:, None]
    lines = 1 + 0.06 * np.sin(2 * np.pi * rows / (0.06 * frame.unit))
    shadow = np.linspace(0.6, 1.2, width, dtype=np.float32)[None]
    wrinkled, shaded = (
        np.clip(smooth * part[..., None], 0, 255).astype(np.uint8)
        for part in (lines + 0 * shadow, shadow + 0 * lines)
    )
    found = [measure_roughness(one, frame) for one in (smooth, shaded, wrinkled)]
    assert found[0] == 0
    assert found[1] < 0.1
    assert found[2] > 0.8


def test_a_smile_lets_go_of_worried_brows_only(frame):
    level, raised = mean_face().copy(), mean_face().copy()
    # y is down; the face is two units wide
    level[[107, 66, 55, 65, 336, 296, 285, 295], 1] += 0.04
    raised[[107, 66, 55, 65, 336, 296, 285, 295], 1] -= 0.02
    assert worried(level) < 0.1
    assert worried(raised) > 0.9
    smile = weights(mouthSmile=1, cheekSquint=1)
    let_go = beside_own_brows(smile, 1.0)
    assert let_go[COLUMN["browInnerUp"]] < -0.2
    np.testing.assert_array_equal(beside_own_brows(smile, 0.0), smile)
    # a smile of the mouth alone, and anger, leave them
    for other in (weights(mouthSmile=1), weights(browDown=1, cheekSquint=1)):
        np.testing.assert_array_equal(beside_own_brows(other, 1.0), other)


def test_raised_brows_are_an_arch_and_never_a_hook(frame, fields):
    """Surprise lifts the middle of a brow at least as far as its inner end; grief does not."""

    def lifts(**named):
        forward = fields.forward(weights(**named))
        cells = np.rint((frame.points[[107, 66, 105, 63]] - frame.nodes[0, 0]) / frame.stride)
        x, y = cells.astype(int).T
        return -forward[y, x, 1]

    brows = {name: w for name, w in recipe("surprised").items() if name.startswith("brow")}
    inner, between, middle, outer = lifts(**brows)
    assert min(between, middle) > 0.97 * inner
    assert outer > 0.8 * inner
    inner, between, middle, outer = lifts(browInnerUp=1)
    assert inner > between > middle > outer


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
