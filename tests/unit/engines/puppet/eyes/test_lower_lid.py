"""Eyes that reach below the mesh's lower lid, the white behind raised lids, lashes behind hair."""

import cv2
import numpy as np
import pytest

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE, eye_width, measure_eye
from sadtalker_ext.engines.puppet.eyes.eyelids import Eyelids
from sadtalker_ext.engines.puppet.eyes.irises import IrisMotion
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer, LidTension
from sadtalker_ext.engines.puppet.eyes.lid_skin import sample_lid_skin
from sadtalker_ext.engines.puppet.eyes.lower_lid import with_seen_lower_lid
from tests.unit.engines.puppet.eyes.drawn_eyes import SKIN, draw_face, eye_points

SIDE, WIDTH, OPENING = 240, 60, 30


def raised(points, share):
    """The mesh of an eye whose lower lid it sees too high, by a share of the eye's width."""
    mesh = points.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        lower = list(eye.lower)
        arch = 1 - (2 * np.linspace(0.5, -0.5, 9)) ** 2
        mesh[lower, 1] -= share * WIDTH * np.sqrt(arch)
    return mesh


def eye_of(mesh, picture, eye=LEFT_EYE):
    other = RIGHT_EYE if eye is LEFT_EYE else LEFT_EYE
    shape = measure_eye(mesh, eye, (SIDE, SIDE), eye_width(mesh, other))
    left, top, right, bottom = shape.box
    return np.ascontiguousarray(picture[top:bottom, left:right]), shape


@pytest.mark.parametrize("share", [0.07, 0.11])
def test_a_lower_lid_that_the_mesh_sees_too_high_is_found(share):
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    picture = draw_face(points, picture=SIDE)
    _, true = eye_of(points, picture)
    patch, shape = eye_of(raised(points, share), picture)
    found = with_seen_lower_lid(patch, shape)
    places = np.linspace(-0.3, 0.3, 7)

    def lower(one):
        order = np.argsort(one.u, axis=None)
        return np.interp(places, one.u.ravel()[order], one.lower.ravel()[order])

    assert lower(found) == pytest.approx(lower(true), abs=0.03)
    assert found.openness == pytest.approx(true.openness, abs=0.06)


def test_a_lower_lid_that_the_mesh_sees_well_stays_where_it_is():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    patch, shape = eye_of(points, draw_face(points, picture=SIDE))
    assert with_seen_lower_lid(patch, shape) is shape


def test_a_shaded_bag_below_the_eye_is_no_eyeball():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    picture = draw_face(points, picture=SIDE).astype(np.float32)
    ring = points[list(LEFT_EYE.lower), :2]
    bag = np.zeros((SIDE, SIDE), np.float32)
    outline = np.r_[ring + np.array([0, 1]), (ring + np.array([0, 8]))[::-1]]
    cv2.fillPoly(bag, [np.round(outline).astype(np.int32)], 1.0)
    bag = cv2.GaussianBlur(bag, (0, 0), 2.0)[..., None]
    picture = (picture * (1 - 0.3 * bag)).astype(np.uint8)
    patch, shape = eye_of(points, picture)
    moved = with_seen_lower_lid(patch, shape).lower - shape.lower
    assert moved.max() < 0.02


def test_a_shut_eye_shows_nothing_below_the_lid_that_the_mesh_sees_too_high():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    picture = draw_face(points, picture=SIDE, lashes=(120, 90, 80))
    shut = picture.copy()
    EyeLayer(picture, raised(points, 0.1)).apply(shut, (1.0, 1.0), (0.0, 0.0), 0.0)
    x, y = points[list(LEFT_EYE.lower), :2][4]
    strip = np.s_[round(y) - 4 : round(y) - 1, round(x) - 12 : round(x) + 13]
    light = picture[strip].min(-1) > 220
    assert light.any()  # the white of the drawn eye
    assert shut[strip].min(-1).max() < SKIN.max()


def test_the_white_behind_a_raised_lid_has_nothing_of_lashes_and_rim():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    patch, shape = eye_of(points, draw_face(points, picture=SIDE, lashes=(15, 10, 10)))
    drawn = IrisMotion(patch, shape).draw(patch, (0.0, 0.0), widened=0.1 * shape.size)
    beside = np.hypot(*(np.indices(shape.u.shape)[::-1] - np.reshape(shape.iris[:2], (2, 1, 1))))
    above = (shape.v < shape.upper + 0.06) & (shape.v > shape.upper - 0.08)
    above &= (beside > 1.2 * shape.iris[2]) & (np.abs(shape.u) < 0.36)
    assert np.percentile(drawn.mean(0)[above], 5) > 0.6 * 238


def test_the_shade_of_the_lower_lid_is_no_line_across_an_eye_that_opens_wide():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    picture = draw_face(points, picture=SIDE)
    rim = [np.round(points[list(LEFT_EYE.lower), :2] * 16).astype(np.int32)]
    cv2.polylines(picture, rim, False, (60, 30, 30), 3, cv2.LINE_AA, 4)
    wide = picture.copy()
    tension = LidTension(wide=1.0)
    EyeLayer(picture, points).apply(wide, (0.0, 0.0), (0.0, 0.0), 0.0, (tension, tension))
    _, shape = eye_of(points, picture)
    left, top, right, bottom = shape.box
    inside = (shape.v > shape.upper + 0.2) & (shape.v < shape.lower - 0.06)
    inside &= np.abs(shape.u) < 0.4
    darker = picture.astype(int) - wide
    assert darker[top:bottom, left:right][inside].max() < 25


def behind_hair(points, *, above=1, lashes=(40, 25, 25)):
    """Hair that ends so many pixels above the margin."""
    picture = draw_face(points, picture=SIDE, lashes=lashes)
    for eye in (LEFT_EYE, RIGHT_EYE):
        edge = points[list(eye.upper), :2]
        fringe = np.r_[edge - np.array([0, above]), [[edge[-1, 0], 0], [edge[0, 0], 0]]]
        cv2.fillPoly(picture, [np.round(fringe).astype(np.int32)], (45, 38, 34))
    return picture


def test_an_eye_behind_hair_does_not_jump_when_its_lid_begins_to_move():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    picture = behind_hair(points, above=6, lashes=(10, 5, 5))
    for closure, gaze in ((0.002, 0.0), (0.0, 0.4)):
        frame = picture.copy()
        EyeLayer(picture, points).apply(frame, (closure, closure), (gaze, gaze), 0.0)
        changed = np.abs(frame.astype(int) - picture).max(-1) > 8
        assert changed.sum() < 350, "more than 600 where lashes become faint at once"


def test_the_shade_on_an_eyeball_does_not_jump_when_a_lid_begins_to_rise():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    patch, shape = eye_of(points, draw_face(points, picture=SIDE, lashes=(15, 10, 10)))
    irises = IrisMotion(patch, shape)
    aside = irises.shift((5.0, 0.0))
    drawn = [irises.draw(patch, aside, widened=widened) for widened in np.arange(0, 0.5, 0.05)]
    assert np.abs(np.diff(drawn, axis=0)).max() < 12


def test_lashes_of_an_eye_behind_hair_are_faint():
    points = eye_points(WIDTH, OPENING, picture=SIDE)
    lines = {}
    for hair in (False, True):
        picture = behind_hair(points) if hair else draw_face(points, picture=SIDE)
        patch, shape = eye_of(points, picture)
        skin = sample_lid_skin(picture, points, shape)
        drawn = Eyelids(patch, shape, skin).draw(patch, patch.transpose(2, 0, 1) * 1.0, 1.0, 0.0)
        line = np.abs(shape.u) < 0.3
        lid = drawn.mean(0)[line & (shape.v < shape.lower - 0.1) & (shape.v > shape.upper)]
        lines[hair] = (
            1 - float(drawn.mean(0)[line & (shape.v > shape.lower - 0.1)].min()) / lid.mean()
        )
    assert lines[False] > 0.5
    assert lines[True] < 0.7 * lines[False]
