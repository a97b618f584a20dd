"""How far each blendshape of the emotions moves the drawn face, tracked again on the video.

``python -m benchmarks.face_controls --portraits FOLDER --half second [--json OUT]`` makes one short
encoded video of every portrait in which each blendshape is shown at 0.5 and at 1.0, tracks its
frames, each anew, and measures how far landmarks have moved the way they should, in percent of
the face's width (of the opening of the undirected eye for lids). Where the mesh sees nothing,
because it has learned that cheeks and noses do not move, the picture itself is followed from the
undirected frame to the directed one (Lucas and Kanade's optical flow). A blendshape is right on a
face when both strengths move it the right way and the half is not farther than the whole.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from benchmarks.directed_faces import all_frames, portraits_of
from benchmarks.subject import face_models
from sadtalker_ext.portrait.find import track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import FloatArray, ImageArray

STRENGTHS = (0.5, 1.0)
_SEEN = 0.1
"""Percent below which nothing has moved."""
_SLACK = 0.2
"""Percent by which the half may be farther than the whole: the tracker trembles as much."""
_PLAIN = "undirected"


class Way(NamedTuple):
    """What a blendshape moves: points left and right, what from, and which way counts."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    origin: tuple[int, ...]
    direction: str


_EYES, _NOSE = (33, 263), (1,)
WAYS: Mapping[str, Way] = {
    "browInnerUp": Way((55, 107), (285, 336), (168,), "up"),
    "browDown": Way((55, 52, 107), (285, 282, 336), (168,), "down"),
    "browOuterUp": Way((63, 53, 70), (293, 283, 300), _EYES, "up"),
    "eyeWide": Way((159,), (386,), (145, 374), "lids apart"),
    "eyeSquint": Way((159,), (386,), (145, 374), "lids together"),
    "cheekSquint": Way((50, 117), (280, 346), _EYES, "flow up"),
    "noseSneer": Way((129, 64), (358, 294), _EYES, "flow up"),
    "mouthSmile": Way((61,), (291,), _NOSE, "up and out"),
    "mouthFrown": Way((61,), (291,), _NOSE, "down"),
    "mouthDimple": Way((61,), (291,), _NOSE, "out"),
    "mouthStretch": Way((61,), (291,), _NOSE, "out"),
    "mouthUpperUp": Way((81, 82, 37), (311, 312, 267), _NOSE, "up"),
    "mouthLowerDown": Way((178, 87, 84), (402, 317, 314), _NOSE, "down"),
    "mouthShrugLower": Way((18, 17), (18, 17), _NOSE, "up"),
    "mouthPucker": Way((61,), (291,), _NOSE, "in"),
    "jawOpen": Way((152,), (152,), _NOSE, "down"),
}


def moved(
    way: Way, before: FloatArray, after: FloatArray, sides: tuple[int, ...] = (-1, 1)
) -> float:
    """Return the way in percent, positive where it is the right one.

    Args:
        way: What should move.
        before: (478, 2 or more) mesh points of the undirected frame.
        after: Those of the directed frame.
        sides: Whose mean it is: -1 for the left side of the picture, 1 for its right one; lids are
            always taken together.
    """
    across = before[454] - before[234]
    width = float(np.linalg.norm(across))
    lateral = across[:2] / max(float(np.linalg.norm(across[:2])), 1e-6)
    upward = before[10, :2] - before[152, :2]
    upward = upward - lateral * (upward @ lateral)
    upward = upward / max(float(np.linalg.norm(upward)), 1e-6)
    if way.direction.startswith("lids"):
        open_eye = [
            float(np.mean([(p[159] - p[145])[:2] @ upward, (p[386] - p[374])[:2] @ upward]))
            for p in (before, after)
        ]
        sign = 1 if way.direction.endswith("apart") else -1
        return 100 * sign * (open_eye[1] - open_eye[0]) / max(open_eye[0], 1e-6)
    found = []
    for side in sides:
        points = way.left if side < 0 else way.right
        here, there = (
            p[list(points), :2].mean(0) - p[list(way.origin), :2].mean(0) for p in (before, after)
        )
        up, out = float((there - here) @ upward), side * float((there - here) @ lateral)
        found.append(
            {"up": up, "down": -up, "out": out, "in": -out, "up and out": up + out}[
                way.direction.removeprefix("flow ")
            ]
        )
    return 100 * float(np.mean(found)) / width


def flowed(before: ImageArray, after: ImageArray, points: FloatArray) -> FloatArray:
    """Return where (478, 2 or more) points of one frame lie in another, by the picture alone."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after)]
    start = np.ascontiguousarray(points[:, None, :2], np.float32)
    width = float(np.linalg.norm(points[454] - points[234]))
    window = max(9, round(0.12 * width) | 1)
    ends, _, _ = cv2.calcOpticalFlowPyrLK(
        grey[0], grey[1], start, np.zeros_like(start), winSize=(window, window), maxLevel=2
    )
    return np.asarray(ends[:, 0], np.float32)


def measure(frames: Mapping[str, ImageArray], models: FaceModels) -> dict[str, list[float]]:
    """Return, for every blendshape, the ways at 0.5 and at 1.0 in percent."""
    plain = frames[_PLAIN]
    labels = list(frames)
    tracked = {label: next(iter(track_points([frames[label]], models))) for label in labels}
    before = tracked[_PLAIN]
    result: dict[str, list[float]] = {}
    if before is None:
        return result
    for name, way in WAYS.items():
        ways = []
        for strength in STRENGTHS:
            label = f"{name} {strength}"
            after = tracked[label]
            if way.direction.startswith("flow"):
                after = flowed(plain, frames[label], before)
            ways.append(float("nan") if after is None else round(moved(way, before, after), 2))
        result[name] = ways
    return result


def right(ways: list[float]) -> bool:
    """Tell whether both strengths go the right way, the half at most as far as the whole."""
    half, whole = ways
    return bool(half > _SEEN and whole > _SEEN and half <= whole + _SLACK)


def main() -> int:
    """Draw, track, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portraits", type=Path, help="a folder of faces; the example without")
    parser.add_argument("--half", choices=("all", "first", "second"), default="all")
    parser.add_argument("--only", nargs="*", help="names of portraits")
    parser.add_argument("--json", type=Path, help="write the results here")
    given = parser.parse_args()
    directions: dict[str, dict[str, Any]] = {_PLAIN: {}}
    for name in WAYS:
        for strength in STRENGTHS:
            directions[f"{name} {strength}"] = {"control": {name: strength}}
    models = face_models()
    chosen = portraits_of(given.portraits, given.half)
    if given.only:
        chosen = [one for one in chosen if one.stem in given.only]
    found = {
        name: measure(frames, models)
        for name, frames in all_frames(chosen, directions, models, still=True)
    }
    for name in WAYS:
        rows = [one[name] for one in found.values() if name in one]
        wrong = [face for face, one in found.items() if name in one and not right(one[name])]
        halves, wholes = (sorted(row[k] for row in rows) for k in range(2))
        print(
            f"{name:16} right on {sum(map(right, rows))} of {len(rows)}; "
            f"0.5: {halves[0]:.1f} to {halves[-1]:.1f}, 1.0: {wholes[0]:.1f} to {wholes[-1]:.1f}; "
            f"not on: {', '.join(wrong) or 'none'}"
        )
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
