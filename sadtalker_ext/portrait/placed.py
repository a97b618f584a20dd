"""The mesh of a face that a person placed: few points given, 478 fitted.

A base mesh - the one that was found there, else the mean face - is brought to the given points by
the similarity with the least squares (Umeyama, 1991), then bent by a thin-plate spline that goes
through each of them and bends as little as possible in between. Depth is scaled along.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sadtalker_ext.face_points import NAMES, Shares
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.portrait.mean_face import mean_face
from sadtalker_ext.portrait.thin_plate import through
from sadtalker_ext.types import FloatArray

_ON_THE_MESH: Final[dict[str, tuple[int, ...]]] = {
    "left_eye_outer": (33,),
    "left_eye_top": (159,),
    "left_eye_inner": (133,),
    "left_eye_bottom": (145,),
    "right_eye_inner": (362,),
    "right_eye_top": (386,),
    "right_eye_outer": (263,),
    "right_eye_bottom": (374,),
    "left_brow": (105, 52),
    "right_brow": (334, 282),
    "nose_tip": (1,),
    "mouth_left": (61,),
    "upper_lip": (0,),
    "mouth_right": (291,),
    "lower_lip": (17,),
    "mouth_middle": (13, 14),
    "left_cheek": (234,),
    "chin": (152,),
    "right_cheek": (454,),
    "forehead": (10,),
}
"""For each point those of the mesh whose mean it is."""


def placed_mesh(given: FloatArray, at: FloatArray, base: FloatArray) -> FloatArray:
    """Bend a mesh so that some places of it come to given points.

    Args:
        given: (K, 2) where they should lie, picture pixels; at least three, not in one line.
        at: (K, 2) where they lie on the base.
        base: (478, 3) the mesh.

    Returns:
        (478, 3) float32 picture pixels.
    """
    linear, shift = _similarity(at, given)
    size = float(np.sqrt(abs(np.linalg.det(linear))))
    near = base[:, :2] @ linear.T + shift
    start = at @ linear.T + shift
    unit = float(np.ptp(near, axis=0).max())
    ways = through(start.astype(np.float32), (given - start).astype(np.float32), near, unit)
    return np.concatenate([near + ways, base[:, 2:] * size], axis=1).astype(np.float32)


def mesh_through(points: Shares, size: tuple[int, int], found: FloatArray | None) -> FloatArray:
    """Return the (478, 3) mesh through named points.

    Args:
        points: As `face_points.read_face_points` gives them.
        size: Width and height of the picture.
        found: The mesh that was found there, if any.
    """
    names = [name for name in NAMES if name in points]
    base = mean_face() if found is None else found
    places = _named_places(base)
    given = np.array([points[name] for name in names], np.float32) * np.array(size, np.float32)
    at = np.array([places[name] for name in names], np.float32)
    return placed_mesh(given - np.float32(0.5), at, base)


def mesh_of_68(landmarks: FloatArray, found: FloatArray | None) -> FloatArray:
    """Return the (478, 3) mesh through (68, 2) landmarks.

    The lips of the mean face stay together: only a mesh that was found can show an open mouth.
    """
    base = mean_face() if found is None else found
    return placed_mesh(landmarks, landmarks_68(base), base)


def shares_of(points: FloatArray, size: tuple[int, int]) -> Shares:
    """Return the named points of a (478, 3) mesh, as shares of the picture."""
    width, height = size
    places = _named_places(points)
    return {
        name: (float((x + 0.5) / width), float((y + 0.5) / height))
        for name, (x, y) in places.items()
    }


def _named_places(mesh: FloatArray) -> dict[str, FloatArray]:
    return {name: mesh[list(some), :2].mean(axis=0) for name, some in _ON_THE_MESH.items()}


def _similarity(one: FloatArray, other: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the (2, 2) turn with size and the (2,) shift that bring one's points to other's."""
    middle, there = one.mean(axis=0), other.mean(axis=0)
    x, y = (one - middle).T
    u, v = (other - there).T
    # as complex numbers the least squares have one solution: sum(conj(z) w) / sum(|z|^2)
    whole = max(float((x * x + y * y).sum()), 1e-9)
    along, turn = float((x * u + y * v).sum()) / whole, float((x * v - y * u).sum()) / whole
    linear = np.array([[along, -turn], [turn, along]], np.float32)
    return linear, (there - linear @ middle).astype(np.float32)
