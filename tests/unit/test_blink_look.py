"""The measures of a blink's look see the defects they are for."""

import cv2
import numpy as np
import pytest

from benchmarks.blink_look import (
    FAINT,
    colour_distance,
    eye_view,
    measure_lids,
    new_edges,
    seams,
    shut_for_certain,
)
from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from tests.unit.engines.puppet.eyes.drawn_eyes import SKIN, draw_face, eye_points

SIDE = 400


@pytest.fixture(scope="module")
def points():
    return eye_points(80, 32, picture=SIDE)


@pytest.fixture(scope="module")
def face(points):
    return draw_face(points, picture=SIDE)


@pytest.fixture(scope="module")
def view(points):
    return eye_view(points, LEFT_EYE)


def patched(points, colour, height=22):
    """Paint a lid with a hard edge over the eye and the skin above it."""
    picture = draw_face(points, picture=SIDE)
    upper, lower = (points[list(ids), :2] for ids in (LEFT_EYE.upper, LEFT_EYE.lower))
    outline = np.concatenate([upper - [0, height], lower[::-1]])
    cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], colour)
    return picture


def shut(points):
    return patched(points, tuple(int(one) for one in SKIN), height=4)


def test_the_same_picture_has_no_new_edge(face, view):
    assert new_edges(view.of(face), view.of(face), view.above, FAINT) == 0


def test_a_painted_patch_has_new_edges(face, points, view):
    pale = view.of(patched(points, (245, 225, 215)))
    assert new_edges(view.of(face), pale, view.above) > 0.02


def test_a_patch_of_low_contrast_is_a_faint_edge(face, points, view):
    near = view.of(patched(points, tuple(int(one) - 6 for one in SKIN)))
    assert new_edges(view.of(face), near, view.above) == 0
    assert new_edges(view.of(face), near, view.above, FAINT) > 0.02


def test_a_lid_that_is_not_whole_has_seams(face, points, view):
    assert seams(view.of(shut(points)), view) < 0.01
    assert seams(view.of(face), view) > 0.1  # the open eye


def test_a_pale_lid_is_far_from_its_surroundings(points, view):
    alike = colour_distance(view.of(shut(points)), view)
    pale = colour_distance(view.of(patched(points, (250, 240, 235), height=4)), view)
    assert alike < 4
    assert pale > alike + 10


def test_the_control_shows_skin_and_a_line_in_place_of_the_eye(face, points, view):
    seen = view.of(shut_for_certain(face, points))
    assert colour_distance(seen, view) < 4
    assert view.of(face)[view.lid].max() > 230  # the white of the eye
    assert seen[view.lid].max() < 220
    assert seen.min() < 60


@pytest.mark.parametrize("roll_deg", [0.0, 20.0])
def test_the_eye_is_upright_and_of_one_size_in_its_view(roll_deg):
    points = eye_points(50, 20, picture=300, roll_deg=roll_deg)
    matrix = eye_view(points, LEFT_EYE).matrix
    ends = points[[LEFT_EYE.upper[0], LEFT_EYE.upper[-1]], :2]
    places = np.c_[ends, np.ones(2)] @ matrix.T
    assert np.allclose(places[:, 1], 0.62 * 160, atol=0.5)
    assert np.allclose(sorted(places[:, 0]), [36, 124], atol=0.5)


def test_a_drawn_face_passes(face, points):
    row = measure_lids(face, points)
    assert row["edges"] <= 0.001
    assert row["faint"] <= 0.01
    assert row["seams"] <= 0.01
    assert row["seen"] <= 0.02
    assert row["seen_apart"] <= 0.1
    assert row["lash_share"] < 0.25
    assert row["warnings"] == []


@pytest.fixture(scope="module")
def seen(face, view):
    """What is seen of the left eye in a picture of the same face."""
    eye = view.eye_in(view.of(face))
    return lambda picture: eye.share(view.of(picture))


@pytest.fixture(scope="module")
def closed_by(face, view):
    """How far the left upper lid has come down in a picture of the same face."""
    eye = view.eye_in(view.of(face))
    return lambda picture: eye.closure(view.of(picture))


def lids_down(face, points, share):
    """Skin over the upper part of both openings, with a dark line along its edge."""
    picture = face.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        upper, lower = points[list(eye.upper), :2], points[list(eye.lower), :2]
        edge = upper + share * (lower - upper)
        outline = np.concatenate([upper - [0, 3], edge[::-1]])
        cv2.fillPoly(picture, [np.round(outline).astype(np.int32)], [int(one) for one in SKIN])
        cv2.polylines(picture, [np.round(edge).astype(np.int32)], False, (40, 25, 25), 3)
    return picture


def test_the_open_eye_is_seen_whole(face, seen):
    assert seen(face) == 1.0


def test_nothing_is_seen_of_an_eye_that_is_shut_for_certain(face, points, seen):
    assert seen(shut_for_certain(face, points)) < 0.02


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_a_lid_that_stops_on_its_way_leaves_the_rest_seen(face, points, seen, share):
    assert seen(lids_down(face, points, share)) == pytest.approx(1 - share, abs=0.12)


def test_a_lid_that_stops_short_is_not_shut(face, points, seen):
    """A slit of a fifth of the opening: more than any lid of the product may leave."""
    assert seen(lids_down(face, points, 0.8)) > 0.05
    assert seen(lids_down(face, points, 1.0)) < 0.02


def test_the_product_shuts_both_eyes_of_a_drawn_face(face, points, seen):
    shut, half = face.copy(), face.copy()
    layer = EyeLayer(face, points)
    layer.apply(shut, (1.0, 1.0), (0.0, 0.0), 0.0)
    layer.apply(half, (0.5, 0.5), (0.0, 0.0), 0.0)
    assert seen(shut) < 0.02
    assert 0.3 < seen(half) < 0.7


def test_nothing_is_said_of_an_eye_that_looks_like_skin(points, view):
    skin = view.of(shut(points))
    eye = view.eye_in(skin)
    assert eye.share(skin) is None
    assert eye.closure(skin) is None


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5])
def test_the_way_of_the_lid_is_measured_by_pixels(face, points, closed_by, share):
    assert closed_by(lids_down(face, points, share)) == pytest.approx(share, abs=0.1)


def test_the_two_lids_of_the_product_come_down_together(face, points):
    half = face.copy()
    EyeLayer(face, points).apply(half, (0.4, 0.4), (0.0, 0.0), 0.0)
    views = [eye_view(points, eye) for eye in (LEFT_EYE, RIGHT_EYE)]
    ways = [view.eye_in(view.of(face)).closure(view.of(half)) for view in views]
    assert ways[0] == pytest.approx(0.4, abs=0.1)
    assert ways[0] == pytest.approx(ways[1], abs=0.05)
