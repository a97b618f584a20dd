"""Coefficient rows of driving videos, frame by frame, in little memory.

R is the number of rows at 25 per second. The crop of the first frame with a face is used for all
frames, and the square frames have 256 pixels whatever the face resolution is (SPEC 5).
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sadtalker_ext.engines.sadtalker.alignment import Alignment, align, aligned_picture
from sadtalker_ext.engines.sadtalker.coefficients import coefficient_row
from sadtalker_ext.engines.sadtalker.crop import (
    CropMode,
    CropPlan,
    cut,
    frame_points,
    plan_crop,
    square_frame,
)
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.motion.driving import FaceTracker as FaceTracker
from sadtalker_ext.motion.driving import (
    all_warnings,
    at_motion_rate,
    held_warnings,
    no_face_in,
    read_once,
    thinned,
)
from sadtalker_ext.performance import Driving, DrivingVideo
from sadtalker_ext.portrait.landmarks68 import landmarks_68
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, FloatArray, ImageArray

Aligned = tuple[ImageArray, Alignment]

_SIDE = 256
_BATCH = 16
"""Frames whose coefficients are computed at once."""


_PARTS = ("head", "lids", "whole")
_ONLY = (
    "The sadtalker engine takes head movement, blinks, or everything from a driving video; brows, "
    "gaze and mouth alone it cannot take."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrivingRows:
    """Rows (R, 73) float32 of driving videos; each video's own length, 25 per second.

    Attributes:
        head: Rows whose head movement is taken over, or None.
        lids: Rows whose blinks are taken over, or None.
        whole: Rows that drive the face alone, or None.
        warnings: What was held because no face was seen.
    """

    head: FloatArray | None = None
    lids: FloatArray | None = None
    whole: FloatArray | None = None
    warnings: tuple[str, ...] = ()


def read_driving(
    driving: Driving,
    networks: Networks,
    track: FaceTracker,
    mode: CropMode,
    progress: Progress,
    *,
    frames: int | None,
) -> DrivingRows:
    """Read the rows of all driving videos; one that gives two things is read once.

    Args:
        driving: The videos.
        networks: The reconstruction is used.
        track: Finds the face in every frame.
        mode: How the picture is cut; the videos are cut alike.
        progress: Can stop the reading.
        frames: Rows that can be used at most; None reads all.

    Raises:
        NoFaceFound: A video shows no face at all.
    """
    seconds = math.inf if frames is None else frames / MOTION_FPS
    missing = [part for part in driving.videos() if part not in _PARTS]
    known = dataclasses.replace(driving, **dict.fromkeys(missing))
    found = read_once(
        known, lambda video: driving_rows_of(video, networks, track, mode, progress, seconds)
    )
    rows = {name: one[0] for name, one in found.items()}
    told = (_ONLY,) if missing else ()
    return DrivingRows(**rows, warnings=(*all_warnings(found), *told))


def driving_rows_of(
    video: DrivingVideo,
    networks: Networks,
    track: FaceTracker,
    mode: CropMode,
    progress: Progress,
    seconds: float = math.inf,
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the rows (R, 73) float32 at 25 per second, and warnings.

    Frames are read at their own times, so that a video of 30 frames per second moves as fast as
    it was filmed; the reference counts its frames as if there were 25 per second. A frame without
    a face holds the row before it (at the beginning: the first one found); nothing is shifted.

    Args:
        video: The video.
        networks: The reconstruction is used.
        track: Finds the face in every frame.
        mode: How frames are cut.
        progress: Can stop the reading.
        seconds: How much of the video can be used.

    Raises:
        NoFaceFound: No frame shows a face.
    """
    times: list[float] = []
    seen: list[int] = []  # per frame the number of its row, -1 before the first face
    rows: list[FloatArray] = []
    waiting: list[Aligned] = []
    found = missed = 0
    for at, aligned in _aligned_frames(video, track, mode, min(seconds, video.seconds)):
        progress.check()
        if aligned is None:
            missed += 1
        else:
            found += 1
            waiting.append(aligned)
            if len(waiting) == _BATCH:
                rows += _recovered(waiting, networks)
                waiting.clear()
        times.append(at)
        seen.append(found - 1)
    rows += _recovered(waiting, networks)
    if not rows:
        raise no_face_in(video, len(times))
    warnings = held_warnings(video, missed, len(times))
    return at_motion_rate(np.stack(rows)[np.maximum(seen, 0)], np.array(times)), warnings


def _aligned_frames(
    video: DrivingVideo, track: FaceTracker, mode: CropMode, seconds: float
) -> Iterator[tuple[float, Aligned | None]]:
    """Yield time and aligned picture of every frame used, None where there is no face."""
    one, other = itertools.tee(thinned(video, seconds))
    plan: CropPlan | None = None
    for (at, frame), points in zip(one, track(frame for _, frame in other), strict=False):
        if points is None:
            yield at, None
            continue
        landmarks = landmarks_68(points)
        size = (frame.shape[1], frame.shape[0])
        if plan is None and mode is not CropMode.RESIZE:
            plan = plan_crop(landmarks, size, cure_height_limit=True, cure_overhang=True)
        square = square_frame(frame if plan is None else cut(frame, plan, mode), _SIDE)
        alignment = align(frame_points(landmarks, plan, mode, _SIDE, size), (_SIDE, _SIDE))
        yield at, (aligned_picture(square, alignment), alignment)


def _recovered(waiting: list[Aligned], networks: Networks) -> list[FloatArray]:
    if not waiting:
        return []
    found = networks.recover_all(np.stack([picture for picture, _ in waiting]))
    return [
        coefficient_row(recovered, alignment)
        for recovered, (_, alignment) in zip(found, waiting, strict=True)
    ]
