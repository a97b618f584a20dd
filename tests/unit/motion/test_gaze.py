import numpy as np

from sadtalker_ext.motion.gaze import gaze_track, glances


def test_glances_are_small_and_often_meet_the_viewer():
    found = glances(600, np.random.default_rng(0))
    gaps = np.diff(found.starts)
    assert 1 < gaps.mean() < 3
    assert gaps.min() >= 0.49
    assert not found.targets[0].any()
    assert 0.3 < np.mean(~found.targets.any(axis=1)) < 0.6
    track = gaze_track(found, np.zeros((15000, 3), np.float32), 25.0)
    assert 1 < np.abs(track[:, 0]).max() <= 6


def test_eyes_turn_against_the_head():
    found = glances(0.1, np.random.default_rng(0))
    head = np.tile(np.array([4.0, -2.0, 0.0], np.float32), (10, 1))
    np.testing.assert_allclose(gaze_track(found, head, 25.0), np.tile([-2.0, 1.0], (10, 1)))


def test_jumps_take_two_frames():
    found = glances(60, np.random.default_rng(1))
    track = gaze_track(found, np.zeros((1500, 3), np.float32), 25.0)
    changing = np.abs(np.diff(track, axis=0)).max(axis=1) > 1e-6
    edges = np.flatnonzero(np.diff(np.concatenate([[0], changing, [0]]).astype(int)))
    assert (np.diff(edges)[::2] <= 2).all()
    wide = found.wide_jumps()
    assert wide == sorted(wide)
