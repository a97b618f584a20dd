"""Meshes of followed faces in frames of a video: in this frame, and in the next one meanwhile.

A face is looked for in a square placed by its points in the frame before, so frames would have to
wait for one another. Where the square of the next frame can be guessed, another core looks there
at the same time. What it finds counts only where the square turns out to be nearly the one that
the points ask for; otherwise the face is looked for once more, in the right one.
"""

from __future__ import annotations

import math
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.face_place import cut_out
from sadtalker_ext.portrait.mesh import FaceMesh, Mesher
from sadtalker_ext.portrait.region import Region

_AWAY: Final = 0.03
"""How far a guessed square may lie from the right one, in sides. Guesses for heads of people who
talk calmly lie 0.004 from it (median of two clips; 0.01 and 0.015 in 90 %), for one who shakes his
head 0.03, and the eight looks of `Mesher.settle` 0.012 apart."""
_LARGER: Final = 0.04
_TURNED_RAD: Final = 0.05
_PAUSE: Final = 6
"""Frames without a guess after a bad one: a head that moves quickly keeps doing so."""


class GuessedMeshes:
    """Finds the meshes of one video's faces.

    Args:
        mesher: The mesh network.
    """

    def __init__(self, mesher: Mesher) -> None:
        self._mesher = mesher
        self._pool: ThreadPoolExecutor | None = None
        self._now: dict[int, _Guess] = {}
        self._next: dict[int, _Guess] = {}
        self._pauses: dict[int, int] = {}

    def go_on(self) -> bool:
        """Begin the next frame; tell whether it was looked at already."""
        _give_up(self._now)
        self._now, self._next = self._next, {}
        return bool(self._now)

    def begin(self, track: int, after: Planes, region: Region) -> None:
        """Let another core look for a face in the frame behind this one; not after a bad guess.

        Args:
            track: Number of the face's stretch.
            after: That frame; it must not be changed.
            region: Where the face is expected in it.
        """
        left = self._pauses.pop(track, 0)
        if left > 1:
            self._pauses[track] = left - 1
        if left:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="sadtalker-mesh")
        asked = self._pool.submit(mesh_in, self._mesher, after, region)
        self._next[track] = _Guess(region, asked)

    def mesh(self, track: int, planes: Planes, region: Region) -> FaceMesh:
        """Return the mesh of a face in this frame.

        Args:
            track: Number of the face's stretch.
            planes: The frame.
            region: The square that the face's points in the frame before ask for.
        """
        guess = self._now.pop(track, None)
        if guess is not None:
            if _alike(guess.region, region):
                return guess.mesh.result()
            self._pauses[track] = _PAUSE
        return mesh_in(self._mesher, planes, region)

    def close(self) -> None:
        """Let the thread end, and wait for it."""
        for guesses in (self._now, self._next):
            _give_up(guesses)
        if self._pool is not None:
            self._pool.shutdown(wait=True)
            self._pool = None


@dataclass(frozen=True, slots=True, eq=False)
class _Guess:
    region: Region
    mesh: Future[FaceMesh]


def _give_up(guesses: dict[int, _Guess]) -> None:
    """Drop what nobody asked for: faces that were lost."""
    for guess in guesses.values():
        guess.mesh.cancel()
    guesses.clear()


def mesh_in(mesher: Mesher, planes: Planes, region: Region) -> FaceMesh:
    """Return the mesh of the face in a square of a frame, in the frame's pixels."""
    reach = 0.5 * region.side * (abs(np.cos(region.angle_rad)) + abs(np.sin(region.angle_rad)))
    box = (
        int(region.x - reach) - 2,
        int(region.y - reach) - 2,
        int(region.x + reach) + 3,
        int(region.y + reach) + 3,
    )
    picture, corner, scale = cut_out(planes, box)
    moved = Region(
        x=(region.x - corner[0] + 0.5) * scale - 0.5,
        y=(region.y - corner[1] + 0.5) * scale - 0.5,
        side=region.side * scale,
        angle_rad=region.angle_rad,
    )
    mesh = mesher.refine(picture, moved)
    points = mesh.points.copy()
    points[:, :2] = (points[:, :2] + 0.5) / scale - 0.5 + corner
    points[:, 2] /= scale
    return FaceMesh(points=points, score=mesh.score)


def _alike(one: Region, other: Region) -> bool:
    turned = abs(math.remainder(one.angle_rad - other.angle_rad, 2 * math.pi))
    return (
        math.hypot(one.x - other.x, one.y - other.y) <= _AWAY * other.side
        and abs(one.side / other.side - 1) <= _LARGER
        and turned <= _TURNED_RAD
    )
