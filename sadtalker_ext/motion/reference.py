"""Reference videos in time: which frames are looked at, and their values at the motion's rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.types import MOTION_FPS, FloatArray, ImageArray, ReferenceVideo

FaceTracker = Callable[[Iterable[ImageArray]], Iterator[FloatArray | None]]
"""Gives the (478, 3) mesh points of the face of every frame, or None; reads frame after frame."""

_SHORTEST_SECONDS = 1 / 35
"""Frames that follow sooner are left out: nothing is won by looking 60 times a second."""


def thinned(video: ReferenceVideo, seconds: float) -> Iterator[tuple[float, ImageArray]]:
    """Yield time and frame of what is looked at, until a time in seconds."""
    last = -math.inf
    for at, frame in video.read():
        if at >= seconds:
            return
        if at - last >= _SHORTEST_SECONDS:
            last = at
            yield at, frame


def at_motion_rate(rows: FloatArray, times: FloatArray) -> FloatArray:
    """Read rows (n, K) at times (n,) seconds, increasing, 25 times a second; the end is held."""
    count = max(math.floor(float(times[-1]) * MOTION_FPS + 0.5) + 1, 1)
    wanted = np.arange(count) / MOTION_FPS
    columns = [np.interp(wanted, times, column) for column in rows.astype(np.float64).T]
    return np.stack(columns, axis=1).astype(np.float32)


def no_face_in(video: ReferenceVideo, frames: int) -> NoFaceFound:
    """Return the error for a video that shows no face at all."""
    return NoFaceFound(
        f"No face found in any of the {frames} frames of {video.path.name}.",
        hint="Use a reference video with a larger or more frontal face.",
    )


def held_warnings(video: ReferenceVideo, missed: int, frames: int) -> tuple[str, ...]:
    """Say how many frames show no face; none when all do."""
    if not missed:
        return ()
    return (
        f"{missed} of {frames} frames of {video.path.name} show no face: the motion before them "
        "was held there.",
    )
