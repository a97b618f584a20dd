import numpy as np

from tests.golden.heatmaps import in_box, peaks, to_68


def heat_maps():
    maps = np.zeros((98, 64, 64), np.float32)
    maps[:, 30, 20] = 1
    return maps


def test_peaks_move_a_quarter_cell_towards_the_larger_neighbour():
    maps = heat_maps()
    maps[0, 30, 21] = 0.5
    maps[0, 29, 20] = 0.5
    points = peaks(maps)
    assert points[0].tolist() == [20.75, 30.25]
    assert points[1].tolist() == [20.5, 30.5]


def test_a_peak_in_the_bottom_row_changes_the_neighbour_of_all_maps():
    maps = heat_maps()
    maps[5, 63, 10] = 2
    maps[:, 63, 63] = 0.3
    assert peaks(maps)[0].tolist() == [20.5, 30.75]


def test_a_peak_in_the_top_row_changes_the_neighbour_of_all_maps():
    maps = heat_maps()
    maps[5, 0, 10] = 2
    maps[:, 0, 0] = 0.3
    assert peaks(maps)[0].tolist() == [20.5, 30.25]


def test_points_are_scaled_by_the_truncated_box():
    found = in_box(np.array([[32.0, 64.0]]), (10.9, 20.2, 74.9, 148.7))
    assert found.tolist() == [[42.0, 148.0]]


def test_98_points_become_68():
    points = np.arange(98, dtype=np.float64)[:, None] * np.ones(2)
    reduced = to_68(points)[:, 0]
    assert reduced.dtype == np.float32
    assert reduced[:17].tolist() == list(range(0, 34, 2))
    assert reduced[17:27].tolist() == [33, 37.5, 37.5, 37.5, 37.5, 46, 46, 46, 46, 46]
    assert reduced[36:48].tolist() == [60, 61, 63, 64, 65, 67, 68, 69, 71, 72, 73, 75]
    assert reduced[48:].tolist() == list(range(76, 96))
