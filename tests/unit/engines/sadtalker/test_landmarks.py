import numpy as np

from sadtalker_ext.engines.sadtalker.heatmaps import in_box, peaks, to_68
from sadtalker_ext.engines.sadtalker.landmarks68 import MESH_TO_68, landmarks_68


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


def face_like():
    """A mesh with its eyes 10 apart and its mouth 8 below them, all other points at the origin."""
    mesh = np.zeros((478, 3), np.float32)
    places = list(MESH_TO_68)
    mesh[places[36:42], :2] = (-5, 0)
    mesh[places[42:48], :2] = (5, 0)
    mesh[places[48:68], :2] = (0, 8)
    return mesh


def test_mesh_points_are_taken_once_each():
    assert len(MESH_TO_68) == len(set(MESH_TO_68)) == 68


def test_landmarks_lie_near_their_mesh_points():
    mesh = face_like()
    moved = landmarks_68(mesh) - mesh[list(MESH_TO_68), :2]
    assert moved.dtype == np.float32
    inner = np.abs(moved[27:])
    assert inner[:, 0].max() < 0.05 * 10
    assert inner[:, 1].max() < 0.05 * 8


def test_landmarks_turn_and_grow_with_the_face():
    mesh = np.random.default_rng(0).normal(size=(478, 3)).astype(np.float32)
    turn = 3 * np.array([[0.6, 0.8], [-0.8, 0.6]], np.float32)
    turned = mesh.copy()
    turned[:, :2] = mesh[:, :2] @ turn + (40, -7)
    np.testing.assert_allclose(
        landmarks_68(turned), landmarks_68(mesh) @ turn + (40, -7), atol=1e-4
    )


def test_a_mirrored_face_has_mirrored_landmarks():
    mesh = face_like()
    found = landmarks_68(mesh)
    mirror = [16 - i for i in range(17)] + [43 - i for i in range(17, 27)]
    np.testing.assert_allclose(found[:27] * (-1, 1), found[mirror], atol=1e-5)
    np.testing.assert_allclose(found[[36, 39, 48]] * (-1, 1), found[[45, 42, 54]], atol=1e-5)
