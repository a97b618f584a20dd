"""Where a new shot begins: the whole picture changes from one frame to the next."""

from __future__ import annotations

from collections import deque

import numpy as np

from sadtalker_ext.planes import Planes
from sadtalker_ext.types import FloatArray

_WIDTH, _HEIGHT = 48, 28
_LEAST = 9.0
"""Grey levels of mean change below which nothing is a cut. Within shots 7 clips of talking people
reach 8, one with quick turns of the head 17; four cuts of another have 23 and more."""
_TIMES_BEFORE = 2.5
"""A cut changes so many times as much as any of the frames just before: movement begins slowly."""
_REMEMBERED = 4
_LEAST_UNLIKE = 0.12
"""1 - correlation of the two pictures: a flash makes a picture lighter, not another one."""


class CutFinder:
    """Tells for frame after frame whether it begins a new shot."""

    def __init__(self) -> None:
        self._last: FloatArray | None = None
        self._before: deque[float] = deque(maxlen=_REMEMBERED)

    def __call__(self, planes: Planes) -> bool:
        """Return whether the next frame begins a new shot; the first one does."""
        now = planes.thumbnail(_WIDTH, _HEIGHT)
        last, self._last = self._last, now
        if last is None:
            return True
        change = float(np.abs(now - last).mean())
        found = (
            change > max(_LEAST, _TIMES_BEFORE * max(self._before, default=0.0))
            and _unlike(last, now) > _LEAST_UNLIKE
        )
        # right after a cut only a still stronger change is one
        self._before.append(change / _TIMES_BEFORE if found else change)
        return found


def _unlike(one: FloatArray, other: FloatArray) -> float:
    """Return 1 - correlation of two pictures; 1 where one of them is plain."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return 1 - float((a * b).sum()) / size if size > 1e-3 else 1.0
