"""Faces that a person placed: the mesh goes through the points, in the shape of a face."""

import dataclasses

import numpy as np
import pytest

from sadtalker_ext.portrait import topology
from sadtalker_ext.portrait.find import find_face, find_faces
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.portrait.mean_face import mean_face
from sadtalker_ext.portrait.placed import mesh_of_68, mesh_through, shares_of
from sadtalker_ext.shot.upright import upright
from sadtalker_ext.types import Picture
from tests.support.odd_faces import SIDE, odd_faces

SIZE = (SIDE, SIDE)


class NobodySeen:
    """Face models that see nothing."""

    class detector:  # noqa: N801  an attribute of the real ones
        @staticmethod
        def levels(picture):
            return iter([[]])


@pytest.fixture(scope="module")
def odd():
    return odd_faces()


def folded(mesh):
    """How many triangles of the front are turned over."""
    corners = mesh[topology.triangles(), :2]
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return int((one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0] < 0).sum())


def test_the_mean_face_is_even_and_its_lips_touch():
    face = mean_face()
    upper, lower = (
        face[list(one)] for one in (topology.LIPS_INNER_UPPER, topology.LIPS_INNER_LOWER)
    )
    np.testing.assert_array_equal(upper, lower)
    for left, right in ((33, 263), (61, 291), (234, 454), (105, 334)):
        np.testing.assert_allclose(face[left] * [-1, 1, 1], face[right], atol=1e-5)
    assert face[list(topology.IRIS_LEFT), 0].max() < 0 < face[list(topology.IRIS_RIGHT), 0].min()
    assert folded(face) <= 14, "as many as the nostrils hide"


def test_the_mesh_goes_through_every_point(odd):
    for one in odd:
        mesh = mesh_through(one.points, SIZE, None)
        found = shares_of(mesh, SIZE)
        away = [np.hypot(*np.subtract(found[name], one.points[name])) for name in one.points]
        assert max(away) < 0.004, (one.name, dict(zip(one.points, away, strict=True)))
        assert np.isfinite(mesh).all()
        assert mesh[topology.LIPS_INNER_UPPER[5], 1] == pytest.approx(
            mesh[topology.LIPS_INNER_LOWER[5], 1], abs=0.5
        )
        # some of the nose is always hidden; a frog's eyes stand above its forehead
        assert folded(mesh) < (45 if one.name == "frog" else 30), one.name


def test_four_points_are_enough(odd):
    points = {
        name: odd[0].points[name]
        for name in ("left_eye_outer", "right_eye_outer", "mouth_left", "mouth_right")
    }
    mesh = mesh_through(points, SIZE, None)
    assert folded(mesh) <= 14
    np.testing.assert_allclose((mesh[33, :2] + 0.5) / SIDE, points["left_eye_outer"], atol=0.004)


def test_an_open_mouth_has_its_lips_apart(odd):
    x, y = odd[0].points["mouth_middle"]
    points = {**odd[0].points, "mouth_middle": (x, y - 0.01), "mouth_bottom": (x, y + 0.02)}
    mesh = mesh_through(points, SIZE, None)
    gap = mesh[topology.LIP_MIDDLE_LOWER, 1] - mesh[topology.LIP_MIDDLE_UPPER, 1]
    assert gap == pytest.approx(0.03 * SIDE, abs=0.5)
    again = shares_of(mesh, SIZE)
    assert again["mouth_bottom"] == pytest.approx(points["mouth_bottom"], abs=0.002)
    rings = (topology.LIPS_INNER_LOWER, topology.LIPS_INNER_MIDDLE_LOWER,
             topology.LIPS_OUTER_MIDDLE_LOWER, topology.LIPS_OUTER_LOWER)  # fmt: skip
    assert np.all(np.diff([mesh[ring[5], 1] for ring in rings]) > 0), "the lip stays a lip"
    # a mouth that was found open and has no lower edge any more is closed
    closed = mesh_through({**points, "mouth_bottom": points["mouth_middle"]}, SIZE, mesh)
    assert abs(closed[14, 1] - closed[13, 1]) < 0.5


def test_unmoved_points_leave_a_found_mesh_as_it_is():
    rng = np.random.default_rng(0)
    found = mean_face() * 80 + [200, 210, 0] + rng.normal(0, 1.0, (478, 3))
    found = found.astype(np.float32)
    same = mesh_through(shares_of(found, SIZE), SIZE, found)
    np.testing.assert_allclose(same, found, atol=0.05)


def test_depth_and_turn_follow_the_points():
    angle, size = np.radians(20), 60.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    meant = mean_face().copy()
    meant[:, :2] = meant[:, :2] @ turn.T * size + [250, 240]
    meant[:, 2] *= size
    mesh = mesh_through(shares_of(meant, SIZE), SIZE, None)
    np.testing.assert_allclose(mesh, meant, atol=0.05)
    again = mesh_of_68(landmarks_68(meant), None)
    np.testing.assert_allclose(again, meant, atol=0.5)


def test_a_placed_face_is_the_only_one_and_needs_no_detector(odd):
    picture = dataclasses.replace(odd[0].picture, face_points=odd[0].points)
    (face,) = find_faces(picture, NobodySeen())
    assert face.count == 1 and face.index == 0
    assert find_face(picture, NobodySeen()).box == face.box
    assert upright(picture, lambda _: pytest.fail("nobody looks")) is None


def test_68_landmarks_place_a_face_too(odd):
    mesh = mesh_through(odd[1].points, SIZE, None)
    picture = dataclasses.replace(odd[1].picture, landmarks=landmarks_68(mesh))
    (face,) = find_faces(picture, NobodySeen())
    assert np.abs(face.points[:, :2] - mesh[:, :2]).mean() < 6


def test_a_picture_without_points_is_searched():
    assert find_faces(Picture(pixels=np.zeros((64, 64, 3), np.uint8), name="x"), NobodySeen()) == []
