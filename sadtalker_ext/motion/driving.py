"""Driving videos in time: which frames are looked at, and their values at the motion's rate."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

import numpy as np

from sadtalker_ext.errors import NoFaceFound
from sadtalker_ext.performance import Driving, DrivingVideo
from sadtalker_ext.types import MOTION_FPS, FloatArray, ImageArray

FaceTracker = Callable[[Iterable[ImageArray]], Iterator[FloatArray | None]]
"""Gives the (478, 3) mesh points of the face of every frame, or None; reads frame after frame."""

Found = TypeVar("Found", bound=tuple[object, ...])

_SHORTEST_SECONDS = 1 / 35
"""Frames that follow sooner are left out: nothing is won by looking 60 times a second."""


def read_once(driving: Driving, read: Callable[[DrivingVideo], Found]) -> dict[str, Found]:
    """Return what `read` finds in each driving video, by what the video gives.

    A video that gives two things is read once.
    """
    done: dict[int, Found] = {}
    videos = driving.videos()
    for video in videos.values():
        if id(video) not in done:
            done[id(video)] = read(video)
    return {name: done[id(video)] for name, video in videos.items()}


def all_warnings(found: Mapping[str, tuple[object, ...]]) -> tuple[str, ...]:
    """Return the warnings that end what `read_once` found, once per video."""
    ends = {id(one): one[-1] for one in found.values()}
    lists = (one for one in ends.values() if isinstance(one, tuple))
    return tuple(str(words) for words in itertools.chain.from_iterable(lists))


def thinned(video: DrivingVideo, seconds: float) -> Iterator[tuple[float, ImageArray]]:
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


def no_face_in(video: DrivingVideo, frames: int) -> NoFaceFound:
    """Return the error for a video that shows no face at all."""
    return NoFaceFound(
        f"No face found in any of the {frames} frames of {video.path.name}.",
        hint="Use a reference video with a larger or more frontal face.",
    )


def held_warnings(video: DrivingVideo, missed: int, frames: int) -> tuple[str, ...]:
    """Say how many frames show no face; empty when every frame shows one."""
    if not missed:
        return ()
    return (
        f"{missed} of {frames} frames of {video.path.name} show no face: the motion before them "
        "was held there.",
    )
