"""The square that the networks see in every frame of a video, held steady.

A square that trembles makes the whole drawn face tremble against the frame. So its middle and side
follow the face slowly; what the head does faster, it does inside of the square.

*Convention.* Frame pixels have their centres at whole numbers; the square's corner is the outer
corner of its first pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np

from sadtalker_ext.engines.sadtalker.crop import face_quad
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.shot.steady import SteadyFace, SteadyTrack
from sadtalker_ext.types import FloatArray, ImageArray

_REACH: Final = 6
_SIGMA: Final = 3.0
"""Frames of the two-sided filter."""
_JUMP: Final = 0.3
"""Move of the middle between neighbouring frames, in sides, that is a cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """Where the networks look in one frame.

    Attributes:
        corner: (2,) float32 x and y.
        side: Frame pixels.
    """

    corner: FloatArray
    side: float

    def points(self, points: FloatArray, size: int) -> FloatArray:
        """Carry (K, 2) frame pixels into the square of `size` pixels."""
        moved: FloatArray = (points + 0.5 - self.corner) * np.float32(size / self.side) - 0.5
        return moved.astype(np.float32)

    def cut(self, planes: Planes, size: int) -> ImageArray:
        """Return the (size, size, 3) uint8 RGB square; beyond the frame its border is repeated."""
        left, top = np.floor(self.corner).astype(int) - 2
        reach = int(np.ceil(self.side)) + 4
        box = planes.inside((int(left), int(top), int(left) + reach, int(top) + reach))
        source = planes.rgb(box)
        step = self.side / size
        if step > 1:
            source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.4 * step), np.float32)
        corner = self.corner - np.array(box[:2], np.float32)
        shift = corner + 0.5 * step - 0.5
        way = np.array([[step, 0, shift[0]], [0, step, shift[1]]], np.float64)
        found = cv2.warpAffine(
            source,
            way,
            (size, size),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(np.rint(np.clip(found, 0, 255)), np.uint8)


class Squares:
    """The squares of one followed face.

    Args:
        track: The face.
    """

    def __init__(self, track: SteadyTrack) -> None:
        self._track = track
        self.face = lru_cache(4 * _REACH)(self._face)

    def at(self, number: int) -> Square | None:
        """Return the square of a frame, or None where the face is not."""
        found = self._around(number)
        if not found:
            return None
        ways = np.array([one for one, _ in found], np.float64)
        places = np.stack([place for _, place in found])
        weight = np.exp(-0.5 * (ways / _SIGMA) ** 2)
        weight /= weight.sum()
        # the value here of a straight line: no lag where one side is missing
        mean = float(weight @ ways)
        spread = float(weight @ (ways - mean) ** 2)
        slope = weight * (ways - mean) / spread if spread > 0 else 0 * weight
        x, y, side = (weight - mean * slope) @ places
        return Square(np.array([x - side / 2, y - side / 2], np.float32), float(side))

    def ways(self, number: int) -> list[int]:
        """Return how many frames away the face is seen without a cut, beginning with 0."""
        return [way for way, _ in self._around(number)]

    def _around(self, number: int) -> list[tuple[int, FloatArray]]:
        """Return middle and side (3,) of the face's own squares around a frame, by their ways."""
        here = self.face(number)
        if here is None:
            return []
        found = [(0, here[1])]
        for step in (-1, 1):
            last = here[1]
            for away in range(1, _REACH + 1):
                other = self.face(number + step * away) if number + step * away >= 0 else None
                if other is None or np.hypot(*(other[1] - last)[:2]) > _JUMP * last[2]:
                    break
                last = other[1]
                found.append((step * away, last))
        return found

    def _face(self, number: int) -> tuple[SteadyFace, FloatArray] | None:
        """Return the face in a frame, and middle and side (3,) of its own square."""
        face = self._track.at(number)
        if face is None:
            return None
        quad, _ = face_quad(landmarks_68(face.points))
        low, high = quad.min(0), quad.max(0)
        middle = (low + high) / 2 + 0.5
        return face, np.array([*middle, (high - low).max()], np.float64)
