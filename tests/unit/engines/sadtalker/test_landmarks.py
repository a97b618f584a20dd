import numpy as np

from sadtalker_ext.portrait.landmarks68 import MESH_TO_68, landmarks_68


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
