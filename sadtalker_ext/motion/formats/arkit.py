"""ARKit weights as JSON, in the shape that Audio2Face and its importers use.

``exportFps``, ``facsNames``, ``weightMat`` (a list per frame) and their counts; beside them, for
whoever knows them, ``headDegrees`` and ``gazeDegrees`` with the signs of `Motion`. Read are also
lists of frames, ``{"frames": [{"time": 0.0, "blendShapes": {"jawOpen": 0.1}}]}``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.formats.numbers import rate, rounded, table
from sadtalker_ext.motion.formats.weights import FaceWeights, gaze_of
from sadtalker_ext.types import FloatArray

SUFFIX = ".arkit.json"


def write(weights: FaceWeights) -> bytes:
    """Return the file of a motion's weights."""
    told = {
        "exportFps": weights.fps,
        "numPoses": len(BLENDSHAPES),
        "numFrames": len(weights.shapes),
        "facsNames": [*BLENDSHAPES],
        "weightMat": rounded(weights.shapes),
        "headDegrees": rounded(weights.head),
        "gazeDegrees": rounded(weights.gaze),
    }
    return json.dumps(told).encode("ascii")


def is_arkit(told: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object is of this format."""
    return "weightMat" in told or ("frames" in told and "controls" not in told)


def read(told: Mapping[str, Any]) -> FaceWeights:
    """Read such an object; blendshapes that it does not name are zero.

    Raises:
        UnreadableMotion: Something in it is missing, or no number.
    """
    if "weightMat" not in told:
        return _of_frames(told.get("frames"))
    names = [str(name) for name in told.get("facsNames", BLENDSHAPES)]
    rows = table(told["weightMat"], len(names), "weightMat")
    shapes = _by_name(names, rows)
    frames = len(shapes)
    head = table(told["headDegrees"], 3, "headDegrees") if "headDegrees" in told else None
    gaze = table(told["gazeDegrees"], 2, "gazeDegrees") if "gazeDegrees" in told else None
    for name, part in (("headDegrees", head), ("gazeDegrees", gaze)):
        if part is not None and len(part) != frames:
            raise UnreadableMotion(f"{name} should have {frames} rows, found {len(part)}.")
    return FaceWeights(
        fps=rate(told.get("exportFps", 30), "exportFps"),
        shapes=shapes,
        head=np.zeros((frames, 3), np.float32) if head is None else head,
        gaze=gaze_of(shapes) if gaze is None else gaze,
    )


def _of_frames(frames: Any) -> FaceWeights:
    if not isinstance(frames, list) or len(frames) < 2:
        raise UnreadableMotion("The motion should be a list of at least two frames.")
    try:
        times = [float(one["time"]) for one in frames]
        weights = [{str(k): float(v) for k, v in one["blendShapes"].items()} for one in frames]
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise UnreadableMotion(
            "Each frame should have a time and blendShapes, numbers by name."
        ) from problem
    names = list(dict.fromkeys(name for one in weights for name in one))
    rows = table([[one.get(name, 0.0) for name in names] for one in weights], len(names), "frames")
    spent = (times[-1] - times[0]) / (len(times) - 1)
    shapes = _by_name(names, rows)
    return FaceWeights(
        fps=rate(1 / spent if spent > 0 else 0, "the times"),
        shapes=shapes,
        head=np.zeros((len(shapes), 3), np.float32),
        gaze=gaze_of(shapes),
    )


def _by_name(names: list[str], rows: FloatArray) -> FloatArray:
    """Sort columns by our names, whatever the case of their first letters."""
    shapes = np.zeros((len(rows), len(BLENDSHAPES)), np.float32)
    known = 0
    for number, name in enumerate(names):
        place = COLUMN.get(name[:1].lower() + name[1:])
        if place is not None:
            shapes[:, place] = rows[:, number]
            known += 1
    if not known:
        raise UnreadableMotion("The motion should name blendshapes of ARKit, found none of them.")
    return shapes
