"""What a finished video really shows, measured on its decoded frames.

The face mesh is tracked again on the video, so these numbers see what a viewer sees: rendering,
head turn and compression included. Lengths are shares of the forehead's height (mesh points 10 to
168), which neither speech nor blinks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from benchmarks.lids import lid_gaps
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray, Phoneme

FOREHEAD = (10, 168)
INNER_LIPS = (13, 14)
MOUTH_CORNERS = (61, 291)
LEFT_EYE = (159, 145)
RIGHT_EYE = (386, 374)

_EXACTLY = Interpolation.BICUBIC
"""How colours become RGB."""

if hasattr(Interpolation, "ACCURATE_RND"):  # 13 and 15 lack it
    # without these every picture is darker by more than a grey level
    _EXACTLY = _EXACTLY | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND

OPEN_VOWELS = ("AA", "AE", "AH", "AO", "AW", "AY")
CLOSURES = ("P", "B", "M")


@dataclass(frozen=True)
class FaceTrack:
    """The face of a video, frame by frame.

    Attributes:
        opening: (T,) distance of the inner lips.
        width: (T,) distance of the mouth's corners.
        eyes: (T, 2) opening of the left and right eye, between the middle points of the lids.
        lids: (T, 2) the same between their curves (see `lids`).
        nose: (T, 2) bridge of the nose in pixels.
    """

    opening: FloatArray
    width: FloatArray
    eyes: FloatArray
    lids: FloatArray
    nose: FloatArray


def decode(path: Path) -> Iterator[ImageArray]:
    """Yield the frames of a video as (H, W, 3) uint8 RGB."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24", interpolation=_EXACTLY)


def track_face(frames: Iterable[ImageArray], models: FaceModels) -> FaceTrack:
    """Track the largest face; every frame must show one."""
    rows = []
    for number, mesh in enumerate(models.mesher.track(frames, models.detector)):
        if mesh is None:
            raise ValueError(f"no face in frame {number}")
        rows.append(mesh.points[:, :2])
    points = np.stack(rows)

    def distance(pair: tuple[int, int]) -> FloatArray:
        return np.linalg.norm(points[:, pair[0]] - points[:, pair[1]], axis=1)

    unit = np.median(distance(FOREHEAD))
    return FaceTrack(
        opening=distance(INNER_LIPS) / unit,
        width=distance(MOUTH_CORNERS) / unit,
        eyes=np.stack([distance(LEFT_EYE), distance(RIGHT_EYE)], 1) / unit,
        lids=lid_gaps(points) / unit,
        nose=points[:, FOREHEAD[1]],
    )


def correlation(first: FloatArray, second: FloatArray, lag: int = 0) -> float:
    """Correlate `first[t + lag]` with `second[t]`; a positive lag means that first is late."""
    if lag > 0:
        first, second = first[lag:], second[:-lag]
    elif lag < 0:
        first, second = first[:lag], second[-lag:]
    return float(np.corrcoef(first, second)[0, 1])


def best_lag(first: FloatArray, second: FloatArray, reach: int = 8) -> tuple[int, float]:
    """Return the lag in frames at which two curves agree best, and their correlation there."""
    scores = {lag: correlation(first, second, lag) for lag in range(-reach, reach + 1)}
    lag = max(scores, key=lambda one: scores[one])
    return lag, scores[lag]


def closure_shares(
    opening: FloatArray, phonemes: Sequence[Phoneme], fps: float = 25.0
) -> FloatArray:
    """Return, for every P, B and M, the narrowest opening around it as a share of open vowels'.

    The mouth may lead the sound by up to two frames, so the frames from two before the sound's
    beginning to its end are looked at. For the vowels see `vowel_opening`.
    """
    closed = [
        frames.min() for one in phonemes if len(frames := _shown(opening, one, CLOSURES, fps, 2))
    ]
    return np.array(closed) / vowel_opening(opening, phonemes, fps)


def vowel_opening(opening: FloatArray, phonemes: Sequence[Phoneme], fps: float = 25.0) -> float:
    """Return how far open vowels open: the median of their middles or of their means.

    The smaller of the two medians counts, so that a closure may not take the vowel beside it. No
    lead is allowed for here: the frames shown while the vowel is heard are taken.
    """
    vowels = [one for one in phonemes if one.symbol in OPEN_VOWELS]
    last = len(opening) - 1
    middles = [opening[min(int((one.start + one.end) / 2 * fps), last)] for one in vowels]
    shown = (_shown(opening, one, OPEN_VOWELS, fps, 0) for one in vowels)
    means = [frames.mean() for frames in shown if len(frames)]
    return float(min(np.median(middles), np.median(means)))


def _shown(
    opening: FloatArray, one: Phoneme, wanted: Sequence[str], fps: float, earlier: int
) -> FloatArray:
    """Return the opening while a sound is heard, and some frames earlier; empty if not wanted."""
    if one.symbol not in wanted:
        return opening[:0]
    return opening[max(0, int(one.start * fps) - earlier) : int(one.end * fps) + 1]


def blinks(eyes: FloatArray, fps: float = 25.0) -> tuple[int, float, float]:
    """Return the number of blinks, their rate per minute, and the median depth.

    A blink is a run of frames in which the mean opening of both eyes falls below half of its
    median; its depth is the smallest opening as a share of the median.
    """
    mean = eyes.mean(1)
    usual = float(np.median(mean))
    low = np.concatenate([[False], mean < 0.5 * usual, [False]]).astype(int)
    starts, ends = np.flatnonzero(np.diff(low) == 1), np.flatnonzero(np.diff(low) == -1)
    depths = [mean[a:b].min() / usual for a, b in zip(starts, ends, strict=True)]
    minutes = len(mean) / fps / 60
    return len(depths), len(depths) / minutes, float(np.median(depths)) if depths else 1.0


def stillness(frames: Iterable[ImageArray], picture: ImageArray, away: ImageArray) -> FloatArray:
    """Measure how far the pixels where `away` is true differ from the picture.

    Args:
        frames: Rendered or decoded frames.
        picture: (H, W, 3) uint8, what they should show there.
        away: (H, W) bool, pixels that should stay as they are.

    Returns:
        The mean and the largest absolute difference of any channel, in grey levels. A decoded
        video differs everywhere a little by its compression.
    """
    wanted = picture[away].astype(np.int16)
    total, largest, count = 0.0, 0, 0
    for frame in frames:
        difference = np.abs(frame[away].astype(np.int16) - wanted)
        total, largest = total + float(difference.mean()), max(largest, int(difference.max()))
        count += 1
    if not count:
        raise ValueError("at least one frame is needed")
    return np.array([total / count, largest], np.float32)


def steadiness(frames: Iterable[ImageArray], away: ImageArray) -> float:
    """Return the mean absolute change from frame to frame where `away` is true, in grey levels."""
    changes, last = [], None
    for frame in frames:
        pixels = frame[away].astype(np.int16)
        if last is not None:
            changes.append(float(np.abs(pixels - last).mean()))
        last = pixels
    return float(np.mean(changes))
