"""Head amounts and free view for any engine."""

import numpy as np
import pytest

from sadtalker_ext.motion.plan import plan_motion
from sadtalker_ext.motion.view import beyond, scaled_head, view_path, with_view
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Performance
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import Motion

LIMITS = (10.0, 10.0, 10.0)


def track(frames=20):
    head = np.random.default_rng(0).normal(0, 2, (frames, 3)).astype(np.float32)
    return Motion(
        fps=25.0,
        head=head,
        lids=np.zeros((frames, 2), np.float32),
        gaze=np.zeros((frames, 2), np.float32),
        controls=np.zeros((frames, 1), np.float32),
        names=("jaw",),
    )


def test_defaults_leave_the_motion_itself():
    given = track()
    assert scaled_head(given, GenerateOptions(), LIMITS) is given
    assert with_view(given, GenerateOptions()) is given
    assert given.pose is given.head
    assert beyond(given, (0, 0, 0)) == ()


@pytest.mark.parametrize(("axis", "column"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_an_amount_scales_its_own_axis(axis, column):
    given = track()
    moved = scaled_head(given, GenerateOptions(**{f"head_{axis}": 0.5}), LIMITS)
    wanted = given.head.copy()
    wanted[:, column] *= 0.5
    np.testing.assert_allclose(moved.head, wanted, atol=1e-6)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("axis", "column"), [("yaw", 0), ("pitch", 1), ("roll", 2)])
def test_a_path_replaces_its_own_axis(axis, column, mirrored):
    given = track()
    moved = with_view(given, GenerateOptions(**{axis: "0, 8, -8"}), mirrored=mirrored)
    sign = -1 if mirrored and axis == "yaw" else 1
    np.testing.assert_allclose(moved.pose[:, column], sign * view_path([0, 8, -8], 20), atol=1e-6)
    others = [one for one in range(3) if one != column]
    np.testing.assert_array_equal(moved.pose[:, others], given.head[:, others])
    np.testing.assert_array_equal(moved.head, given.head)


def test_angles_an_engine_cannot_show_are_told():
    moved = with_view(track(), GenerateOptions(yaw="0 -30", pitch="5"))
    (warning,) = beyond(moved, LIMITS)
    assert "yaw path" in warning
    assert "within 10 degrees" in warning
    assert "found -2" in warning  # the end of the path itself is exclusive


def test_an_amount_never_leaves_the_limit():
    moved = scaled_head(track(), GenerateOptions(head_roll=2.0), (3, 3, 3))
    assert np.abs(moved.head).max() <= 3


def test_a_path_goes_before_still():
    options = GenerateOptions(yaw="0 8", still=True)
    performance = Performance(idle_seconds=2.0)
    plain = plan_motion(performance, options, 1, Progress(), None)
    moved = with_view(plain, options)
    assert not plain.head.any()
    assert moved.pose[-1, 0] == pytest.approx(8, abs=0.2)
    assert not moved.pose[:, 1:].any()
