import numpy as np
import pytest

from sadtalker_ext.portrait.follow import FaceFollower
from sadtalker_ext.portrait.mesh import FaceMesh
from tests.support.face_points import placed_mesh


class Detection:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Models:
    """Stand-ins that see faces at known places of a frame named by its number."""

    def __init__(self, faces):
        self.faces = faces
        self.detected = 0
        self.mesher = self

    def detector(self, frame):
        self.detected += 1
        return [Detection(x, y) for x, y in self.faces[int(frame[0, 0, 0])]]

    def __call__(self, frame, face):
        return FaceMesh(points=placed_mesh(scale=0.2, at=(face.x, face.y)), score=0.99)

    def refine(self, frame, region):
        for x, y in self.faces[int(frame[0, 0, 0])]:
            if np.hypot(region.x - x, region.y - y) < 40:
                return FaceMesh(points=placed_mesh(scale=0.2, at=(x, y)), score=0.95)
        return FaceMesh(points=placed_mesh(scale=0.2, at=(region.x, region.y)), score=0.1)


def places(faces, start=None):
    models = Models(faces)
    follower = FaceFollower(models, start)
    found = []
    for number in range(len(faces)):
        points = follower(np.full((8, 8, 3), number, np.uint8))
        found.append(None if points is None else tuple(np.rint(points[:, :2].mean(0)).astype(int)))
    return found, models.detected


def middle(x, y):
    return tuple(np.rint(placed_mesh(scale=0.2, at=(x, y))[:, :2].mean(0)).astype(int))


def test_a_face_is_detected_once_and_followed():
    faces = [[(100 + 5 * n, 80)] for n in range(6)]
    found, detected = places(faces)
    assert found == [middle(100 + 5 * n, 80) for n in range(6)]
    assert detected == 1


def test_the_largest_face_is_followed_unless_a_place_is_given():
    faces = [[(100, 80), (300, 90)]] * 3
    assert places(faces)[0] == [middle(100, 80)] * 3
    chosen, detected = places(faces, placed_mesh(scale=0.2, at=(302, 88)))
    assert chosen == [middle(300, 90)] * 3
    assert detected == 0


def test_a_lost_face_comes_back_where_it_was():
    faces = [[(300, 90), (100, 80)], [], [(110, 80), (350, 90)]]
    found, _ = places(faces, placed_mesh(scale=0.2, at=(300, 90)))
    assert found == [middle(300, 90), None, middle(350, 90)]


def test_no_face_at_all():
    assert places([[], []]) == ([None, None], 2)


@pytest.mark.parametrize("score", [0.2])
def test_a_detection_that_is_no_face_is_refused(score):
    models = Models([[(100, 80)]])
    unsure = FaceMesh(points=placed_mesh(scale=0.2), score=score)
    models.mesher = lambda frame, face: unsure
    assert FaceFollower(models)(np.zeros((8, 8, 3), np.uint8)) is None
