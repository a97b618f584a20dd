"""Whether a dubbed video says what was intended, and leaves everything else as it was.

``python -m benchmarks.dubbing VIDEO SPEECH OUT.mp4`` measures any clip; `run` a made one: the
example portrait says one thing and is dubbed with another.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.measure import best_lag, correlation, decode
from benchmarks.subject import SPEECH, face_models, puppet_video
from sadtalker_ext.dubbing.make import DubTools, make_dub
from sadtalker_ext.dubbing.request import DubRequest, DubRole
from sadtalker_ext.engines.puppet.dub.dubber import PuppetDubber
from sadtalker_ext.engines.puppet.spec import SPEC
from sadtalker_ext.motion.controls import JAW, PRESS
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.portrait import topology
from sadtalker_ext.progress import Progress
from sadtalker_ext.types import VideoFile
from sadtalker_ext.weights.store import WeightStore

REACHED = 0.25
"""A closure is reached where the opening is less than this share of that of open vowels."""
_SAID_SECONDS = (2.5, 3.0)


class Observed:
    """Remembers what the mouth was asked to do in every frame, and the time it took.

    Where the last frame is held for a longer speech, what it was asked first counts: that is what
    the frame of the same number shows in the file.
    """

    def __init__(self, dubbing: Any, rows: dict[int, np.ndarray], spent: list[float]) -> None:
        self._dubbing, self._rows, self._spent = dubbing, rows, spent

    @property
    def batch(self):
        return self._dubbing.batch

    def plan(self, *asked):
        return self._dubbing.plan(*asked)

    def draw(self, frames):
        for one in frames:
            self._rows.setdefault(one.number, np.array(one.row))
        began = time.thread_time()
        drawn = self._dubbing.draw(frames)
        self._spent += [(time.thread_time() - began) / len(frames)] * len(frames)
        return drawn


class _ObservedDubber:
    """Lets everybody it teaches be observed."""

    def __init__(self, dubber: Any, rows: dict[int, np.ndarray], spent: list[float]) -> None:
        self._dubber, self._rows, self._spent = dubber, rows, spent

    def learn(self, *asked):
        return Observed(self._dubber.learn(*asked), self._rows, self._spent)


def run() -> dict[str, Any]:
    """Make a talking head, dub it, and measure."""
    models = face_models()
    own, other = _SAID_SECONDS
    options = GenerateOptions(seed=1, audio_end=own, provenance="metadata")
    with tempfile.TemporaryDirectory() as name:
        from sadtalker_ext.inputs.audio import open_speech

        speech = open_speech(SPEECH, end=own)
        with puppet_video(options, speech=speech, models=models) as made:
            return measured(
                made[0].path,
                SPEECH,
                Path(name) / "dubbed.mp4",
                GenerateOptions(
                    seed=1, audio_start=other, audio_end=other + own, provenance="metadata"
                ),
            )


def measured(video: Path, speech: Path, output: Path, options: GenerateOptions) -> dict[str, Any]:
    """Dub a video and measure the result against the video and the intention."""
    models = face_models()
    request = DubRequest(
        video=video,
        output=output,
        roles=(DubRole(speech=speech),),
        options=options,
        overwrite=True,
    )
    made, rows, spent = dub_observed(request, models)
    return {
        "frames": made.frames,
        "timings": {name: round(value, 2) for name, value in made.timings.items()},
        "drawing_processor_ms_per_frame": round(1000 * float(np.mean(spent)), 1),
        **compared(video, made.path, rows, models),
    }


def dub_observed(
    request: DubRequest, models: Any
) -> tuple[VideoFile, dict[int, np.ndarray], list[float]]:
    """Dub a video; return it, the controls of every frame, and the seconds each drawing took."""
    rows: dict[int, np.ndarray] = {}
    spent: list[float] = []
    store = WeightStore.standard()
    dubber = _ObservedDubber(PuppetDubber(store.require), rows, spent)
    tools = DubTools(spec=SPEC, dubber=dubber, models=models, store=store)
    return make_dub(request, tools, Progress()), rows, spent


def compared(video: Path, dubbed: Path, rows: dict[int, np.ndarray], models: Any) -> dict[str, Any]:
    """Compare a dubbed video with its source, frame by frame."""
    gaps, own_gaps, intended, press = [], [], [], []
    outside, seams, still = [], [], []
    tracks = [models.mesher.track(decode(path), models.detector) for path in (video, dubbed)]
    last: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    for number, (one, written, before, after) in enumerate(
        zip(decode(video), decode(dubbed), *tracks, strict=False)
    ):
        if before is None or after is None or number not in rows:
            last = None
            continue
        other = written[: one.shape[0], : one.shape[1]]
        own_gaps.append(_gap(before.points))
        gaps.append(_gap(after.points))
        intended.append(float(rows[number][JAW]))
        press.append(float(rows[number][PRESS]))
        change = np.abs(one.astype(np.float32) - other).mean(-1)
        inside = _mouth_region(before.points, one.shape)
        outside.append(float(change[~inside].mean()))
        if number % 5 == 0:
            ring = _ring(change, inside)
            if ring.any():
                seams.append((_gradient(other)[ring].mean(), _gradient(one)[ring].mean()))
        near = _near(inside)
        if last is not None:
            where = near & last[2]
            moved = [
                float(np.abs(now[where].astype(np.float32) - then[where]).mean())
                for now, then in ((one, last[0]), (other, last[1]))
            ]
            still.append(moved)
        last = (one, other, near)
    opening, wanted = np.array(gaps), np.array(intended)
    lag, at_lag = best_lag(opening, wanted)
    reached, count = _closures(opening, wanted, np.array(press))
    seam, flicker = np.array(seams).mean(0), np.array(still).mean(0)
    return {
        "opening_against_intended_r": round(correlation(opening, wanted), 3),
        "best_lag_frames": lag,
        "r_at_best_lag": round(at_lag, 3),
        "filmed_opening_against_intended_r": round(correlation(np.array(own_gaps), wanted), 3),
        "closures": count,
        "closures_reached": reached,
        "outside_grey_levels": round(float(np.mean(outside)), 3),
        "seam_gradient_ratio": round(float(seam[0] / seam[1]), 3),
        "flicker_ratio": round(float(flicker[1] / flicker[0]), 3),
    }


def _gap(points: np.ndarray) -> float:
    upper = points[list(topology.LIPS_INNER_UPPER[3:8])]
    lower = points[list(topology.LIPS_INNER_LOWER[3:8])]
    unit = np.linalg.norm(points[10, :2] - points[168, :2])
    return float(np.linalg.norm((lower - upper)[:, :2], axis=1).mean() / unit)


def _closures(opening: np.ndarray, jaw: np.ndarray, press: np.ndarray) -> tuple[int, int]:
    """Return how many intended closures the lips reach, and how many there are."""
    wide = float(np.median(opening[jaw > np.quantile(jaw, 0.75)]))
    closed = np.concatenate([[False], press > 0.95, [False]])
    runs = np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2)
    shares = [opening[max(a - 1, 0) : b + 1].min() / wide for a, b in runs]
    return int(sum(share <= REACHED for share in shares)), len(shares)


def _mouth_region(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Cheeks to chin, and the neck that gives way under the chin."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    size = float((high - low).max())
    nose = points[topology.NOSE_TIP, 1] - 0.12 * size
    mask = np.zeros(shape[:2], bool)
    left, right = int(low[0] - 0.12 * size), int(high[0] + 0.12 * size)
    top, bottom = int(max(nose, 0)), int(high[1] + 0.35 * size)
    mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return mask


def _ring(change: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The border of what was drawn anew."""
    drawn = (cv2.GaussianBlur(change, (0, 0), 3) > 2.0) & inside
    solid = cv2.morphologyEx(drawn.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    wide = cv2.dilate(solid, np.ones((5, 5), np.uint8))
    return (wide > 0) & (cv2.erode(solid, np.ones((5, 5), np.uint8)) == 0)


def _near(inside: np.ndarray) -> np.ndarray:
    wide = cv2.dilate(inside.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    return wide & ~inside


def _gradient(frame: np.ndarray) -> np.ndarray:
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    if len(sys.argv) > 1:
        asked = GenerateOptions(seed=1, audio_end=8.0, provenance="metadata")
        found = measured(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), asked)
    else:
        found = run()
    print(json.dumps(found, indent=2))
