import itertools

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from tests.unit.engines.puppet.eyes.drawn_eyes import BROW, SKIN, draw_face, eye_points

SIDE = 320
REST = {"blink": (0.0, 0.0), "gaze": (0.0, 0.0), "brow": 0.0}


@pytest.fixture(scope="module")
def face():
    points = eye_points(60, 24, picture=SIDE)
    return draw_face(points, picture=SIDE), points


@pytest.fixture(scope="module")
def layer(face):
    return EyeLayer(*face)


def frame(layer, picture, **change):
    canvas = picture.copy()
    layer.apply(canvas, **{**REST, **change})
    return canvas


def inside_eye(points, eye, shrink=0.8):
    """Pixels of the open eye, a little smaller than the drawn one."""
    import cv2

    ring = points[[*eye.upper, *eye.lower[-2:0:-1]], :2]
    ring = (ring - ring.mean(0)) * shrink + ring.mean(0)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 1)
    return mask > 0


def test_at_rest_nothing_changes(face, layer):
    assert np.array_equal(frame(layer, face[0]), face[0])


def test_the_picture_given_to_the_constructor_is_not_modified(face):
    before = face[0].copy()
    frame(EyeLayer(*face), face[0], blink=(1, 1), gaze=(5, 5), brow=1)
    assert np.array_equal(face[0], before)


@pytest.mark.parametrize(
    "change",
    [{"blink": (1, 1)}, {"blink": (0.4, 0.4)}, {"gaze": (8, -6)}, {"brow": 1.0}, {"brow": -1.0}],
    ids=str,
)
def test_nothing_outside_the_box_is_touched(face, layer, change):
    moved = frame(layer, face[0], **change)
    left, top, right, bottom = layer.box
    assert not np.array_equal(moved, face[0])
    moved[top:bottom, left:right] = face[0][top:bottom, left:right]
    assert np.array_equal(moved, face[0])


def test_a_closed_eye_shows_skin_and_no_eyeball(face, layer):
    closed = frame(layer, face[0], blink=(1, 1)).astype(float)
    for eye in (LEFT_EYE, RIGHT_EYE):
        mask = inside_eye(face[1], eye, 0.75)
        assert np.abs(face[0][mask] - SKIN).mean() > 50
        assert np.abs(np.median(closed[mask], axis=0) - SKIN).max() < 20
        white = (closed[mask].min(axis=1) > 215).mean()
        assert white < 0.01


def test_the_lid_does_not_take_the_colour_of_the_brow(face, layer):
    closed = frame(layer, face[0], blink=(1, 1)).astype(float)
    upper = face[1][list(LEFT_EYE.upper), :2].mean(0)
    x, y = round(float(upper[0])), round(float(upper[1]))
    lid = closed[y - 4 : y + 6, x - 12 : x + 12].reshape(-1, 3)
    assert np.abs(lid - SKIN).mean() < np.abs(lid - np.array(BROW)).mean() / 4


def test_each_eye_closes_alone(face, layer):
    one = frame(layer, face[0], blink=(1, 0))
    half = SIDE // 2
    assert np.array_equal(one[:, half:], face[0][:, half:])
    assert not np.array_equal(one[:, :half], face[0][:, :half])


def test_a_blink_moves_on_without_jumps(face, layer):
    frames = [frame(layer, face[0], blink=(b, b)).astype(float) for b in np.linspace(0, 1, 41)]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    total = np.abs(frames[-1] - frames[0]).mean()
    assert max(steps) < 0.12 * total


def test_an_eye_closed_in_the_picture_is_left_alone():
    points = eye_points(60, 3, picture=SIDE)
    picture = draw_face(points, picture=SIDE)
    assert np.array_equal(frame(EyeLayer(picture, points), picture, blink=(1, 1)), picture)


def iris_centre(image, points, eye):
    mask = inside_eye(points, eye, 1.0)
    x, y = np.round(points[eye.iris[0], :2]).astype(int)
    mask[: y - 4] = mask[y + 5 :] = False  # rows free of lashes
    mask[:, : x - 20] = mask[:, x + 21 :] = False  # columns free of lashes
    rows, columns = np.nonzero(mask)
    dark = np.clip(200 - image[mask].astype(float).mean(axis=1), 0, None)
    return np.array([(columns * dark).sum(), (rows * dark).sum()]) / dark.sum()


@pytest.mark.parametrize("degrees", [-8.0, -4.0, 4.0, 8.0])
def test_the_iris_moves_by_the_angle_asked_for(face, layer, degrees):
    moved = frame(layer, face[0], gaze=(degrees, 0.0))
    expected = 12 / 11.7 * (2 * 0.21 * 60) * np.sin(np.deg2rad(degrees))
    for eye in (LEFT_EYE, RIGHT_EYE):
        way = iris_centre(moved, face[1], eye) - iris_centre(face[0], face[1], eye)
        assert way[0] == pytest.approx(expected, rel=0.2)
        assert abs(way[1]) < 0.5


def test_the_lid_follows_a_downward_gaze(face, layer):
    down = frame(layer, face[0], gaze=(0.0, 10.0)).astype(int)
    top = face[1][LEFT_EYE.upper[4], :2]
    x, y = round(float(top[0])), round(float(top[1]))
    before = face[0][y - 6 : y + 10, x].mean(axis=1)
    after = down[y - 6 : y + 10, x].mean(axis=1)
    assert int(np.argmin(after[:12])) > int(np.argmin(before[:12]))


def test_an_iris_of_few_pixels_keeps_still():
    points = eye_points(11, 4, picture=80)
    picture = draw_face(points, picture=80)
    layer = EyeLayer(picture, points)
    assert np.array_equal(frame(layer, picture, gaze=(8, 0)), picture)
    assert not np.array_equal(frame(layer, picture, blink=(1, 1)), picture)


def brow_height(image, points):
    """Mean row of the dark hair of the left brow."""
    x0, x1 = points[list(LEFT_EYE.brow_top), 0].min(), points[list(LEFT_EYE.brow_top), 0].max()
    y = points[list(LEFT_EYE.brow_top), 1].mean()
    part = image[round(y) - 25 : round(y) + 22, round(x0) + 12 : round(x1) - 12].astype(float)
    dark = np.clip(120 - part.mean(axis=2), 0, None)
    return (dark.sum(axis=1) * np.arange(len(dark))).sum() / dark.sum()


def test_brows_rise_and_sink_and_the_eyes_stay(face, layer):
    rest = brow_height(face[0], face[1])
    raised = frame(layer, face[0], brow=1.0)
    lowered = frame(layer, face[0], brow=-1.0)
    assert brow_height(raised, face[1]) < rest - 2.5
    assert brow_height(lowered, face[1]) > rest + 1.5
    for eye in (LEFT_EYE, RIGHT_EYE):
        mask = inside_eye(face[1], eye, 1.0)
        assert np.array_equal(raised[mask], face[0][mask])


def test_a_fringe_over_a_brow_does_not_swim(face):
    picture = face[0].copy()
    brow = face[1][list(LEFT_EYE.brow_top), :2].mean(0)
    x, y = round(float(brow[0])), round(float(brow[1]))
    fringe = picture[: y - 4, x - 60 : x + 55]
    fringe[:] = (60, 42, 30)
    fringe[:, ::6] = (95, 70, 50)
    raised = frame(EyeLayer(picture, face[1]), picture, brow=1.0).astype(int)
    change = np.abs(raised - picture).max(axis=2)
    assert change[: y - 12, x - 60 : x + 50].max() <= 6
    assert change[:, SIDE // 2 + 20 :].max() > 60


@pytest.mark.parametrize("width", [12, 30, 110])
@pytest.mark.parametrize("roll_deg", [-25.0, 0.0, 25.0])
def test_all_sizes_and_tilts_close(width, roll_deg):
    side = width * 5
    points = eye_points(width, 0.4 * width, picture=side, roll_deg=roll_deg)
    picture = draw_face(points, picture=side)
    closed = frame(EyeLayer(picture, points), picture, blink=(1, 1)).astype(float)
    x, y = np.round(points[LEFT_EYE.iris[0], :2]).astype(int)
    assert np.abs(picture[y, x] - SKIN).mean() > 60
    assert np.abs(closed[y, x] - SKIN).mean() < 30


def test_a_face_at_the_border_is_clipped():
    points = eye_points(60, 24, picture=SIDE)
    picture = draw_face(points, picture=SIDE)
    points[:, :2] -= [75, 150]
    part = np.ascontiguousarray(picture[150:, 75:])
    layer = EyeLayer(part, points)
    moved = frame(layer, part, blink=(1, 1), gaze=(5, 5), brow=1.0)
    assert moved.shape == part.shape
    left, top, right, bottom = layer.box
    assert 0 <= left < right <= part.shape[1]
    assert 0 <= top < bottom <= part.shape[0]


def test_the_same_picture_gives_the_same_pixels(face):
    first, second = (EyeLayer(*face) for _ in range(2))
    change = {"blink": (0.6, 0.9), "gaze": (3.0, -2.0), "brow": 0.4}
    assert np.array_equal(frame(first, face[0], **change), frame(second, face[0], **change))
