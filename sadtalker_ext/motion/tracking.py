"""Head movement and blinks of driving videos, from the face mesh of their frames.

The mesh is followed through the video. Points that no expression moves give the turn of the head;
the lids' distance gives the blinks. R is the number of rows of a video at 25 per second.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smooth
from sadtalker_ext.motion.driving import (
    FaceTracker,
    all_warnings,
    at_motion_rate,
    held_warnings,
    no_face_in,
    read_once,
    thinned,
)
from sadtalker_ext.performance import Driving, DrivingVideo
from sadtalker_ext.portrait import topology
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, FloatArray

_FIRM = (
    *topology.OVAL[:8],
    *topology.OVAL[-8:],
    *topology.NOSE_RIDGE,
    *(
        chain[end]
        for chain in (topology.EYE_LEFT_UPPER, topology.EYE_RIGHT_UPPER)
        for end in (0, 8)
    ),
)
"""Points that neither speech nor blinks move: forehead, temples, nose, corners of the eyes."""
_LIDS = slice(3, 6)
"""Middle of the chains along the lids."""
_EYES = (
    (topology.EYE_LEFT_UPPER, topology.EYE_LEFT_LOWER),
    (topology.EYE_RIGHT_UPPER, topology.EYE_RIGHT_LOWER),
)
_USUAL_SHARE = 0.8
"""An eye is open as far as in this share of the frames around."""
_AROUND = 2.0
"""Seconds before and after that count as around."""
_OPEN, _SHUT = 0.85, 0.35
"""Openings, as shares of the usual one, from which on a lid begins to close and is closed: the
mesh keeps a rim of lashes between closed lids."""
_HEAD_SMOOTH = 0.06
"""Seconds; the mesh trembles by a fraction of a degree."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """Motion of driving videos, 25 rows per second, each with its own length.

    Attributes:
        head: (R, 3) float32 yaw, pitch, roll in degrees around the video's usual pose, or None.
        lids: (R, 2) float32 closure of the lids, or None.
        whole: Whether one video gives everything.
        warnings: What was held because no face was seen.
    """

    head: FloatArray | None = None
    lids: FloatArray | None = None
    whole: bool = False
    warnings: tuple[str, ...] = ()


def read_driving(
    driving: Driving, track: FaceTracker, progress: Progress, frames: int | None
) -> Tracked:
    """Follow the faces of driving videos; a video that gives two things is read once.

    Args:
        driving: The videos.
        track: Finds the face in every frame.
        progress: Can stop the reading.
        frames: Rows that can be used at most; None reads all.

    Raises:
        NoFaceFound: A video shows no face at all.
    """
    seconds = math.inf if frames is None else frames / MOTION_FPS
    found = read_once(driving, lambda video: follow(video, track, progress, seconds))
    head = found.get("head") or found.get("whole")
    lids = found.get("lids") or found.get("whole")
    return Tracked(
        head=head[0] if head else None,
        lids=lids[1] if lids else None,
        whole="whole" in found,
        warnings=all_warnings(found),
    )


def follow(
    video: DrivingVideo, track: FaceTracker, progress: Progress, seconds: float = math.inf
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return head angles (R, 3) in degrees, lids (R, 2) and warnings of one video.

    Frames are read at their own times. A frame without a face holds the one before it (at the
    beginning: the first one found); nothing is shifted.

    Args:
        video: The video.
        track: Finds the face in every frame.
        progress: Can stop the reading.
        seconds: How much of the video can be used.

    Raises:
        NoFaceFound: No frame shows a face.
    """
    times: list[float] = []
    seen: list[int] = []  # per frame the number of its face, -1 before the first
    firm: list[FloatArray] = []
    open_eyes: list[FloatArray] = []
    one, other = itertools.tee(thinned(video, min(seconds, video.seconds)))
    for (at, _), points in zip(one, track(frame for _, frame in other), strict=False):
        progress.check()
        if points is not None:
            firm.append(points[list(_FIRM)])
            open_eyes.append(_opening(points))
        times.append(at)
        seen.append(len(firm) - 1)
    if not firm:
        raise no_face_in(video, len(times))
    missed = len(times) - len(firm)
    held = np.maximum(seen, 0)
    angles = np.array([head_angles(firm[0], points) for points in firm], np.float32)
    head = at_motion_rate(angles[held], np.array(times))
    head -= np.median(head, axis=0)
    head = smooth(head, _HEAD_SMOOTH * MOTION_FPS)
    eyes = at_motion_rate(np.stack(open_eyes)[held], np.array(times))
    return head, closure(eyes), held_warnings(video, missed, len(times))


def head_angles(before: FloatArray, after: FloatArray) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees that turn points (K, 3) into others.

    The rotation is the best one in the sense of Kabsch (1976); size and place do not count. It is
    a turn about the vertical axis, then about the horizontal one, then in the picture.
    """
    one, other = (points - points.mean(axis=0) for points in (before, after))
    left, _, right = np.linalg.svd(one.astype(np.float64).T @ other)
    flip = np.diag([1, 1, np.sign(np.linalg.det(left @ right))])
    turn = (left @ flip @ right).T
    yaw = np.arctan2(turn[2, 0], turn[2, 2])
    pitch = np.arcsin(np.clip(turn[2, 1], -1, 1))
    roll = np.arctan2(-turn[0, 1], turn[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def closure(eyes: FloatArray) -> FloatArray:
    """Return the closure of lids (R, 2), 0 open to 1 closed, from the eyes' openings (R, 2)."""
    reach = round(_AROUND * MOTION_FPS)
    padded = np.pad(eyes, ((reach, reach), (0, 0)), mode="reflect" if len(eyes) > reach else "edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=0)
    usual = np.quantile(windows, _USUAL_SHARE, axis=-1)
    share = eyes / np.maximum(usual, 1e-6)
    found: FloatArray = np.clip((_OPEN - share) / (_OPEN - _SHUT), 0, 1).astype(np.float32)
    return found


def there_and_back(rows: FloatArray, frames: int) -> FloatArray:
    """Return (T, K) rows; what is too short runs backwards at its end, without a jump."""
    last = max(len(rows) - 1, 1)
    at = np.arange(frames) % (2 * last)
    found: FloatArray = rows[np.minimum(np.where(at > last, 2 * last - at, at), len(rows) - 1)]
    return found


def over_again(rows: FloatArray, frames: int) -> FloatArray:
    """Return (T, K) rows; what is too short starts over, so that blinks keep their shape."""
    found: FloatArray = rows[np.arange(frames) % len(rows)]
    return found


def _opening(points: FloatArray) -> FloatArray:
    """Return the distance of the lids of both eyes (2,) as a share of the eye's width."""
    shares = []
    for upper, lower in _EYES:
        edges: npt.NDArray[np.float32] = points[list(upper[_LIDS])] - points[list(lower[_LIDS])]
        width = np.linalg.norm(points[upper[0]] - points[upper[-1]])
        shares.append(np.linalg.norm(edges, axis=1).mean() / max(float(width), 1e-6))
    return np.array(shares, np.float32)
