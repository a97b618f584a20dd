"""The iris is measured in the picture: the mesh's circle is only where to look."""

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.eyes.eye_shape import LEFT_EYE, RIGHT_EYE, eye_width, measure_eye
from sadtalker_ext.engines.puppet.eyes.iris_circle import find_iris
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from tests.unit.engines.puppet.eyes.drawn_eyes import SKIN, draw_face, eye_points

SIDE, WIDTH, OPENING = 240, 60, 36
MESH_RADIUS = 0.21 * WIDTH


@pytest.fixture(scope="module")
def mesh():
    return eye_points(WIDTH, OPENING, picture=SIDE)


def drawn_with(mesh, size, across):
    """A face whose irises are `size` times as large as the mesh's and lie beside them."""
    points = mesh.copy()
    for eye in (LEFT_EYE, RIGHT_EYE):
        centre = mesh[eye.iris[0], :2]
        rim = (mesh[list(eye.iris), :2] - centre) * size
        points[list(eye.iris), :2] = centre + rim + [across * MESH_RADIUS, 0]
    return draw_face(points, picture=SIDE)


@pytest.mark.parametrize(("size", "across"), [(1.0, 0.0), (1.3, 0.0), (1.2, 0.3), (0.85, -0.25)])
def test_the_circle_of_the_picture_is_found(mesh, size, across):
    picture = drawn_with(mesh, size, across)
    shape = measure_eye(mesh, LEFT_EYE, (SIDE, SIDE), eye_width(mesh, RIGHT_EYE))
    left, top, right, bottom = shape.box
    x, _, radius = find_iris(picture[top:bottom, left:right], shape)
    assert radius / MESH_RADIUS == pytest.approx(size, abs=0.09)
    assert (x - shape.iris[0]) / MESH_RADIUS == pytest.approx(across, abs=0.09)


def test_where_nothing_is_seen_the_mesh_is_believed(mesh):
    shape = measure_eye(mesh, LEFT_EYE, (SIDE, SIDE), eye_width(mesh, RIGHT_EYE))
    left, top, right, bottom = shape.box
    plain = np.full((bottom - top, right - left, 3), SKIN, np.uint8)
    assert find_iris(plain, shape) == pytest.approx(shape.iris)


def test_no_piece_of_a_large_iris_stays_behind(mesh):
    picture = drawn_with(mesh, 1.3, -0.2)
    looking = picture.copy()
    EyeLayer(picture, mesh).apply(looking, (0.0, 0.0), (16.0, 0.0), 0.0)
    for eye in (LEFT_EYE, RIGHT_EYE):
        x, y = mesh[eye.iris[0], :2]
        # the outer border of the drawn iris, and a little inside of it
        old = slice(round(x - 1.4 * MESH_RADIUS), round(x - 1.1 * MESH_RADIUS))
        rows = slice(round(y - 3), round(y + 4))
        assert picture[rows, old].mean() < 120
        assert looking[rows, old].mean() > 200
