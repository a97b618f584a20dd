"""Teeth lie on an arch: a turned head shows more of the nearer side, and less of the other."""

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.dub.arch import arch_behind
from sadtalker_ext.portrait.filmed.habits import learn_habits
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.portrait.mean_face import mean_face

SHIFT = np.array([300, 200, 0], np.float32)


@pytest.fixture(scope="module")
def arch():
    return arch_behind(learn_habits([200 * mean_face()] * 3).own)


def turned(degrees):
    angle = np.radians(degrees)
    sine, cosine = np.sin(angle), np.cos(angle)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]], np.float32)
    return Pose(1.3, turn, SHIFT)


def row(arch):
    x = arch.middle + arch.half * np.linspace(-1, 1, 21, dtype=np.float32)
    return np.stack([x, np.full_like(x, 60)], 1)


@pytest.mark.parametrize("degrees", [-25, 0, 25])
def test_a_place_is_found_again(arch, degrees):
    pose, own = turned(degrees), row(arch)
    assert arch.undo(pose, arch.place(pose, own)) == pytest.approx(own, abs=0.05)


@pytest.mark.parametrize("degrees", [-20, 20])
def test_the_sides_lie_further_back(arch, degrees):
    sides, flat = [], []
    for pose in (turned(0), turned(degrees)):
        x = arch.place(pose, row(arch))[[0, 10, 20], 0]
        sides.append(x[1] - x[0] - (x[2] - x[1]))
        own = row(arch)[[0, 10, 20]]
        x = (own @ pose.flat(arch.depth)[:, :2].T)[:, 0]
        flat.append(x[1] - x[0] - (x[2] - x[1]))
    assert flat == pytest.approx([0, 0], abs=0.01)
    assert sides[0] == pytest.approx(0, abs=0.01)
    assert np.sign(sides[1]) == -np.sign(degrees)
    assert abs(sides[1]) > 5
