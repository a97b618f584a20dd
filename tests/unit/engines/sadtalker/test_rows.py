import numpy as np
import pytest

from sadtalker_ext.engines.sadtalker.reference import (
    add_reference_pose,
    reference_blink,
    repeat_to,
)
from sadtalker_ext.engines.sadtalker.semantics import (
    batch_layout,
    driving_rows,
    driving_windows,
    source_row,
    source_window,
)
from sadtalker_ext.motion.view import view_path

SOURCE = np.arange(1000, 1073, dtype=np.float32)
DRIVING = np.arange(5 * 70, dtype=np.float32).reshape(5, 70)


def test_expression_is_scaled_in_the_driving_rows_only():
    rows = driving_rows(DRIVING, SOURCE, full=False, expression_scale=2.0)
    np.testing.assert_array_equal(rows[:, :64], 2 * DRIVING[:, :64])
    np.testing.assert_array_equal(rows[:, 64:], DRIVING[:, 64:])
    assert (source_row(SOURCE, full=False) == SOURCE[:70]).all()


def test_full_modes_append_the_placement_of_the_source():
    rows = driving_rows(DRIVING, SOURCE, full=True)
    assert rows.shape == (5, 73)
    assert (rows[:, 70:] == SOURCE[70:]).all()
    np.testing.assert_array_equal(rows[:, :70], DRIVING)


@pytest.mark.parametrize(("full", "width"), [(False, 70), (True, 73)])
def test_still_keeps_everything_but_the_expression(full, width):
    rows = driving_rows(DRIVING, SOURCE, full=full, still=True)
    assert rows.shape == (5, width)
    assert (rows[:, 64:] == SOURCE[64:width]).all()
    np.testing.assert_array_equal(rows[:, :64], DRIVING[:, :64])


def test_rows_given_are_not_changed():
    before = DRIVING.copy()
    driving_rows(DRIVING, SOURCE, full=True, still=True, expression_scale=3)
    np.testing.assert_array_equal(DRIVING, before)


def test_windows_reach_thirteen_frames_and_repeat_the_ends():
    rows = np.arange(30, dtype=np.float32)[:, None] * np.ones((1, 70), np.float32)
    windows = driving_windows(rows)
    assert windows.shape == (30, 70, 27)
    assert windows[0, 0].tolist() == [0] * 13 + list(range(14))
    assert windows[29, 5].tolist() == list(range(16, 30)) + [29] * 13
    assert (source_window(SOURCE) == SOURCE[:, None]).all()
    assert source_window(SOURCE).shape == (73, 27)


def test_batches_hold_consecutive_frames_and_repeat_the_last():
    layout = batch_layout(np.arange(5, dtype=np.float32), 3)
    assert layout.tolist() == [[0, 1], [2, 3], [4, 4]]


def test_reference_pose_is_added_on_top_and_starts_over():
    reference = np.zeros((3, 73), np.float32)
    reference[:, 64:70] = np.array([5, 6, 8])[:, None]
    moved = add_reference_pose(DRIVING, reference)
    steps = np.array([0, 1, 3, 0, 1])[:, None]
    np.testing.assert_array_equal(moved[:, 64:], DRIVING[:, 64:] + steps)
    np.testing.assert_array_equal(moved[:, :64], DRIVING[:, :64])


def test_reference_blink_replaces_the_expression_reference():
    reference = np.arange(2 * 73, dtype=np.float32).reshape(2, 73)
    replaced = reference_blink(DRIVING, reference)
    np.testing.assert_array_equal(replaced[:, :64], reference[[0, 1, 0, 1, 0], :64])
    np.testing.assert_array_equal(replaced[:, 64:], DRIVING[:, 64:])


def test_long_references_are_cut():
    assert repeat_to(np.arange(9)[:, None], 4).ravel().tolist() == [0, 1, 2, 3]


def test_free_view_keeps_its_speed():
    path = view_path([-20, 30, 10], 40)
    assert len(path) == 40
    assert path[0] == -20
    assert path[1] - path[0] == pytest.approx(70 / 39)
    assert path[28] == 30


def test_the_end_of_a_segment_is_exclusive():
    """The reference repeats the last angle it reached, not the last one asked for."""
    path = view_path([0, -15], 40)
    assert path[-1] == path[-2] == pytest.approx(-15 + 15 / 39)


@pytest.mark.parametrize(
    ("degrees", "frames"), [([10, 10], 40), ([0, 5], 1), ([7], 3), ([7], 1), ([4, 4, 4], 2)]
)
def test_paths_without_distance_or_time_stay(degrees, frames):
    assert view_path(degrees, frames).tolist() == [degrees[0]] * frames


def test_equal_neighbours_take_no_time():
    np.testing.assert_array_equal(view_path([0, 10, 10, 0], 21), view_path([0, 10, 0], 21))
