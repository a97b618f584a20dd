import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE, eye_width, measure_eye
from sadtalker_ext.engines.puppet.eyes.glasses.rims import find_rims, is_covered
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.eyes.lid_skin import cheek_colour
from sadtalker_ext.engines.puppet.soft_fields import luma
from tests.unit.engines.puppet.eyes.drawn_eyes import draw_face, eye_points

SIDE = 320
WIDTH = 60


def wear(picture, points, *, colour=(25, 20, 22), thickness=4, lens=None):
    """Draw two round lenses, a bridge and temple arms; returns the picture and the rim mask."""
    rims = np.zeros((SIDE, SIDE), np.uint8)
    worn = picture.copy()
    centres = [points[eye.iris[0], :2] + [0, 8] for eye in (LEFT_EYE, RIGHT_EYE)]
    radius = round(0.72 * WIDTH)
    for centre, side in zip(centres, (-1, 1), strict=True):
        x, y = (round(float(value)) for value in centre)
        if lens is not None:
            cv2.circle(worn, (x, y), radius, lens, -1)
        cv2.circle(rims, (x, y), radius, 255, thickness)
        cv2.line(rims, (x + side * radius, y), (x + side * (radius + 30), y - 6), 255, thickness)
    (x0, y0), (x1, y1) = ((round(float(v)) for v in centre) for centre in centres)
    cv2.line(rims, (x0 + radius, y0), (x1 - radius, y1), 255, thickness)
    worn[rims > 0] = colour
    return worn, rims > 0


@pytest.fixture(scope="module")
def points():
    return eye_points(WIDTH, 24, picture=SIDE)


def shapes(points, picture):
    size = (picture.shape[1], picture.shape[0])
    left, right = (
        measure_eye(points, eye, size, eye_width(points, eye)) for eye in (LEFT_EYE, RIGHT_EYE)
    )
    return left, right


def test_a_bare_face_wears_no_glasses(points):
    picture = draw_face(points, picture=SIDE)
    assert find_rims(picture, points, shapes(points, picture)) is None


@pytest.mark.parametrize("colour", [(25, 20, 22), (250, 250, 252)], ids=["dark", "bright"])
def test_rims_are_found_and_little_else(points, colour):
    picture, rims = wear(draw_face(points, picture=SIDE), points, colour=colour)
    found = find_rims(picture, points, shapes(points, picture))
    near = cv2.dilate(rims.astype(np.uint8), np.ones((11, 11))) > 0
    columns = slice(100 - 40, 220 + 40)
    assert (found[:, columns][rims[:, columns]] > 0.5).mean() > 0.9
    assert (found[~near] > 0.5).sum() < 0.1 * rims.sum()


def test_lit_skin_along_dark_rims_is_no_rim(points):
    """Between a dark rim and a dark brow or bag the skin is a light line, as long as the rim."""
    picture, rims = wear(draw_face(points, picture=SIDE), points)
    lit = np.zeros((SIDE, SIDE), np.uint8)
    centres = [
        np.round(points[eye.iris[0], :2] + [0, 8]).astype(int) for eye in (LEFT_EYE, RIGHT_EYE)
    ]
    (x0, y0), (x1, y1) = (centre.tolist() for centre in centres)
    for x, y in ((x0, y0), (x1, y1)):
        cv2.circle(lit, (x, y), round(0.72 * WIDTH) - 9, 255, 5)
    cv2.line(lit, (x0 + 34, y0 + 9), (x1 - 34, y1 + 9), 255, 5)
    lit[rims] = 0
    picture[lit > 0] = np.clip(picture[lit > 0].astype(int) + 30, 0, 255)
    found = find_rims(picture, points, shapes(points, picture))
    near = cv2.dilate(rims.astype(np.uint8), np.ones((7, 7))) > 0
    assert (found[rims] > 0.5).mean() > 0.75
    assert (found[(lit > 0) & ~near] > 0.5).mean() < 0.2


def test_a_blink_leaves_the_rims_as_they_are(points):
    picture, rims = wear(draw_face(points, picture=SIDE), points)
    layer = EyeLayer(picture, points)
    closed = picture.copy()
    layer.apply(closed, (1.0, 1.0), (0.0, 0.0), 0.0)
    change = np.abs(closed.astype(int) - picture).max(axis=2)
    assert (change[rims] > 25).mean() < 0.03
    x, y = np.round(points[LEFT_EYE.iris[0], :2]).astype(int)
    assert change[y, x] > 60


def test_a_streak_of_glare_stays(points):
    picture, _ = wear(draw_face(points, picture=SIDE), points)
    streak = np.zeros((SIDE, SIDE), np.uint8)
    x, y = np.round(points[LEFT_EYE.iris[0], :2]).astype(int).tolist()
    cv2.line(streak, (x + 24, y - 34), (x + 4, y + 14), 255, 4)
    picture[streak > 0] = 252
    closed = picture.copy()
    EyeLayer(picture, points).apply(closed, (1.0, 1.0), (0.0, 0.0), 0.0)
    assert (closed[streak > 0].min(axis=1) > 225).mean() > 0.9


def test_no_blink_is_painted_on_sunglasses(points):
    picture, _ = wear(draw_face(points, picture=SIDE), points, lens=(28, 26, 30))
    layer = EyeLayer(picture, points)
    frame = picture.copy()
    layer.apply(frame, (1.0, 1.0), (6.0, 4.0), 0.0)
    assert np.array_equal(frame, picture)


def test_open_eyes_are_not_taken_for_covered(points):
    picture = draw_face(points, picture=SIDE)
    skin = float(luma(cheek_colour(picture, points)))
    for eye in shapes(points, picture):
        left, top, right, bottom = eye.box
        patch = picture[top:bottom, left:right]
        assert not is_covered(patch, eye, skin)
        assert is_covered(np.full_like(patch, 20), eye, skin)


@pytest.mark.parametrize("width", [6, 7, 8, 9, 12])
def test_tiny_eyes_are_looked_at_without_glasses(width):
    """The middle of an eye of few pixels may lie between two columns of them."""
    side = 8 * width
    points = eye_points(width, 0.4 * width, picture=side)
    points[:, :2] += 0.5
    picture = draw_face(points, picture=side)
    assert find_rims(picture, points, shapes(points, picture)) is None


def test_an_eye_half_beyond_the_border_is_looked_at_without_glasses(points):
    cut = 160 - WIDTH + 6  # right of the middle of the left eye
    picture = np.ascontiguousarray(draw_face(points, picture=SIDE)[:, cut:])
    moved = points - np.array([cut, 0, 0], np.float32)
    assert find_rims(picture, moved, shapes(moved, picture)) is None
