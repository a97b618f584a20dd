"""Mouth shapes at the times of any video's frames."""

import numpy as np
import pytest

from sadtalker_ext.motion.at_times import controls_at
from sadtalker_ext.motion.controls import CONTROLS, JAW, PRESS
from sadtalker_ext.types import Motion


def motion(controls):
    frames = len(controls)
    zero = np.zeros((frames, 2), np.float32)
    return Motion(
        fps=25.0,
        head=np.zeros((frames, 3), np.float32),
        lids=zero,
        gaze=zero,
        controls=controls,
        names=CONTROLS,
    )


def rows(frames=50):
    controls = np.zeros((frames, len(CONTROLS)), np.float32)
    controls[:, JAW] = 0.5 + 0.4 * np.sin(np.arange(frames) / 3)
    for at in (7, 20, 33):
        controls[at, PRESS], controls[at, JAW] = 1.0, 0.0
    return controls


def test_the_same_rate_gives_the_same_rows():
    given = rows()
    times = (np.arange(50) + 0.5) / 25
    np.testing.assert_allclose(controls_at(motion(given), times), given, atol=1e-5)


@pytest.mark.parametrize("fps", [10, 15, 23.976, 29.97, 50, 60])
def test_every_closure_is_whole_at_any_rate(fps):
    times = (np.arange(int(2 * fps)) + 0.5) / fps
    found = controls_at(motion(rows()), times)
    closed = np.flatnonzero(found[:, PRESS] >= 0.999)
    for at in (7, 20, 33):
        nearest = np.abs(times[closed] - (at + 0.5) / 25).min()
        assert nearest <= 0.5 / fps + 0.02
    assert np.all(found[closed, JAW] == 0)


def test_uneven_frames():
    times = np.sort(np.random.default_rng(0).uniform(0, 2, 31))
    found = controls_at(motion(rows()), times)
    assert (found[:, PRESS] >= 0.999).sum() >= 3


def test_at_rest_before_and_behind():
    found = controls_at(motion(rows()), np.array([-1.0, -0.03, 1.0, 2.03, 5.0]))
    assert not found[[0, 1, 3, 4]].any()
    assert found[2].any()
