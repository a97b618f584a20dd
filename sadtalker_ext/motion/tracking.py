"""What the faces of driving videos do, from the face mesh of their frames.

The mesh is followed through the video. Points that no expression moves give the turn of the head;
the lids' distance gives the blinks, `face_capture` brows, mouth and gaze. R is the number of
rows of a video at 25 per second.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

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
from sadtalker_ext.motion.face_capture import Captured, capture
from sadtalker_ext.motion.face_measures import FIRM, MEASURES, FaceRuler, rotation
from sadtalker_ext.performance import PARTS, Driving, DrivingVideo
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import MOTION_FPS, FloatArray

_USUAL_SHARE = 0.65
"""An eye is open as far as in this share of the frames around: in some it is wide."""
_AROUND = 2.0
"""Seconds before and after that count as around."""
_OPEN, _SHUT = 0.85, 0.35
"""Openings, as shares of the usual one, from which on a lid begins to close and is closed: the
mesh keeps a rim of lashes between closed lids."""
_HEAD_SMOOTH = 0.06
"""Seconds; the mesh trembles by a fraction of a degree."""


class Followed(NamedTuple):
    """What one video shows, 25 rows per second.

    Attributes:
        head: (R, 3) float32 yaw, pitch, roll in degrees around the video's usual pose.
        lids: (R, 2) float32 closure of the lids.
        face: Brows, mouth and gaze; None where nobody asked for them.
        warnings: What was held because no face was seen.
    """

    head: FloatArray
    lids: FloatArray
    face: Captured | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tracked:
    """Motion of driving videos, 25 rows per second, each with its own length.

    Attributes:
        head: (R, 3) float32 yaw, pitch, roll in degrees around the video's usual pose, or None.
        lids: (R, 2) float32 closure of the lids, or None.
        brows: Of whose `shapes` those of the brows are taken, or None.
        gaze: (R, 2) float32 degrees to the right and down, or None.
        mouth: Of whose `shapes` those of the mouth are taken, or None.
        whole: Whether one video gives everything, and its sound.
        warnings: What was held because no face was seen.
    """

    head: FloatArray | None = None
    lids: FloatArray | None = None
    brows: Captured | None = None
    gaze: FloatArray | None = None
    mouth: Captured | None = None
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
    featured = (driving.brows, driving.gaze, driving.mouth, driving.whole)

    def read(video: DrivingVideo) -> Followed:
        asked = any(video is one for one in featured)
        return follow(video, track, progress, seconds, features=asked)

    found = read_once(driving, read)
    whole = found.get("whole")
    given = {part: found.get(part, whole) for part in PARTS}
    head, lids, brows, gaze, mouth = given.values()
    return Tracked(
        head=head.head if head else None,
        lids=lids.lids if lids else None,
        brows=brows.face if brows else None,
        gaze=gaze.face.gaze if gaze and gaze.face else None,
        mouth=mouth.face if mouth else None,
        whole=whole is not None,
        warnings=all_warnings(found),
    )


def follow(
    video: DrivingVideo,
    track: FaceTracker,
    progress: Progress,
    seconds: float = math.inf,
    *,
    features: bool = True,
) -> Followed:
    """Return what the face of one video does.

    Frames are read at their own times and one at a time; of each some thirty numbers are kept. A
    frame without a face holds the one before it (at the beginning: the first one found); nothing
    is shifted.

    Args:
        video: The video.
        track: Finds the face in every frame.
        progress: Can stop the reading.
        seconds: How much of the video can be used.
        features: Whether brows, mouth and gaze are wanted, too: they take the longest to find.

    Raises:
        NoFaceFound: No frame shows a face.
    """
    times: list[float] = []
    seen: list[int] = []  # per frame the number of its face, -1 before the first
    angles: list[tuple[float, float, float]] = []
    measured: list[FloatArray] = []
    looks: list[FloatArray] = []
    ruler: FaceRuler | None = None
    one, other = itertools.tee(thinned(video, min(seconds, video.seconds)))
    for (at, _), points in zip(one, track(frame for _, frame in other), strict=False):
        progress.check()
        if points is not None:
            ruler = ruler or FaceRuler(points)
            angles.append(head_angles(ruler.firm, points[list(FIRM)]))
            measured.append(ruler.measure(points))
            looks.append(ruler.look(points))
        times.append(at)
        seen.append(len(angles) - 1)
    if not angles:
        raise no_face_in(video, len(times))
    missed = len(times) - len(angles)
    held, moments = np.maximum(seen, 0), np.array(times)
    head = at_motion_rate(np.array(angles, np.float32)[held], moments)
    head -= np.median(head, axis=0)
    head = smooth(head, _HEAD_SMOOTH * MOTION_FPS)
    measures = at_motion_rate(np.stack(measured)[held], moments)
    lids = closure(measures[:, [MEASURES.index("eye_left"), MEASURES.index("eye_right")]])
    face = None
    if features:
        face = capture(measures, at_motion_rate(np.stack(looks)[held], moments), lids, head)
    return Followed(head, lids, face, held_warnings(video, missed, len(times)))


def head_angles(before: FloatArray, after: FloatArray) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in degrees that turn points (K, 3) into others.

    Size and place do not count. It is a turn about the vertical axis, then about the horizontal
    one, then in the picture.
    """
    turn = rotation(before, after)
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
