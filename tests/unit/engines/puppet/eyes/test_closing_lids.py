"""Closing lids carry the picture's own skin: no patch, no tear, nothing but lashes taken off."""

import cv2
import numpy as np
import pytest

from benchmarks.blink_look import FAINT, eye_view, new_edges
from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE, eye_width, measure_eye
from sadtalker_ext.engines.puppet.eyes.lashes import find_lashes
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from tests.unit.engines.puppet.eyes.drawn_eyes import SKIN, draw_face, eye_points

SIDE = 400
WIDTH = 80
OPENING = 32
EYES = (LEFT_EYE, RIGHT_EYE)


@pytest.fixture(scope="module")
def points():
    return eye_points(WIDTH, OPENING, picture=SIDE)


def drawn_to(picture, points, closure):
    frame = picture.copy()
    EyeLayer(picture, points).apply(frame, (closure, closure), (0.0, 0.0), 0.0)
    return frame


def in_shadow(points, *, darkest, outer_half=False):
    """A deep socket: the skin from the brow to the margin lies in shadow, lashes included."""
    picture = draw_face(points, picture=SIDE).astype(np.float32)
    for eye in EYES:
        ring = points[[*eye.upper, *eye.brow_bottom[::-1]], :2]
        mask = np.zeros((SIDE, SIDE), np.float32)
        cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 1)
        if outer_half:
            side = -1 if eye is LEFT_EYE else 1
            middle = points[list(eye.upper), 0].mean()
            mask *= (np.arange(SIDE)[None] - middle) * side > 0
        soft = cv2.GaussianBlur(mask, (0, 0), 2.0)[..., None]
        picture *= 1 - (1 - darkest) * soft
    return np.clip(picture, 0, 255).astype(np.uint8)


def with_crease(points, *, height):
    """A dark fold along the lid, `height` eye widths above the margin."""
    picture = draw_face(points, picture=SIDE)
    for eye in EYES:
        fold = points[list(eye.upper), :2] - [0, height * WIDTH]
        line = [np.round(fold * 16).astype(np.int32)]
        cv2.polylines(picture, line, False, (95, 60, 50), 3, cv2.LINE_AA, 4)
    return picture


def lashes_of(picture, points, eye):
    other = RIGHT_EYE if eye is LEFT_EYE else LEFT_EYE
    shape = measure_eye(points, eye, (SIDE, SIDE), eye_width(points, other))
    left, top, right, bottom = shape.box
    return shape, find_lashes(picture[top:bottom, left:right].astype(np.float32), shape)


FACES = {
    "plain": lambda points: draw_face(points, picture=SIDE),
    "deep socket": lambda points: in_shadow(points, darkest=0.3),
    "socket half in shadow": lambda points: in_shadow(points, darkest=0.3, outer_half=True),
    "heavy fold": lambda points: with_crease(points, height=0.12),
}


@pytest.mark.parametrize("name", FACES)
@pytest.mark.parametrize("closure", [0.3, 0.5, 0.75, 1.0])
def test_no_new_edge_above_the_eye(points, name, closure):
    picture = FACES[name](points)
    frame = drawn_to(picture, points, closure)
    for eye in EYES:
        view = eye_view(points, eye)
        before, after = view.of(picture), view.of(frame)
        assert new_edges(before, after, view.above) <= 0.001
        assert new_edges(before, after, view.above, FAINT) <= 0.01


def test_lids_of_a_deep_socket_stay_in_its_shadow(points):
    """They are as dark as the skin they unfold from, not as pale as the cheeks."""
    picture = in_shadow(points, darkest=0.3)
    shut = drawn_to(picture, points, 1.0)
    view = eye_view(points, LEFT_EYE)
    above = float(view.of(picture)[view.above].mean())
    lid = float(view.of(shut)[view.lid].mean())
    assert abs(lid - above) < 0.35 * abs(float(SKIN.mean()) - above)


def test_the_skin_above_comes_down_with_the_margin(points):
    """A mole halfway between brow and margin moves down with the lid, less far than the margin."""
    picture = draw_face(points, picture=SIDE)
    x = int(points[LEFT_EYE.upper[4], 0])
    margin = float(points[LEFT_EYE.upper[4], 1])
    y = round(margin - 0.19 * WIDTH)
    cv2.circle(picture, (x, y), 3, (90, 55, 45), -1, cv2.LINE_AA)

    def place(frame):
        column = 160.0 - frame[y - 12 : y + 26, x - 3 : x + 4].astype(float).mean((1, 2))
        column = np.clip(column[: round(margin) - y + 8], 0, None)
        column[column < 0.2 * column.max()] = 0
        return float((np.arange(len(column)) * column).sum() / column.sum())

    moved = place(drawn_to(picture, points, 0.4)) - place(picture)
    assert 0.05 * OPENING < moved < 0.4 * OPENING


@pytest.mark.parametrize("name", FACES)
def test_the_lash_mask_is_a_thin_band_on_the_margin(points, name):
    """Brow, crease and shadow are never in it."""
    picture = FACES[name](points)
    for eye in EYES:
        shape, lashes = lashes_of(picture, points, eye)
        height = shape.upper - shape.v
        middle = np.abs(shape.u) < 0.42
        assert lashes.mask[middle & (height > 0) & (height < 0.02)].min() > 0.9
        assert lashes.mask[middle & (height > 0.12)].max() < 0.05
        columns = (lashes.mask[:, middle.any(0)] * (height[:, middle.any(0)] > 0)).sum(0)
        assert np.abs(np.diff(columns)).max() < 1.5  # no notch


def test_long_lashes_are_in_the_mask(points):
    picture = draw_face(points, picture=SIDE)
    strokes = np.zeros((SIDE, SIDE), np.uint8)
    upper = points[list(RIGHT_EYE.upper), :2]
    order = np.argsort(upper[:, 0])
    for u in np.linspace(-0.1, 0.4, 10):
        x = float(upper[:, 0].mean()) + u * WIDTH
        y = float(np.interp(x, upper[order, 0], upper[order, 1]))
        tip = (round(x + 10 * u), round(y - 0.16 * WIDTH))
        cv2.line(strokes, (round(x), round(y)), tip, 255, 2)
    picture[strokes > 0] = (35, 22, 22)
    shape, lashes = lashes_of(picture, points, RIGHT_EYE)
    left, top, right, bottom = shape.box
    drawn = strokes[top:bottom, left:right] > 0
    assert lashes.mask[drawn].mean() > 0.8
    assert lashes.mask[~drawn & (shape.upper - shape.v > 0.25)].max() < 0.05


def test_a_wink_does_not_close_one_eye_alone():
    """Where one lid is shut in the picture the other stays as it is, and that is said."""
    both = eye_points(60, 24, picture=320)
    shut = eye_points(60, 3, picture=320)
    points = both.copy()
    ids = [*RIGHT_EYE.upper, *RIGHT_EYE.lower]
    points[ids] = shut[ids]
    picture = draw_face(points, picture=320)
    layer = EyeLayer(picture, points)
    frame = picture.copy()
    layer.apply(frame, (1.0, 1.0), (0.0, 0.0), 0.0)
    assert np.array_equal(frame, picture)
    assert layer.warnings == ("The eyes are closed in the picture, or nearly: they do not blink.",)


def test_open_eyes_of_some_size_blink_without_a_warning(points):
    assert EyeLayer(draw_face(points, picture=SIDE), points).warnings == ()


def test_eyes_of_few_pixels_do_not_blink_and_that_is_said():
    points = eye_points(9, 4, picture=80)
    picture = draw_face(points, picture=80)
    layer = EyeLayer(picture, points)
    frame = picture.copy()
    layer.apply(frame, (1.0, 1.0), (0.0, 0.0), 0.0)
    assert np.array_equal(frame, picture)
    assert layer.warnings == ("Both eyes are too small or outside the picture: they do not blink.",)


def test_a_covered_eye_is_named(points):
    picture = draw_face(points, picture=SIDE)
    corners = points[list(LEFT_EYE.upper), :2]
    low, high = corners.min(0) - 40, corners.max(0) + 40
    picture[int(low[1]) : int(high[1]), int(low[0]) : int(high[0])] = 20
    layer = EyeLayer(picture, points)
    assert layer.warnings == (
        "The eye on the left side of the picture is covered: it does not blink.",
    )
    frame = picture.copy()
    layer.apply(frame, (1.0, 1.0), (0.0, 0.0), 0.0)
    assert not np.array_equal(frame[:, SIDE // 2 :], picture[:, SIDE // 2 :])


def test_a_shut_lid_in_a_pen_drawing_is_paper_and_no_grey_hatching(points):
    picture = np.full((SIDE, SIDE, 3), 235, np.uint8)
    for eye in EYES:
        left, right = points[[eye.upper[0], eye.upper[-1]], 0]
        top, low = points[list(eye.brow_top), 1].min() - 20, points[list(eye.lower), 1].max() + 40
        for x in np.arange(min(left, right) - 30, max(left, right) + 30, 7):
            cv2.line(picture, (int(x) + 8, int(top)), (int(x), int(low)), (25, 25, 25), 2)
        ring = points[[*eye.upper, *eye.lower[::-1]], :2]
        cv2.fillPoly(picture, [np.round(ring).astype(np.int32)], (235, 235, 235))
        cv2.polylines(picture, [np.round(ring).astype(np.int32)], True, (10, 10, 10), 2)
    frame = drawn_to(picture, points, 1.0)
    for eye in EYES:
        view = eye_view(points, eye)
        inside = cv2.erode(view.lid.astype(np.uint8), np.ones((5, 5))) > 0
        shut = view.of(frame).astype(float).mean(-1)
        assert np.percentile(shut[inside], 10) > 215
        # and darker towards the brow: all of one lightness is an eyeball without an iris
        rows = np.flatnonzero(inside.any(1))
        high, low = np.array_split(rows[: 2 * len(rows) // 3], 2)
        assert shut[high][inside[high]].mean() < shut[low][inside[low]].mean() - 0.5


def with_winged_lashes(points):
    """A clump of long lashes that goes up and out beside the outer corner, above the margin."""
    picture = draw_face(points, picture=SIDE)
    for eye in EYES:
        side = -1 if eye is LEFT_EYE else 1
        upper = points[list(eye.upper), :2]
        corner = upper[np.argmax(side * upper[:, 0])]
        for step in range(8):
            foot = corner + np.array([side * (3.5 * step - 14), 0.8 * step - 6.4 - 0.08 * WIDTH])
            ends = np.stack([foot, foot + np.array([5 * side, -0.08 * WIDTH])])
            line = [np.round(ends * 16).astype(np.int32)]
            cv2.polylines(picture, line, False, (90, 60, 50), 2, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def test_no_tip_of_a_lash_is_left_beside_a_shut_eye(points):
    picture = with_winged_lashes(points)
    frame = drawn_to(picture, points, 1.0)
    for eye in EYES:
        view = eye_view(points, eye)
        left = []
        for one in (picture, frame):
            grey = cv2.cvtColor(view.of(one), cv2.COLOR_RGB2GRAY)
            thin = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, np.ones((9, 9), np.uint8))
            left.append(float(np.maximum(thin[20:90].astype(float) - 6, 0).mean()))
        assert left[0] > 1.0  # the open eye shows them
        assert left[1] < 0.02 * left[0]


def test_raised_brows_do_not_stretch_the_lashes(points):
    picture = draw_face(points, picture=SIDE)
    for eye in EYES:
        for root in points[list(eye.upper), :2][2:-2]:
            for shift in (-4, 0, 4):
                line = np.stack([root + np.array([shift, y * WIDTH]) for y in (0, -0.12)])
                fixed = [np.round(line * 16).astype(np.int32)]
                cv2.polylines(picture, fixed, False, (60, 40, 35), 1, cv2.LINE_AA, 4)
    frame = picture.copy()
    EyeLayer(picture, points).apply(frame, (0.0, 0.0), (0.0, 0.0), 1.0)
    assert not np.array_equal(frame, picture)
    for eye in EYES:
        above = eye_view(points, eye).above
        dark = [
            (cv2.cvtColor(eye_view(points, eye).of(one), cv2.COLOR_RGB2GRAY) < 110) & above
            for one in (picture, frame)
        ]
        brow = np.nonzero(above.any(1))[0][0] + 12
        tops = [np.nonzero(one[brow:].any(1))[0][0] for one in dark]
        assert abs(tops[1] - tops[0]) <= 1
