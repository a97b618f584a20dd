"""Free view: the head follows a path of angles given by the user (SPEC 12)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]


def view_path(degrees: Sequence[float], frames: int) -> DoubleArray:
    """Return one angle per frame, (T,) double, in degrees of the mapping network.

    The path visits the given angles at constant speed. No time passes between equal neighbours. A
    path without any distance keeps its first angle, and so does a single frame: the reference
    divides by zero in these three cases.

    Args:
        degrees: At least one angle.
        frames: T.
    """
    distance = sum(abs(after - before) for before, after in itertools.pairwise(degrees))
    if distance == 0 or frames <= 1:
        return np.full(frames, float(degrees[0]))
    step = distance / (frames - 1)
    pieces = [
        np.arange(before, after, step if after > before else -step)
        for before, after in itertools.pairwise(degrees)
        if before != after
    ]
    path = np.concatenate(pieces)[:frames].astype(np.float64)
    # the end of a segment is exclusive: the last angle itself is not always reached
    return np.pad(path, (0, frames - len(path)), mode="edge")
