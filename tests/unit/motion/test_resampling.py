import numpy as np
import pytest

from sadtalker_ext.curves import smooth
from sadtalker_ext.motion.resampling import resample
from sadtalker_ext.types import Motion

NAMES = ("jaw", "press", "brow")


def track(frames=250, seed=0):
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 25
    controls = np.zeros((frames, 3), np.float32)
    controls[:, 0] = 0.5 + 0.4 * np.sin(2 * np.pi * 3 * time)
    shut = rng.choice(frames, max(1, frames // 12), replace=False)
    controls[shut, 1] = 1
    controls[shut, 0] = 0
    blink = np.zeros((frames, 2), np.float32)
    for at in range(5, frames - 6, 60):
        blink[at : at + 5] = np.array([0.45, 1, 1, 0.65, 0.25])[:, None]
    head = np.stack([5 * np.sin(time), 3 * np.cos(time), 2 * np.sin(2 * time)], axis=1)
    return Motion(
        fps=25.0,
        head=head.astype(np.float32),
        lids=blink,
        gaze=rng.normal(0, 1, (frames, 2)).astype(np.float32),
        controls=controls,
        names=NAMES,
    )


def runs(values):
    closed = np.concatenate([[False], values >= 0.999, [False]])
    return np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2)


@pytest.mark.parametrize("fps", [10.0, 12.5, 15.0, 23.976, 24.0, 29.97, 30.0, 50.0, 60.0])
def test_every_closure_and_blink_survives(fps):
    given = track()
    found = resample(given, fps)
    assert found.fps == fps
    assert len(found) == round(250 * fps / 25)
    for source, target in (
        (given.control("press"), found.control("press")),
        (given.lids[:, 0], found.lids[:, 0]),
    ):
        for first, end in runs(source):
            low = max(0, int(first / 25 * fps) - 1)
            assert target[low : int(np.ceil(end / 25 * fps)) + 1].max() == 1
    shut = found.control("press") == 1
    assert not found.jaw[shut].any()
    assert not found.control("jaw")[shut].any()


def test_the_head_stays_where_it_was_in_time():
    given = track()
    found = resample(given, 60.0)
    times = (np.arange(len(found)) + 0.5) / 60 - 0.02
    inner = slice(10, -10)
    np.testing.assert_allclose(found.head[inner, 0], 5 * np.sin(times)[inner], atol=0.01)


def test_same_rate_changes_nothing():
    given = track()
    assert resample(given, 25.0) is given


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_shortest_tracks(frames):
    found = resample(track(frames), 60.0, frames=4)
    assert len(found) == 4
    assert np.isfinite(found.head).all()


def test_smoothing_keeps_constants_and_shapes():
    np.testing.assert_allclose(smooth(np.full(3, 2.0, np.float32), 5), 2.0, rtol=1e-6)
    assert smooth(np.zeros((7, 2), np.float32), 2.0).shape == (7, 2)
    assert smooth(np.zeros(0, np.float32), 2.0).shape == (0,)
    spike = np.zeros(101, np.float32)
    spike[50] = 1
    assert smooth(spike, 3.0).sum() == pytest.approx(1, abs=1e-5)
