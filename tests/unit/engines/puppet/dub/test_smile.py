"""A dubbed mouth keeps the smile with which it was filmed, and nothing of what it said."""

from types import SimpleNamespace

import numpy as np
import pytest

from sadtalker_ext.engines.base import DubFrame
from sadtalker_ext.engines.puppet.dub.dubber import PuppetDubbing
from sadtalker_ext.engines.puppet.dub.smile import LEFT, RIGHT, FilmedSmile
from sadtalker_ext.engines.puppet.dub.speaking import SpeakingFace
from sadtalker_ext.motion.controls import rest
from sadtalker_ext.portrait.filmed.habits import LOWER, UPPER, learn_habits
from sadtalker_ext.portrait.filmed.places import LOWER_LIP, UPPER_LIP
from sadtalker_ext.portrait.mean_face import mean_face

RATE = 25
LAUGH = range(40, 80)
SECOND_VOWEL = 20
CLOSED = {"press": 1.0}
TOP = np.setdiff1d(UPPER_LIP, LOWER_LIP)


def spread(mesh, share):
    """The lips stretched from their middle by a share of their width."""
    wider = mesh.copy()
    lips = sorted({*UPPER_LIP.tolist(), *LOWER_LIP.tolist()})
    middle = (mesh[LEFT, 0] + mesh[RIGHT, 0]) / 2
    wider[lips, 0] += share * (mesh[lips, 0] - middle)
    return wider


class Filmed:
    """A track of somebody who says a wide vowel for a moment, and laughs for seconds."""

    def __init__(self, mesh, raised=0.0):
        shares = np.zeros(120)
        shares[SECOND_VOWEL : SECOND_VOWEL + 2] = 0.25
        shares[LAUGH] = 0.25
        shares[100:] = -0.25
        self.meshes = [spread(mesh, share) for share in shares]
        for number in LAUGH:
            self.meshes[number][TOP, 1] -= raised

    def at(self, number):
        return SimpleNamespace(points=self.meshes[number])

    def near(self, number, seconds):
        numbers = np.arange(len(self.meshes))
        away = (numbers - number) / RATE
        return numbers[np.abs(away) <= seconds], away[np.abs(away) <= seconds]


@pytest.fixture(scope="module")
def person():
    mesh = 200 * mean_face()
    habits = learn_habits([mesh] * 3)
    return habits, FilmedSmile(Filmed(mesh), habits), mesh


def width(points):
    return float(points[RIGHT, 0] - points[LEFT, 0])


def test_a_laugh_stays_and_a_vowel_or_a_kiss_does_not(person):
    habits, smile, _ = person
    half = width(habits.own) / 2
    apart = [float(np.diff(smile.at(number)[:, 0])[0]) / 2 / half for number in (60, 20, 110)]
    assert apart == pytest.approx([0.25, 0.0, 0.0], abs=0.03)


def test_lips_of_a_smile_close_over_its_whole_width(person):
    habits, smile, mesh = person
    face, pose = SpeakingFace(habits), habits.pose(mesh)
    plain = face.place(pose, CLOSED)
    smiling = face.place(pose, CLOSED, smile.at(60))
    assert width(smiling) / width(plain) == pytest.approx(1.25, abs=0.04)
    assert (smiling[LOWER, 1] - smiling[UPPER, 1]).max() < 0.5
    still = np.setdiff1d(np.arange(478), [*UPPER_LIP, *LOWER_LIP])
    assert smiling[still] == pytest.approx(plain[still])


def test_a_smile_leaves_less_room_for_rounding(person):
    habits, smile, mesh = person
    face, pose = SpeakingFace(habits), habits.pose(mesh)
    lost = [
        width(face.place(pose, {}, way)) - width(face.place(pose, {"round": 1.0}, way))
        for way in (None, smile.at(60))
    ]
    assert 0 < lost[1] < 0.7 * lost[0]


def test_open_lips_of_a_smile_bare_the_upper_teeth(person):
    habits, smile, mesh = person
    face, pose = SpeakingFace(habits), habits.pose(mesh)

    def edge(controls, way=None):
        return float(face.place(pose, controls, way)[13, 1])

    opened, shut = {"jaw": 0.5}, {"jaw": 0.0}
    assert edge(opened, smile.at(60)) < edge(opened) - 1
    assert edge(shut, smile.at(60)) == pytest.approx(edge(shut), abs=0.01)


def test_the_upper_lip_of_a_laugh_stays_raised_but_where_lips_touch(person):
    habits, _, mesh = person
    raised = 0.2 * width(habits.own) / 2
    smile = FilmedSmile(Filmed(mesh, raised * habits.pose(mesh).scale), habits)
    assert smile.at(60)[2:, 1] == pytest.approx([-raised] * 2, rel=0.25)
    assert smile.at(10)[2:, 1] == pytest.approx([0, 0], abs=0.01)
    face, pose = SpeakingFace(habits), habits.pose(mesh)
    gaps = [
        float(np.subtract(*face.place(pose, controls, smile.at(60))[[14, 13], 1]))
        for controls in ({}, CLOSED)
    ]
    assert gaps[0] > 0.5 * raised * pose.scale
    assert gaps[1] < 0.5


def test_every_frame_is_drawn_with_its_own_smile():
    drawn = []

    class Mouth:
        def draw(self, planes, points, controls, skin, amount, smile):
            drawn.append(smile)

    seen = SimpleNamespace(points=None, skin=None, presence=1.0)
    dubbing = PuppetDubbing(
        track=SimpleNamespace(at=lambda number: seen),
        mouth=Mouth(),
        smile=SimpleNamespace(at=lambda number: number),
        lines=None,
    )
    dubbing.draw([DubFrame(None, number, rest(1)[0], 1.0) for number in (3, 5)])
    assert drawn == [3, 5]
