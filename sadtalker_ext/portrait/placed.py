"""The mesh of a face that a person placed: few points given, 478 fitted.

A base mesh - the one that was found there, else the mean face - is brought to the given points by
the similarity with the least squares (Umeyama, 1991), then bent by a thin-plate spline that goes
through each of them and bends as little as possible in between. Depth is scaled along.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sadtalker_ext.face_points import NAMES, Shares
from sadtalker_ext.portrait import topology
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
_UPPER: Final = (
    (topology.LIPS_INNER_UPPER, 1.0),
    (topology.LIPS_INNER_MIDDLE_UPPER, 0.67),
    (topology.LIPS_OUTER_MIDDLE_UPPER, 0.33),
)
_LOWER: Final = (
    (topology.LIPS_INNER_LOWER, 1.0),
    (topology.LIPS_INNER_MIDDLE_LOWER, 0.67),
    (topology.LIPS_OUTER_MIDDLE_LOWER, 0.33),
)
"""Rings of the lips, and how far each follows the edge of its lip."""
_OPEN: Final = 0.04
"""Lips this part of the mouth's width apart are open."""


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
    base = mean_face() if found is None else found
    scale = np.array(size, np.float32)
    given = {
        name: np.array(point, np.float32) * scale - np.float32(0.5)
        for name, point in points.items()
    }
    top = given.get("mouth_middle")
    bottom = given.pop("mouth_bottom", top)
    if top is not None and bottom is not None:
        given["mouth_middle"] = (top + bottom) / 2
    places = _named_places(base)
    names = [name for name in NAMES if name in given]
    mesh = placed_mesh(
        np.array([given[name] for name in names], np.float32),
        np.array([places[name] for name in names], np.float32),
        base,
    )
    if top is not None and bottom is not None and (bottom is not top or _gap(base) > _OPEN):
        _part_lips(mesh, top, bottom)
    return mesh


def _gap(mesh: FloatArray) -> float:
    """Return how far the lips are apart, in widths of the mouth."""
    across = np.linalg.norm(mesh[topology.MOUTH_CORNER_RIGHT] - mesh[topology.MOUTH_CORNER_LEFT])
    apart = mesh[topology.LIP_MIDDLE_LOWER] - mesh[topology.LIP_MIDDLE_UPPER]
    return float(np.linalg.norm(apart[:2]) / max(float(across), 1e-6))


def _part_lips(mesh: FloatArray, top: FloatArray, bottom: FloatArray) -> None:
    """Bring the edges of the lips to two points, in place; the corners stay."""
    left, right = (
        mesh[one, :2] for one in (topology.MOUTH_CORNER_LEFT, topology.MOUTH_CORNER_RIGHT)
    )
    half = (right - left) / 2
    for rings, middle, edge in (
        (_UPPER, topology.LIP_MIDDLE_UPPER, top),
        (_LOWER, topology.LIP_MIDDLE_LOWER, bottom),
    ):
        way = edge - mesh[middle, :2]
        for ring, share in rings:
            rows = list(ring)
            aside = (mesh[rows, :2] - (left + right) / 2) @ half / max(float(half @ half), 1e-6)
            mesh[rows, :2] += share * np.clip(1 - aside**2, 0, 1)[:, None] * way


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
    if _gap(points) > _OPEN:
        places["mouth_middle"] = points[topology.LIP_MIDDLE_UPPER, :2]
        places["mouth_bottom"] = points[topology.LIP_MIDDLE_LOWER, :2]
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
