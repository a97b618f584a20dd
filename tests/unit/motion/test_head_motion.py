import numpy as np

from sadtalker_ext.motion.acts import Phrase, Posture, plan_acts
from sadtalker_ext.motion.head_motion import LARGEST, head_track, limited
from sadtalker_ext.speech.accents import Accent


def track(accents=(), postures=(), seconds=20, semitones=None, seed=0):
    frames = seconds * 25
    return head_track(
        frames,
        25.0,
        postures=postures,
        accents=accents,
        semitones=np.zeros(frames, np.float32) if semitones is None else semitones,
        breath=np.zeros(frames, np.float32),
        rng=np.random.default_rng(seed),
    )


def test_head_moves_smoothly_from_the_pose_of_the_picture():
    for seed in range(10):
        accents = [Accent(float(time), 1.0, 0.5) for time in np.arange(0.5, 20, 0.5)]
        phrases = [Phrase(0.0, 9.0, spoken=True), Phrase(9.5, 20.0, spoken=True)]
        acts = plan_acts(phrases, accents, np.random.default_rng(seed))
        head = limited(track(accents, acts.postures, seed=seed))
        assert not head[0].any()
        speed = np.diff(head, axis=0) * 25
        acceleration = np.diff(head, n=2, axis=0) * 625
        assert np.abs(speed).max() < 75  # degrees per second
        assert np.abs(acceleration).max() < 900


def test_a_posture_is_reached_when_it_should_be():
    there = track(postures=[Posture(5.0, 0.5, np.array([6.0, -2.0, 3.0]))]) - track()
    assert np.abs(there[:120]).max() < 0.05
    np.testing.assert_allclose(there[140], [6.0, -2.0, 3.0], atol=0.05)
    np.testing.assert_allclose(there[-1], [6.0, -2.0, 3.0], atol=0.05)


def test_an_accent_nods_down():
    plain, nodding = track(), track([Accent(10.0, 1.0, 0.0)])
    # the same random numbers except for the nod itself
    moved = (nodding - plain)[:, 1]
    assert 0.7 < moved.max() < 4
    assert abs(int(moved.argmax()) - 250) <= 2


def test_a_high_voice_lifts_the_head():
    high = np.zeros(500, np.float32)
    high[200:300] = 5
    assert (track(semitones=high) - track())[250, 1] < -0.5


def test_angles_are_limited():
    wild = np.random.default_rng(0).normal(0, 30, (100, 3)).astype(np.float32)
    assert (np.abs(limited(wild)) <= LARGEST).all()
    small = np.full((1, 3), 0.5, np.float32)
    np.testing.assert_allclose(limited(small), small, atol=0.01)
