"""Head amounts and free view for any engine."""

import numpy as np
import pytest

from sadtalker_ext.engines.puppet.engine import PuppetEngine
from sadtalker_ext.motion.view import direct_head, view_path, view_paths
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MotionTrack


def track(frames=20):
    head = np.random.default_rng(0).normal(0, 2, (frames, 3)).astype(np.float32)
    return MotionTrack(
        fps=25.0,
        head=head,
        blink=np.zeros((frames, 2), np.float32),
        gaze=np.zeros((frames, 2), np.float32),
        jaw=np.zeros(frames, np.float32),
        controls=np.zeros((frames, 1), np.float32),
        names=("jaw",),
    )


def test_defaults_leave_the_track_itself():
    given = track()
    assert direct_head(given, GenerateOptions(), 10.0) is given


@pytest.mark.parametrize(("axis", "column"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_an_amount_scales_its_own_axis(axis, column):
    given = track()
    moved = direct_head(given, GenerateOptions(**{f"head_{axis}": 0.5}), 10.0)
    wanted = given.head.copy()
    wanted[:, column] *= 0.5
    np.testing.assert_allclose(moved.head, wanted, atol=1e-6)
    assert moved.warnings == ()


@pytest.mark.parametrize(("axis", "column"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_a_path_replaces_its_own_axis(axis, column):
    given = track()
    moved = direct_head(given, GenerateOptions(**{axis: "0, 8, -8"}), 10.0)
    np.testing.assert_allclose(moved.head[:, column], view_path([0, 8, -8], 20), atol=1e-6)
    others = [one for one in range(3) if one != column]
    np.testing.assert_array_equal(moved.head[:, others], given.head[:, others])
    assert moved.warnings == ()


def test_angles_an_engine_cannot_show_are_kept_within_its_limit_and_told():
    moved = direct_head(track(), GenerateOptions(yaw="0 -30", pitch="5"), 10.0)
    assert moved.head[:, 0].min() == -10
    assert (moved.head[:, 1] == 5).all()
    (warning,) = moved.warnings
    assert "yaw path" in warning
    assert "within 10 degrees" in warning
    assert "found -2" in warning  # the end of the path itself is exclusive


def test_an_amount_never_leaves_the_limit():
    moved = direct_head(track(), GenerateOptions(head_roll=2.0), 3.0)
    assert np.abs(moved.head).max() <= 3


def test_only_given_axes_have_a_path():
    assert view_paths(GenerateOptions(), 5) == {}
    assert set(view_paths(GenerateOptions(roll="3", yaw="0 1"), 5)) == {"roll", "yaw"}


def test_the_puppet_follows_the_path_too():
    engine = PuppetEngine(models=None)
    options = GenerateOptions(idle_seconds=2.0, yaw="0 25", still=True)
    moved = engine.move(None, None, options, Progress(), 1)
    assert moved.head[0, 0] == 0
    assert moved.head[-1, 0] == 10
    assert not moved.head[:, 1:].any()
    assert len(moved.warnings) == 1
    plain = engine.move(None, None, GenerateOptions(idle_seconds=2.0, still=True), Progress(), 1)
    np.testing.assert_array_equal(plain.controls, moved.controls)
    np.testing.assert_array_equal(plain.blink, moved.blink)
