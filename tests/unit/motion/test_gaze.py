import numpy as np

from sadtalker_ext.motion.acts import Look
from sadtalker_ext.motion.gaze import gaze_track, wide_jumps

STILL = np.zeros((100, 3), np.float32)


def test_eyes_turn_against_the_head():
    head = np.tile(np.array([4.0, -2.0, 0.0], np.float32), (10, 1))
    track = gaze_track([Look(0.0, 0.0, 0.0)], head, 25.0)
    np.testing.assert_allclose(track, np.tile([-2.2, 1.1], (10, 1)), atol=1e-5)


def test_a_jump_lands_on_its_look_within_two_frames_and_stays():
    track = gaze_track([Look(0.0, 0.0, 0.0), Look(1.01, 6.0, -3.0)], STILL, 25.0)
    assert not track[:25].any()
    np.testing.assert_allclose(track[27:], np.tile([6.0, -3.0], (73, 1)), atol=1e-5)
    changing = np.abs(np.diff(track[:, 0])) > 1e-6
    assert changing.sum() <= 3


def test_larger_jumps_take_longer():
    """The main sequence: 2 degrees are over within a frame, 16 are not."""
    small = gaze_track([Look(1.0, 1.0, 0.0)], STILL, 25.0)[:, 0]
    large = gaze_track([Look(1.0, 8.0, 0.0)], STILL, 25.0)[:, 0]
    assert small[25] / 1.0 > large[25] / 8.0


def test_eyes_never_roll_out_of_sight():
    track = gaze_track([Look(0.0, 40.0, -40.0)], STILL, 25.0)
    assert np.abs(track).max() <= 9


def test_wide_jumps_are_told_in_order():
    looks = [Look(0.0, 0, 0), Look(1.0, 5, 0), Look(2.0, 4, 0), Look(3.0, -3, 0)]
    assert wide_jumps(looks) == [1.0, 3.0]
