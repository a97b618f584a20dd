"""How much life a finished video shows: motion of head, brows and irises, and its blinks.

``python -m benchmarks.life VIDEO... --json OUT`` follows the face of every video, made or filmed,
and measures it (what people do is in docs/measurements.md):

* head: standard deviation of yaw, pitch and roll, mean speed of yaw, spectral centres;
* brows: standard deviation of their height above the eyes, in face heights;
* irises: standard deviation of their place along the open eye, in eye widths;
* apart: largest difference between the closures of the two lids while either is closing;
* edges: new strong edges above closing lids, as in `blink_look`, 90th percentile of the frames.

While an eye is shut the mesh may carry its corners off (half an eye width behind tinted glasses),
so the skin above it is looked at where the steady points of the face say that it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks.blink_look import EYES, edges_beyond, eye_view, slopes
from benchmarks.lids import lid_gaps
from benchmarks.measure import decode
from benchmarks.subject import face_models
from sadtalker_ext.motion.face_measures import FIRM
from sadtalker_ext.motion.tracking import head_angles
from sadtalker_ext.portrait import topology
from sadtalker_ext.types import MOTION_FPS, FloatArray, ImageArray

OPEN, CLOSING = 0.85, 0.75
"""Of the usual gap between the lids: more is an open eye, less a closing one."""
_CORNERS = {eye.upper[end] for eye in EYES for end in (0, -1)}
STEADY = [point for point in FIRM if point not in _CORNERS]
"""The firm points without the corners of the eyes."""
_BROWS, _INNER_CORNERS = (105, 334), (133, 362)
_SLOW, _FAST = 0.05, 6.0
"""Hz between which a spectral centre is taken."""
_COMPARED = 6
"""Open frames next to a closing one that it is compared with."""


def motion_statistics(points: FloatArray, fps: float) -> dict[str, float]:
    """Measure the motion of a followed face.

    Args:
        points: (T, 478, 3) mesh points.
        fps: Frames per second.
    """
    firm = points[:, STEADY]
    usual = np.median(firm, axis=0)
    angles = np.array([head_angles(usual, one) for one in firm])
    up = points[:, topology.FOREHEAD, :2] - points[:, topology.CHIN, :2]
    height = np.linalg.norm(up, axis=1)
    above = points[:, _BROWS, :2].mean(1) - points[:, _INNER_CORNERS, :2].mean(1)
    brows = (above * up).sum(1) / height / np.median(height)
    yaw, pitch, roll = (float(one) for one in angles.std(0))
    return {
        "yaw_sd_deg": yaw,
        "pitch_sd_deg": pitch,
        "roll_sd_deg": roll,
        "yaw_speed_deg_per_s": float(np.abs(np.diff(angles[:, 0])).mean() * fps),
        "yaw_centre_hz": spectral_centre(angles[:, 0], fps),
        "pitch_centre_hz": spectral_centre(angles[:, 1], fps),
        "brow_sd_faces": float(brows.std()),
        "iris_sd_eyes": _irises(points),
    }


def spectral_centre(curve: FloatArray, fps: float) -> float:
    """Return the mean frequency of a curve (T,), weighted by power, in Hz."""
    moved = (curve - curve.mean()) * np.hanning(len(curve))
    power = np.abs(np.fft.rfft(moved)) ** 2
    rates = np.fft.rfftfreq(len(curve), 1 / fps)
    used = (rates > _SLOW) & (rates < _FAST)
    return float((power[used] * rates[used]).sum() / max(float(power[used].sum()), 1e-12))


def closures_of(points: FloatArray) -> FloatArray:
    """Return the gap between the lids of both eyes, (T, 2), 1 as usual .. 0 shut."""
    gaps = lid_gaps(points)
    return gaps / np.maximum(np.median(gaps, axis=0), 1e-6)


def _irises(points: FloatArray) -> float:
    opened = closures_of(points).mean(1) > OPEN
    found = []
    for eye in EYES:
        first, last = (points[opened, end, :2] for end in (eye.upper[0], eye.upper[-1]))
        across = last - first
        away = points[opened, eye.iris[0], :2] - (first + last) / 2
        found.append(float(((away * across).sum(1) / (across**2).sum(1)).std()))
    return float(np.mean(found))


def blink_statistics(frames: list[ImageArray], points: FloatArray) -> dict[str, float | None]:
    """Measure the blinks of a followed face.

    Args:
        frames: (H, W, 3) uint8 RGB each.
        points: (T, 478, 3) mesh points in them.

    Returns:
        None where no eye closes.
    """
    gaps = closures_of(points)
    usual = np.median(gaps.mean(1))
    opened = np.flatnonzero(gaps.mean(1) > OPEN * usual)
    closing = np.flatnonzero(gaps.mean(1) < CLOSING * usual)
    if len(opened) < 3 or not len(closing):
        return {"lids_apart": None, "edges": None}
    apart = float(np.abs(gaps[closing, 0] - gaps[closing, 1]).max())
    found = [_new_edges(frames, points, int(row), opened) for row in closing]
    return {"lids_apart": apart, "edges": float(np.percentile(found, 90))}


def _new_edges(frames: list[ImageArray], points: FloatArray, row: int, opened: FloatArray) -> float:
    """Return the largest share of new strong edges above either eye in one frame."""
    near = opened[np.argsort(np.abs(opened - row))[:_COMPARED]]
    place = np.mean([carried(points[one], points[row]) for one in near], axis=0)
    worst = 0.0
    for eye in EYES:
        views = [eye_view(points[one], eye) for one in near]
        before = np.max([slopes(v.of(frames[i])) for v, i in zip(views, near, strict=True)], axis=0)
        view = eye_view(place, eye)
        worst = max(worst, edges_beyond(before, view.of(frames[row]), views[0].above))
    return worst


def carried(open_points: FloatArray, points: FloatArray) -> FloatArray:
    """Return the points (478, 2) of an open face where the steady ones of another frame say."""
    matrix, _ = cv2.estimateAffine2D(
        open_points[STEADY, :2].astype(np.float32),
        points[STEADY, :2].astype(np.float32),
        method=cv2.LMEDS,
    )
    return np.c_[open_points[:, :2], np.ones(len(open_points))] @ np.asarray(matrix).T


def measure_video(path: Path) -> dict[str, Any]:
    """Follow the largest face of a video and measure it; every frame must show one."""
    models = face_models()
    frames = list(decode(path))
    meshes = list(models.mesher.track(frames, models.detector))
    missed = [number for number, mesh in enumerate(meshes) if mesh is None]
    if missed:
        raise ValueError(f"no face in frame {missed[0]} of {path}")
    points = np.stack([mesh.points for mesh in meshes if mesh is not None])
    with av.open(str(path)) as container:
        fps = float(container.streams.video[0].average_rate or MOTION_FPS)
    return measure_face(frames, points, fps)


def measure_face(frames: list[ImageArray], points: FloatArray, fps: float) -> dict[str, Any]:
    """Measure a followed face, see `motion_statistics` and `blink_statistics`."""
    row = motion_statistics(points, fps) | blink_statistics(frames, points)
    return {key: None if one is None else round(one, 4) for key, one in row.items()}


def main() -> int:
    """Measure the videos of the command line, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--json", type=Path, help="write the results here")
    parsed = parser.parse_args()
    found = {}
    for path in parsed.videos:
        found[path.name] = measure_video(path)
        print(path.name, json.dumps(found[path.name]), flush=True)
    if parsed.json:
        parsed.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
