"""Face restoration: faces out of the frames, through a restorer in batches, and back in.

Frames stream through; at most one batch and the few neighbours that steady the alignment are held.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.compositor.face_align import (
    Alignment,
    align,
    cut,
    face_mask,
    mean_alignment,
    spread,
)
from sadtalker_ext.compositor.steady import SteadyDetail
from sadtalker_ext.errors import OutOfMemory
from sadtalker_ext.types import Enhancer, FloatArray, ImageArray, PointFinder

log = logging.getLogger(__name__)

BATCH = 4
"""Faces restored at once when nothing else is asked for."""
_REACH = 3
"""Frames before and after that steady the alignment of one frame."""
_SIGMA = 1.5
"""Standard deviation of their weights, in frames."""


@dataclass(slots=True, eq=False)
class _Shot:
    """One frame on its way; without points it passes as it is."""

    frame: ImageArray
    points: FloatArray | None
    alignment: Alignment | None


class FaceEnhancement:
    """Restores one face through a video.

    Only the face changes, inside a soft outline: what the restorer added is pasted, not its
    picture, so the frame keeps its own sharpness, colours and every pixel outside.

    Args:
        enhancer: Restores aligned squares.
        find_points: Follows the face; a new one for every video.
        strength: 0 keeps the frames, 1 adds all that the restorer did.
        batch: Faces at once; 0 takes `BATCH`. Halved when memory runs out.

    Attributes:
        missed: Frames that passed unchanged because no face was seen in them.
    """

    def __init__(
        self,
        enhancer: Enhancer,
        find_points: PointFinder,
        *,
        strength: float = 0.8,
        batch: int = 0,
    ) -> None:
        self.missed = 0
        self._enhancer = enhancer
        self._find_points = find_points
        self._strength = np.float32(strength)
        self._batch = batch or BATCH
        self._steady = SteadyDetail()

    def frames(self, frames: Iterable[ImageArray]) -> Iterator[ImageArray]:
        """Yield every (H, W, 3) uint8 frame with its face restored, as a new array.

        Raises:
            OutOfMemory: The restorer has no room for a single face.
        """
        waiting: list[_Shot] = []
        for shot in self._aligned(frames):
            waiting.append(shot)
            if len(waiting) >= self._batch:
                yield from self._restored(waiting)
                waiting = []
        yield from self._restored(waiting)

    def _aligned(self, frames: Iterable[ImageArray]) -> Iterator[_Shot]:
        """Find the face in every frame and align it by its neighbours, past and coming."""
        window: deque[_Shot] = deque(maxlen=2 * _REACH + 1)
        middle = 0
        for frame in frames:
            points = self._find_points(frame)
            if len(window) == window.maxlen:
                middle -= 1
            window.append(_Shot(frame, points, align(points) if points is not None else None))
            if len(window) > middle + _REACH:
                yield _steadied(window, middle)
                middle += 1
        while middle < len(window):
            yield _steadied(window, middle)
            middle += 1

    def _restored(self, shots: list[_Shot]) -> Iterator[ImageArray]:
        squares = [cut(s.frame, s.alignment) for s in shots if s.alignment is not None]
        restored = iter(self._run(squares))
        originals = iter(squares)
        for shot in shots:
            if shot.points is None or shot.alignment is None:
                self.missed += 1
                yield shot.frame
            else:
                mask = face_mask(shot.points, shot.alignment)
                detail = self._steady(next(originals), next(restored), mask)
                yield _pasted(shot.frame, detail * mask[:, :, None], shot.alignment, self._strength)

    def _run(self, squares: list[ImageArray]) -> list[ImageArray]:
        """Restore squares, in smaller batches when memory runs out."""
        done: list[ImageArray] = []
        while len(done) < len(squares):
            part = np.stack(squares[len(done) : len(done) + self._batch])
            try:
                found = np.asarray(self._enhancer(part))
            except OutOfMemory as error:
                if len(part) == 1:
                    error.hint = (
                        f"{error.hint} Smaller batches were tried, down to one face. Choose "
                        "enhancer none, or run the restorer on the CPU, which takes long."
                    ).strip()
                    raise
                self._batch = len(part) // 2
                log.warning("no memory for %d faces, going on with %d", len(part), self._batch)
                continue
            if found.shape != part.shape:
                raise ValueError(f"The restorer should return {part.shape}, found {found.shape}.")
            done += list(np.asarray(found, np.uint8))
        return done


def _steadied(window: deque[_Shot], middle: int) -> _Shot:
    """Return the frame in the middle, aligned by the mean of its neighbourhood."""
    shot = window[middle]
    if shot.alignment is None:
        return shot
    near, weights = [], []
    for place, other in enumerate(window):
        if other.alignment is not None:
            near.append(other.alignment)
            weights.append(float(np.exp(-((place - middle) ** 2) / (2 * _SIGMA**2))))
    return _Shot(shot.frame, shot.points, mean_alignment(near, weights))


def _pasted(
    frame: ImageArray, detail: FloatArray, alignment: Alignment, strength: np.float32
) -> ImageArray:
    """Return a copy of the frame with (512, 512, 3) detail added to it."""
    result = frame.copy()
    left, top, right, bottom = box = alignment.box((frame.shape[1], frame.shape[0]))
    if left >= right or top >= bottom:
        return result
    part = result[top:bottom, left:right]
    total = part + strength * spread(detail, alignment, box)
    part[:] = np.rint(np.clip(total, 0, 255)).astype(np.uint8)
    return result
