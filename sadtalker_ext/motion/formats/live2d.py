"""Live2D Cubism's ``motion3.json``: curves of a model's usual parameters.

A drawn model has few of them, so most of a motion is lost: what is left are the turn of the head,
the openness of eyes and mouth, the form of the mouth, gaze, brows and breath. The names are
Cubism's standard ones, L the person's own left, angles in degrees (X to the right of the picture,
Y up, Z clockwise).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from sadtalker_ext.blendshapes import FARTHEST_GAZE
from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.controls import BREATH, BROW, CONTROLS, JAW, ROUND, WIDE, rest
from sadtalker_ext.motion.formats.numbers import rate
from sadtalker_ext.motion.formats.weights import FaceWeights, let_smile_go, to_weights
from sadtalker_ext.types import FloatArray, Motion

SUFFIX = ".motion3.json"
_USUAL_FPS = 30.0
_LONGEST = 6 * 3600.0
_LINEAR, _BEZIER, _STEPPED, _INVERSE = range(4)
_POINTS = {_LINEAR: 1, _BEZIER: 3, _STEPPED: 1, _INVERSE: 1}
"""Points that follow each kind of segment."""
_ON_A_BEZIER = 33


def write(motion: Motion) -> bytes:
    """Return the file of a motion."""
    curves = [
        {"Target": "Parameter", "Id": name, "Segments": _segments(values, motion.fps)}
        for name, values in _parameters(motion).items()
    ]
    segments = sum((len(one["Segments"]) - 2) // 3 for one in curves)
    told = {
        "Version": 3,
        "Meta": {
            "Duration": round(max(len(motion) - 1, 1) / motion.fps, 6),
            "Fps": motion.fps,
            "Loop": False,
            "AreBeziersRestricted": True,
            "CurveCount": len(curves),
            "TotalSegmentCount": segments,
            "TotalPointCount": segments + len(curves),
            "UserDataCount": 0,
            "TotalUserDataSize": 0,
        },
        "Curves": curves,
    }
    return json.dumps(told).encode("ascii")


def is_live2d(told: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object is of this format."""
    return "Curves" in told and "Meta" in told


def read(told: Mapping[str, Any]) -> Motion:
    """Read such an object; parameters that it does not have are at rest.

    Raises:
        UnreadableMotion: It does not follow the format.
    """
    try:
        fps = rate(told["Meta"].get("Fps", _USUAL_FPS), "Fps")
        seconds = float(told["Meta"]["Duration"])
        if not 0 < seconds <= _LONGEST:
            raise UnreadableMotion(f"Duration should be up to {_LONGEST:g} s, found {seconds:g}.")
        times = np.arange(round(seconds * fps) + 1) / fps
        found = {
            str(curve["Id"]): _sampled(curve["Segments"], times)
            for curve in told["Curves"]
            if curve.get("Target") == "Parameter"
        }
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise UnreadableMotion(f"The motion3.json does not follow the format: {problem}.") from None
    return _motion(found, fps, len(times))


def _parameters(motion: Motion) -> dict[str, FloatArray]:
    weights: FaceWeights = to_weights(motion)
    gaze = weights.gaze / np.array(FARTHEST_GAZE)
    form = motion.controls[:, WIDE] - motion.controls[:, ROUND]
    brow = motion.controls[:, BROW]
    made = {
        "ParamAngleX": weights.head[:, 0],
        "ParamAngleY": -weights.head[:, 1],
        "ParamAngleZ": weights.head[:, 2],
        "ParamEyeLOpen": 1 - motion.lids[:, 1],
        "ParamEyeROpen": 1 - motion.lids[:, 0],
        "ParamEyeBallX": np.clip(gaze[:, 0], -1, 1),
        "ParamEyeBallY": np.clip(-gaze[:, 1], -1, 1),
        "ParamBrowLY": brow,
        "ParamBrowRY": brow,
        "ParamMouthForm": np.clip(form, -1, 1),
        "ParamMouthOpenY": motion.controls[:, JAW],
        "ParamBreath": (1 - motion.controls[:, BREATH]) / 2,
    }
    return {name: np.asarray(values, np.float32) for name, values in made.items()}


def _motion(found: Mapping[str, FloatArray], fps: float, frames: int) -> Motion:
    def value(name: str, at_rest: float = 0.0) -> FloatArray:
        return found.get(name, np.full(frames, at_rest, np.float32))

    controls = rest(frames)
    controls[:, JAW] = np.clip(value("ParamMouthOpenY"), 0, 1)
    form = np.clip(value("ParamMouthForm"), -1, 1)
    controls[:, WIDE], controls[:, ROUND] = np.maximum(form, 0), np.maximum(-form, 0)
    let_smile_go(controls, fps)
    controls[:, BROW] = np.clip((value("ParamBrowLY") + value("ParamBrowRY")) / 2, -1, 1)
    controls[:, BREATH] = np.clip(1 - 2 * value("ParamBreath", 0.5), -1, 1)
    head = [value("ParamAngleX"), -value("ParamAngleY"), value("ParamAngleZ")]
    open_eyes = [value("ParamEyeROpen", 1.0), value("ParamEyeLOpen", 1.0)]
    gaze = np.stack([value("ParamEyeBallX"), -value("ParamEyeBallY")], axis=1)
    return Motion(
        fps=fps,
        head=np.stack(head, axis=1).astype(np.float32),
        lids=np.clip(1 - np.stack(open_eyes, axis=1), 0, 1).astype(np.float32),
        gaze=(gaze * np.array(FARTHEST_GAZE)).astype(np.float32),
        controls=controls,
        names=CONTROLS,
    )


def _segments(values: FloatArray, fps: float) -> list[float]:
    """Return a first point, and a straight segment to each of the others."""
    if len(values) == 1:
        values = np.repeat(values, 2)
    told: list[float] = [0, round(float(values[0]), 5)]
    for number, value in enumerate(values[1:], 1):
        told += [_LINEAR, round(number / fps, 6), round(float(value), 5)]
    return told


def _sampled(segments: list[float], times: np.ndarray) -> FloatArray:
    """Return the values of a curve at times in seconds."""
    numbers = [float(one) for one in segments]
    if not np.isfinite(numbers).all():
        raise ValueError("a number is infinite")
    points = [(numbers[0], numbers[1])]
    place = 2
    while place < len(numbers):
        kind = int(numbers[place])
        count = _POINTS[kind]
        flat = numbers[place + 1 : place + 1 + 2 * count]
        ends = list(zip(flat[::2], flat[1::2], strict=True))
        if len(ends) != count:
            raise ValueError("a segment is cut off")
        points += _between(kind, points[-1], ends)
        place += 1 + 2 * count
    at, values = np.array(points).T
    return np.asarray(np.interp(times, np.maximum.accumulate(at), values), np.float32)


def _between(
    kind: int, start: tuple[float, float], ends: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the points that follow `start`, close enough for straight lines between them."""
    last = ends[-1]
    if kind == _STEPPED:
        return [(last[0], start[1]), last]
    if kind == _INVERSE:
        return [(start[0], last[1]), last]
    if kind == _LINEAR:
        return [last]
    t = np.linspace(0, 1, _ON_A_BEZIER)[1:, None]
    first, second = np.array(ends[0]), np.array(ends[1])
    curve = (
        (1 - t) ** 3 * np.array(start)
        + 3 * (1 - t) ** 2 * t * first
        + 3 * (1 - t) * t**2 * second
        + t**3 * np.array(last)
    )
    return [(float(x), float(y)) for x, y in curve]
