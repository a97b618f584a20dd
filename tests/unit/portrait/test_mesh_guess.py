"""Faces looked for in the next frame meanwhile: a good guess counts, a bad one does not."""

import threading

import cv2
import numpy as np

from sadtalker_ext.planes import Colours, Planes
from sadtalker_ext.portrait.find import find_face
from sadtalker_ext.portrait.mesh import FaceMesh
from sadtalker_ext.portrait.mesh_guess import GuessedMeshes
from sadtalker_ext.portrait.region import Region
from sadtalker_ext.portrait.scene import SceneFollower


def planes_of(picture):
    height, width = picture.shape[:2]
    packed = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).ravel()
    luma, u, v = np.split(packed, [height * width, height * width * 5 // 4])
    half = (height // 2, width // 2)
    return Planes(luma.reshape(height, width), u.reshape(half), v.reshape(half), Colours())


class Mesher:
    """Finds every face in the middle of the square; remembers who asked for which square."""

    def __init__(self):
        self.asked = []

    def refine(self, picture, region):
        self.asked.append((threading.current_thread(), region))
        points = np.full((478, 3), 0, np.float32)
        points[:, :2] = (region.x, region.y)
        return FaceMesh(points=points, score=1.0)


def test_a_good_guess_is_taken_and_a_bad_one_is_looked_for_again():
    planes = planes_of(np.full((200, 300, 3), 90, np.uint8))
    mesher = Mesher()
    guessed = GuessedMeshes(mesher)
    right = Region(x=150, y=100, side=100)
    assert not guessed.go_on()
    guessed.begin(0, planes, Region(x=151, y=101, side=101))
    guessed.begin(1, planes, Region(x=130, y=100, side=100))
    guessed.begin(2, planes, right)
    assert guessed.go_on()
    near, far = (guessed.mesh(track, planes, right).points[0, :2] for track in (0, 1))
    np.testing.assert_allclose(near, (151, 101), atol=0.01)
    np.testing.assert_allclose(far, (150, 100), atol=0.01)
    assert not guessed.go_on()  # the third one was lost, and is not the next frame's
    guessed.close()
    here = [thread is threading.main_thread() for thread, _ in mesher.asked]
    assert here.count(True) == 1
    assert here.count(False) >= 2


def test_after_a_bad_guess_there_is_a_pause():
    planes = planes_of(np.full((200, 300, 3), 90, np.uint8))
    mesher = Mesher()
    guessed = GuessedMeshes(mesher)
    right, wrong = Region(x=150, y=100, side=100), Region(x=170, y=100, side=100)
    looked = []
    for number in range(16):
        looked.append(guessed.go_on())
        guessed.mesh(0, planes, right)
        if not looked[-1]:
            guessed.begin(0, planes, right if number else wrong)
    guessed.close()
    # one bad guess, six frames without any, and every second frame from then on
    assert looked == [False, True, *[False] * 7, *[True, False] * 3, True]


def test_frames_given_ahead_show_the_same_faces(portrait, models):
    """A head that goes to the right and nods."""
    points = find_face(portrait, models).points[:, :2]
    middle, side = points.mean(0), float(np.ptp(points[:, 1]))
    frames = []
    for number in range(7):
        way = np.float32([[0.7, 0, 160 + 4 * number - 0.7 * middle[0]],
                          [0, 0.7, 150 + 2 * np.sin(number) - 0.7 * middle[1]]])  # fmt: skip
        frames.append(planes_of(cv2.warpAffine(portrait.pixels, way, (360, 300))))
    found = []
    for guessed in (False, True):
        follower = SceneFollower(models)
        nexts = [*frames[1:], None] if guessed else [None] * len(frames)
        seen = [
            follower(one, cut=not number, after=after)
            for number, (one, after) in enumerate(zip(frames, nexts, strict=True))
        ]
        follower.close()
        assert [[(one.person, one.track) for one in faces] for faces in seen] == [[(0, 0)]] * 7
        found.append(np.stack([faces[0].points[:, :2] for faces in seen]))
    apart = np.linalg.norm(found[0] - found[1], axis=-1).mean(1) / (0.7 * side)
    assert apart.max() < 0.006  # as far as a square moved by a pixel moves the points
    assert np.abs(apart[1:]).max() > 0  # and they were not looked for in the same squares
