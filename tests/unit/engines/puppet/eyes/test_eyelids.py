"""How lids look on the way down and when they are shut, on drawn faces with known parts."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer, LidTension
from sadtalker_ext.motion.emotions import recipe
from sadtalker_ext.motion.own_eyes import lowered_share
from tests.unit.engines.puppet.eyes.drawn_eyes import SKIN, draw_face, eye_points

SIDE = 400
WIDTH = 80
OPENING = 32


@pytest.fixture(scope="module")
def points():
    return eye_points(WIDTH, OPENING, picture=SIDE)


def closed_to(picture, points, closure):
    frame = picture.copy()
    EyeLayer(picture, points).apply(frame, (closure, closure), (0.0, 0.0), 0.0)
    return frame


def drawn_lash_tips(points):
    """Strokes across the upper lid, up to 0.22 eye widths above its margin."""
    strokes = np.zeros((SIDE, SIDE), np.uint8)
    for eye, side in ((LEFT_EYE, -1), (RIGHT_EYE, 1)):
        upper = points[list(eye.upper), :2]
        for u in np.linspace(-0.1, 0.44, 13):
            centre = upper[:, 0].mean()
            x = centre + side * u * WIDTH
            order = np.argsort(upper[:, 0])
            y = float(np.interp(x, upper[order, 0], upper[order, 1]))
            tip = (round(x + side * (2 + 10 * u)), round(y - 0.2 * WIDTH))
            cv2.line(strokes, (round(x), round(y)), tip, 255, 2)
    return strokes > 0


def columns_of(points, eye):
    """The middle columns of an eye, and the rows of its margins there."""
    x = round(float(points[eye.iris[0], 0]))
    upper = float(points[list(eye.upper), 1].min())
    lower = float(points[list(eye.lower), 1].max())
    return slice(x - 6, x + 7), upper, lower


def darkness(image):
    """How much darker than skin, in grey levels."""
    return np.clip(float(SKIN.mean()) - image.astype(float).mean(-1), 0, None)


def test_a_shut_eye_is_one_dark_line_at_the_lower_lid(points):
    closed = closed_to(draw_face(points, picture=SIDE), points, 1.0)
    for eye in (LEFT_EYE, RIGHT_EYE):
        columns, upper, lower = columns_of(points, eye)
        top = round(upper - 0.15 * WIDTH)
        profile = darkness(closed[top : round(lower + 0.25 * WIDTH), columns]).mean(1)
        line = top + int(profile.argmax())
        assert lower - 0.05 * WIDTH < line < lower + 0.12 * WIDTH
        assert profile.max() > 50
        beside = np.delete(profile, range(max(0, line - top - 8), line - top + 9))
        assert beside.max() < 0.3 * profile.max()


def test_the_line_of_a_shut_eye_is_as_dark_as_the_lashes_of_the_open_one(points):
    depths = []
    for lashes in ((40, 25, 25), (120, 90, 75)):
        closed = closed_to(draw_face(points, picture=SIDE, lashes=lashes), points, 1.0)
        columns, _, lower = columns_of(points, LEFT_EYE)
        near = closed[round(lower - 0.1 * WIDTH) : round(lower + 0.15 * WIDTH), columns]
        depths.append(float(darkness(near).mean(1).max()))
    assert depths[0] > 1.2 * depths[1] > 60


def test_no_lash_stays_behind_on_a_shut_lid(points):
    picture = draw_face(points, picture=SIDE)
    tips = drawn_lash_tips(points)
    picture[tips] = (35, 22, 22)
    closed = closed_to(picture, points, 1.0)
    assert darkness(picture)[tips].mean() > 100
    for eye in (LEFT_EYE, RIGHT_EYE):
        _, upper, lower = columns_of(points, eye)
        above = tips.copy()
        above[round((upper + lower) / 2) :] = False
        assert darkness(closed)[above].mean() < 12
        assert np.quantile(darkness(closed)[above], 0.98) < 40


@pytest.mark.parametrize("closure", [0.25, 0.5])
def test_lashes_ride_on_the_margin(points, closure):
    """Halfway down, the dark band is above the margin and not where the lashes were."""
    picture = draw_face(points, picture=SIDE)
    tips = drawn_lash_tips(points)
    picture[tips] = (35, 22, 22)
    frame = closed_to(picture, points, closure)
    columns, upper, lower = columns_of(points, LEFT_EYE)
    margin = upper + closure * (lower - upper)
    x = columns.start - 12  # towards the temple, where the lashes are drawn
    rows = slice(round(upper - 0.25 * WIDTH), round(lower))
    before, after = (darkness(one[rows, x - 10 : x + 10]).mean(1) for one in (picture, frame))
    band = np.arange(rows.start, rows.stop) < margin + 2
    centre = [(one[band] * np.flatnonzero(band)).sum() / one[band].sum() for one in (before, after)]
    assert centre[1] - centre[0] > 0.4 * closure * (lower - upper)
    was_tips = darkness(frame)[tips & (np.arange(SIDE)[:, None] < upper - 0.1 * WIDTH)]
    assert was_tips.mean() < 0.5 * darkness(picture)[tips].mean()


def test_the_fold_stays_above_and_fades(points):
    """It comes along a little, unlike the margin, and is softer once the lid is drawn out of it."""
    picture = draw_face(points, picture=SIDE)
    for eye in (LEFT_EYE, RIGHT_EYE):
        fold = points[list(eye.upper), :2] - [0, 0.2 * WIDTH]
        cv2.polylines(picture, [np.round(fold * 16).astype(np.int32)], False, (150, 105, 90), 2,
                      cv2.LINE_AA, 4)  # fmt: skip
    columns, upper, lower = columns_of(points, LEFT_EYE)
    rows = slice(round(upper - 0.28 * WIDTH), round(upper - 0.06 * WIDTH))
    depths, places = [], []
    for closure in (0.0, 0.5, 1.0):
        profile = darkness(closed_to(picture, points, closure)[rows, columns]).mean(1)
        depths.append(profile.max())
        places.append(int(profile.argmax()))
    way = lower - upper
    assert 0 <= places[1] - places[0] < 0.3 * 0.5 * way
    assert 0 <= places[2] - places[0] < 0.3 * way
    assert depths[1] > 0.5 * depths[0]
    assert 0.15 * depths[0] < depths[2] < 0.8 * depths[0]


@pytest.mark.parametrize("closure", [0.2, 0.35, 0.5])
def test_a_part_closed_lid_covers_its_part_of_the_eye(points, closure):
    """The eyeball is seen below the margin and skin or lashes above it."""
    picture = draw_face(points, picture=SIDE)
    frame = closed_to(picture, points, closure).astype(int)
    columns, upper, lower = columns_of(points, LEFT_EYE)
    column = frame[round(upper) : round(lower), columns.start : columns.stop]
    blue = (column[..., 2] > column[..., 0] + 30).mean(1)  # the iris is the only blue thing
    before = picture[round(upper) : round(lower), columns.start : columns.stop].astype(int)
    whole = (before[..., 2] > before[..., 0] + 30).mean(1)
    covered = np.arange(len(blue)) < closure * len(blue) - 2
    shown = np.arange(len(blue)) > closure * len(blue) + 4  # below the lid's shadow
    shown[round(-0.07 * WIDTH) :] = False  # the lower lid rises a little
    assert blue[covered].sum() == 0
    assert (whole * shown).sum() > 2
    assert (blue * shown).sum() > 0.8 * (whole * shown).sum()


@pytest.mark.parametrize("strength", [2.0, 8.0])
def test_the_lid_has_the_texture_of_the_skin(points, strength):
    rng = np.random.default_rng(4)
    noise = cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE)).astype(np.float32), (0, 0), 0.8)
    noise *= strength / noise.std()
    picture = draw_face(points, picture=SIDE).astype(np.float32) + noise[..., None]
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    closed = closed_to(picture, points, 1.0).astype(np.float32).mean(-1)
    columns, upper, lower = columns_of(points, LEFT_EYE)
    lid = closed[round(upper + 2) : round(lower - 0.12 * WIDTH), columns.start - 10 : columns.stop]
    skin = picture[-60:-20, 40:-40].astype(np.float32).mean(-1)

    def grain(part):
        return float((part - cv2.GaussianBlur(part, (0, 0), 2.0)).std())

    assert 0.55 * grain(skin) < grain(lid) < 1.1 * grain(skin)


def test_a_gaze_down_keeps_the_lashes_whole(points):
    picture = draw_face(points, picture=SIDE)
    down = picture.copy()
    EyeLayer(picture, points).apply(down, (0.0, 0.0), (0.0, 8.0), 0.0)
    columns, upper, _ = columns_of(points, LEFT_EYE)
    rows = slice(round(upper - 4), round(upper + 10))
    before, after = (darkness(one[rows, columns]).max(0).mean() for one in (picture, down))
    assert after > 0.8 * before


def test_a_wide_eye_raises_its_upper_lid_alone(points):
    """A lower lid that rises with it would take back a third of the opening."""
    picture = draw_face(points, picture=SIDE)
    wide = picture.copy()
    tension = LidTension(wide=1.0)
    EyeLayer(picture, points).apply(wide, (0.0, 0.0), (0.0, 0.0), 0.0, (tension, tension))
    for eye in (LEFT_EYE, RIGHT_EYE):
        columns, upper, lower = columns_of(points, eye)
        changed = np.abs(wide.astype(float) - picture)[:, columns].mean((1, 2)) > 6
        middle = round((upper + lower) / 2)
        assert changed[round(upper - 0.1 * WIDTH) : middle].any()
        below = round(lower - 0.03 * WIDTH), round(lower + 0.2 * WIDTH)
        assert not changed[below[0] : below[1]].any()


@pytest.mark.parametrize("opening", [14, 20, 32])
@pytest.mark.parametrize("iris_up", [-3, 0, 4])
def test_an_emotion_narrows_an_eye_and_leaves_its_pupil_seen(opening, iris_up):
    """However far an eye is open by itself, and wherever it looks."""
    points = eye_points(WIDTH, opening, picture=SIDE)
    for eye in (LEFT_EYE, RIGHT_EYE):
        points[list(eye.iris), 1] -= iris_up
    picture = draw_face(points, picture=SIDE)
    layer = EyeLayer(picture, points)
    strongest = max(recipe(one)["eyeBlinkLeft"] for one in ("sad", "disgusted"))
    closure = strongest * lowered_share(layer.room)
    frame, tension = picture.copy(), LidTension(squint=1.0)
    layer.apply(frame, (closure, closure), (0.0, 0.0), 0.0, (tension, tension))
    for eye in (LEFT_EYE, RIGHT_EYE):
        x, y = np.round(points[eye.iris[0], :2]).astype(int)
        assert frame[y, x - 3 : x + 4].max() < 70  # the pupil is the only black thing in an eye
        columns, upper, lower = columns_of(points, eye)
        rows = slice(round(upper), round(lower))
        assert np.abs(frame[rows, columns].astype(int) - picture[rows, columns]).max() > 40
