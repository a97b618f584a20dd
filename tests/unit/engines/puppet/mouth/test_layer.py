"""The talking mouth on drawn faces whose lips, teeth and chin can be measured by colour."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.mouth.layer import DRIVERS, MouthLayer
from sadtalker_ext.portrait import topology
from tests.unit.engines.puppet.mouth.drawn_mouth import (
    CHIN_MARK,
    TEETH,
    UPPER_LIP,
    draw_mouth,
    like,
    lips_extent,
    mouth_points,
    opening,
)

SOUNDS = {
    "AA": {"jaw": 1.0, "upper": 0.1},
    "EE": {"jaw": 0.25, "wide": 1.0, "upper": 0.3},
    "OO": {"jaw": 0.25, "round": 1.0},
    "PBM": {"press": 1.0},
    "FV": {"tuck": 1.0, "jaw": 0.1},
    "L": {"jaw": 0.45, "tongue": 1.0},
}


class Talker:
    """A drawn face and its layer."""

    def __init__(self, **shape):
        self.points = mouth_points(**shape)
        self.picture = draw_mouth(self.points)
        self.layer = MouthLayer(self.picture, self.points)

    def say(self, **controls):
        canvas = self.picture.copy()
        self.layer.apply(canvas, controls)
        return canvas

    @property
    def width(self):
        corners = self.points[[topology.MOUTH_CORNER_LEFT, topology.MOUTH_CORNER_RIGHT], :2]
        return float(np.linalg.norm(corners[1] - corners[0]))


@pytest.fixture(scope="module")
def closed():
    return Talker()


@pytest.fixture(scope="module")
def smiling():
    return Talker(gap=0.17, smile=0.1)


@pytest.fixture(params=["closed", "smiling"])
def talker(request):
    return request.getfixturevalue(request.param)


def test_at_rest_the_picture_stays_as_it_is(talker):
    assert np.array_equal(talker.say(), talker.picture)
    assert np.array_equal(talker.say(**dict.fromkeys(DRIVERS, 0.0)), talker.picture)


@pytest.mark.parametrize("sound", SOUNDS)
def test_nothing_outside_the_box_is_touched(talker, sound):
    frame = talker.say(**SOUNDS[sound])
    left, top, right, bottom = talker.layer.box
    changed = (frame != talker.picture).any(-1)
    assert changed[top:bottom, left:right].any()
    changed[top:bottom, left:right] = False
    assert not changed.any()


@pytest.mark.parametrize("sound", SOUNDS)
def test_the_border_of_the_box_is_still(closed, sound):
    left, top, right, bottom = closed.layer.box
    frame = closed.say(**SOUNDS[sound])
    moved = np.abs(frame.astype(int) - closed.picture)[top:bottom, left:right]
    rim = np.concatenate([moved[0], moved[-1], moved[:, 0], moved[:, -1]])
    assert rim.max() <= 1


def test_the_picture_given_to_the_constructor_is_not_modified():
    points = mouth_points()
    picture = draw_mouth(points)
    before = picture.copy()
    canvas = picture.copy()
    MouthLayer(picture, points).apply(canvas, {"jaw": 1.0})
    assert np.array_equal(picture, before)


def test_the_same_controls_give_the_same_frame(talker):
    assert np.array_equal(talker.say(**SOUNDS["AA"]), talker.say(**SOUNDS["AA"]))


def test_the_opening_follows_the_jaw(talker):
    jaws = np.linspace(0, 1, 11)
    gaps = [opening(talker.say(jaw=float(jaw)), talker.points) for jaw in jaws]
    assert np.all(np.diff(gaps) > -0.3)
    assert np.corrcoef(jaws, gaps)[0, 1] >= 0.95
    assert gaps[-1] / talker.width == pytest.approx(0.38, abs=0.12)


@pytest.mark.parametrize("jaw", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("wide", [0.0, 0.6])
def test_pressed_lips_touch(talker, jaw, wide):
    frame = talker.say(press=1.0, jaw=jaw, wide=wide)
    # Two half-covered pixels of the seam are what a closed mouth in a picture shows as well.
    assert opening(frame, talker.points) <= max(2.0, 0.02 * talker.width)


def test_pressing_hides_the_teeth_gradually(smiling):
    shown = [like(smiling.say(press=float(p)), TEETH).sum() for p in np.linspace(0, 1, 9)]
    assert shown[0] > 100
    assert shown[-1] <= 0.01 * shown[0]
    assert np.all(np.diff(shown) <= 5)


def test_a_relaxed_smile_opens_from_a_nearly_closed_mouth(smiling):
    jaws = np.linspace(0, 1, 11)
    gaps = [opening(smiling.say(jaw=float(jaw), relax=1.0), smiling.points) for jaw in jaws]
    assert gaps[0] <= 0.2 * opening(smiling.picture, smiling.points)
    assert np.all(np.diff(gaps) > -0.3)
    assert np.corrcoef(jaws, gaps)[0, 1] >= 0.97
    assert gaps[-1] / smiling.width > 0.25


def test_a_relaxed_smile_hides_most_of_its_teeth_when_the_lips_round(smiling):
    shown = like(smiling.picture, TEETH).sum()
    assert shown > 100
    assert like(smiling.say(jaw=0.2, round=1.0, relax=1.0), TEETH).sum() <= 0.12 * shown


def test_u_is_nearly_closed_and_not_sealed(talker):
    u = opening(talker.say(jaw=0.16, round=1.0, relax=1.0), talker.points)
    a = opening(talker.say(jaw=0.9, wide=0.08, upper=0.2, relax=1.0), talker.points)
    assert 0.1 * a < u < 0.28 * a


@pytest.mark.parametrize(("jaw", "rounded"), [(0.8, 0.62), (0.6, 0.85), (0.24, 1.0)])
def test_a_round_mouth_is_an_o_and_not_half_a_disc(smiling, jaw, rounded):
    """Its upper lip is an arch: higher in the middle than half way to the corners."""
    frame = smiling.say(jaw=jaw, round=rounded, relax=1.0)
    middle, left, right = (upper_lip_edge(frame, x) for x in (200, 188, 212))
    assert middle < (left + right) / 2 - 0.5
    # The straight smile before it lies the other way round.
    rest = [upper_lip_edge(smiling.picture, x) for x in (200, 188, 212)]
    assert rest[0] > (rest[1] + rest[2]) / 2


def test_a_round_open_mouth_is_not_a_dark_hole(smiling):
    """Between the lips of an open O there are teeth above and a tongue below."""
    frame = smiling.say(jaw=0.7, round=0.7, relax=1.0)
    top = round(upper_lip_edge(frame, 200)) + 1
    bottom = top + round(opening(frame, smiling.points)) - 2
    inside = frame[top:bottom, 196:205].astype(float).mean(axis=(1, 2))
    assert like(frame[top:bottom, 190:211], TEETH).sum() > 20
    assert inside.max() > 2.5 * inside.min()


def test_the_upper_lip_of_a_round_mouth_keeps_its_thickness(smiling):
    def thickness(frame):
        return like(frame[:, 200], UPPER_LIP).sum()

    assert thickness(smiling.say(jaw=0.6, round=0.85, relax=1.0)) >= thickness(smiling.picture)


def test_closed_lips_have_no_smile_to_relax(closed):
    assert np.array_equal(closed.say(relax=1.0), closed.picture)
    assert np.array_equal(closed.say(relax=1.0, **SOUNDS["OO"]), closed.say(**SOUNDS["OO"]))


def test_rounding_narrows_and_thickens_the_lips(talker):
    width, height = lips_extent(talker.picture)
    narrow, thick = lips_extent(talker.say(round=1.0))
    assert narrow <= 0.75 * width
    # In an open smile the gap closes as well; the lips alone are thicker.
    gap = opening(talker.picture, talker.points) - opening(talker.say(round=1.0), talker.points)
    assert thick > height - gap


def upper_lip_edge(frame, column):
    """Row where the red of the upper lip ends in a column, with the share of the last pixel."""
    red = 255.0 - np.abs(frame[:, column].astype(float) - UPPER_LIP).max(-1)
    rows = np.flatnonzero(like(frame[:, column], UPPER_LIP))
    last = rows[-1]
    return last + float(np.clip((red[last + 1] - 100) / 155, 0, 1))


def test_wide_spreads_the_corners(talker):
    assert lips_extent(talker.say(wide=1.0))[0] >= 1.06 * lips_extent(talker.picture)[0]


def test_f_and_v_show_upper_teeth_on_a_raised_lower_lip(closed):
    frame = closed.say(**SOUNDS["FV"])
    shown = opening(frame, closed.points) / closed.width
    assert 0.03 < shown < 0.2
    open_too = opening(closed.say(tuck=1.0, jaw=0.6), closed.points)
    assert open_too < 0.5 * opening(closed.say(jaw=0.6), closed.points)


def test_the_chin_goes_with_the_jaw(talker):
    before = np.nonzero(like(talker.picture, CHIN_MARK))[0].mean()
    after = np.nonzero(like(talker.say(jaw=1.0), CHIN_MARK))[0].mean()
    assert after - before > 0.2 * talker.width


def test_small_changes_stay_small(talker):
    """No step of a sweep changes the picture much more than the others do."""
    for name in ("jaw", "press", "round", "tuck", "wide", "relax"):
        frames = [talker.say(**{name: float(t)}).astype(float) for t in np.linspace(0, 1, 41)]
        steps = np.array([np.abs(b - a).mean() for a, b in pairwise(frames)])
        assert steps.max() <= 3 * np.median(steps) + 0.02, name


@pytest.mark.parametrize("roll", [-35.0, 20.0])
def test_a_tilted_head_opens_its_mouth_as_far(roll):
    upright, tilted = Talker(), Talker(roll_deg=roll)
    expected = opening(upright.say(jaw=0.8), upright.points)
    found = opening(tilted.say(jaw=0.8), tilted.points)
    assert found == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("face", [60, 90, 500])
def test_every_size_of_face_talks(face):
    talker = Talker(face=face)
    assert opening(talker.say(jaw=1.0), talker.points) / talker.width > 0.25
    assert opening(talker.say(press=1.0), talker.points) <= max(2.0, 0.02 * talker.width)


def test_a_mouth_at_the_edge_of_the_picture():
    points = mouth_points()
    picture = draw_mouth(points)
    low = round(float(points[17, 1])) + 4
    cut = np.ascontiguousarray(picture[:low, : round(float(points[291, 0])) - 5])
    canvas = cut.copy()
    MouthLayer(cut, points).apply(canvas, SOUNDS["AA"])
    assert (canvas != cut).any()


def test_values_beyond_the_range_are_limited(closed):
    assert np.array_equal(closed.say(jaw=1.7), closed.say(jaw=1.0))
    assert np.array_equal(closed.say(jaw=-0.4), closed.picture)


def test_a_canvas_of_another_size_is_refused(closed):
    with pytest.raises(ValueError, match="picture's size"):
        closed.layer.apply(closed.picture[:-1], {"jaw": 1.0})


def test_a_mouth_outside_the_picture_is_left_alone():
    points = mouth_points()
    picture = draw_mouth(points)[:60, :60].copy()
    canvas = picture.copy()
    MouthLayer(picture, points).apply(canvas, SOUNDS["AA"])
    assert np.array_equal(canvas, picture)


def test_folds_beside_the_mouth_flatten_when_the_lips_round():
    points = mouth_points()
    picture = draw_mouth(points)
    across, down = points[[61, 291], 0].mean(), points[[13, 14], 1].mean()
    ends = [(across + side * 0.23 * 200, down) for side in (-1, 1)]
    for shade, (x, y) in zip((25, 110), ends, strict=True):  # skin in a fold, and a black hair
        colour = tuple(int(v) for v in np.clip(np.array((200, 155, 130)) - shade, 0, 255))
        cv2.line(picture, (int(x), int(y - 22)), (int(x), int(y - 2)), colour, 3)
    layer = MouthLayer(picture, points)
    canvas = picture.copy()
    layer.apply(canvas, {"round": 1.0})
    dips = []
    for x, y in ends:
        box = np.s_[int(y) - 18 : int(y) - 6, int(x) - 14 : int(x) + 15]
        dips.append([155 - p[box][..., 1].astype(float).min(1).mean() for p in (picture, canvas)])
    assert dips[0][1] < 0.75 * dips[0][0]
    assert dips[1][1] > 0.85 * dips[1][0]


@pytest.mark.parametrize(("turned", "warned"), [(25, 0), (50, 1)])
def test_a_mouth_in_profile_is_warned_of(turned, warned):
    points = mouth_points()
    angle, middle = np.deg2rad(turned), points[:, 0].mean()
    across, depth = points[:, 0] - middle, points[:, 2].copy()
    points[:, 0] = middle + np.cos(angle) * across - np.sin(angle) * depth
    points[:, 2] = np.sin(angle) * across + np.cos(angle) * depth
    warnings = MouthLayer(draw_mouth(mouth_points()), points).warnings
    assert sum("profile" in one for one in warnings) == warned
