"""Which frames are shown where speech and video are not equally long."""

from fractions import Fraction

import numpy as np
import pytest

from sadtalker_ext.dubbing.schedule import plan_frames, scheduled
from sadtalker_ext.inputs.footage import Footage
from tests.support.footage import write_footage
from tests.support.media import moving_frames

BASE, RATE = Fraction(1, 1000), Fraction(25)
STAMPS = np.arange(10) * 40 + 500


def plan(seconds, length, **more):
    return plan_frames(STAMPS, BASE, RATE, seconds, length, **more)


def test_equal_lengths_change_nothing():
    found = plan(0.4, "hold")
    assert found.source.tolist() == list(range(10))
    assert found.pts.tolist() == list(range(0, 400, 40))
    assert (found.seconds, found.told) == (Fraction(2, 5), "")


@pytest.mark.parametrize(
    ("length", "tail"),
    [("hold", [9, 9, 9, 9, 9]), ("loop", [8, 7, 6, 5, 4]), ("cut", [])],
)
def test_longer_speech(length, tail):
    found = plan(0.6, length)
    assert found.source.tolist() == [*range(10), *tail]
    assert np.all(np.diff(found.pts) == 40)
    assert "speech" in found.told
    assert float(found.seconds) == pytest.approx(0.04 * (10 + len(tail)))


def test_a_loop_goes_back_and_forth():
    found = plan(1.2, "loop")
    assert found.source[9:29].tolist() == [9, *range(8, -1, -1), *range(1, 10), 8]


@pytest.mark.parametrize(("length", "frames"), [("hold", 10), ("loop", 10), ("cut", 5)])
def test_shorter_speech(length, frames):
    found = plan(0.2, length)
    assert len(found.source) == frames
    assert "speech" in found.told


def test_one_frame_held():
    found = plan(0.2, "hold", static=True)
    assert found.source.tolist() == [0] * 5


def test_frames_come_in_any_order(tmp_path):
    path = write_footage(tmp_path / "a.mp4", list(moving_frames(12)))
    footage = Footage(path)
    stamps = np.array([frame.pts for frame in footage.frames()])
    wanted = np.array([*range(12), 10, 9, 8, 7, 6, 7, 8, 8, 8, 8])
    found = list(scheduled(footage, stamps, wanted))
    assert [frame.number for frame in found] == wanted.tolist()
    levels = [float(frame.planes.y.mean()) for frame in found]
    assert levels == [levels[number] for number in wanted]
    # each is its own to be drawn on
    assert len({id(frame.planes.y) for frame in found}) == len(found)
