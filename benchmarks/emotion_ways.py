"""How far each emotion moves what its recipe moves, tracked again on the finished video.

An emotion is many blendshapes at once, and some pull against each other: lids that are tensed
against lids that are wide, a brow that is drawn down against its inner end that is raised. Of such
a pair the stronger one must be seen; every other blendshape that `face_controls` can measure must
be seen as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.face_controls import STRENGTHS, WAYS, flowed, moved, right
from sadtalker_ext.blendshapes import picture_side
from sadtalker_ext.directions import EMOTIONS
from sadtalker_ext.motion.emotions import recipe
from sadtalker_ext.portrait.find import track_points
from sadtalker_ext.portrait.models import FaceModels
from sadtalker_ext.types import ImageArray

PLAIN = "neutral 1.0"
_LEAST = 0.2
"""Weight at full strength below which nothing need be seen."""
_OPPOSED = (
    ("browInnerUp", "browDown"),
    ("browOuterUp", "browDown"),
    ("eyeWide", "eyeSquint"),
    ("mouthSmile", "mouthFrown"),
    ("mouthLowerDown", "mouthShrugLower"),
    ("mouthStretch", "mouthPucker"),
)


def expected(emotion: str) -> dict[str, tuple[int, ...]]:
    """Return which measurable blendshapes an emotion must show, and on which sides.

    Returns:
        By the name without its side: -1 for the left side of the picture, 1 for its right one.
    """
    weights: dict[str, float] = {}
    sides: dict[str, set[int]] = {}
    for name, weight in recipe(emotion).items():
        base = name.removesuffix("Left").removesuffix("Right")
        weights[base] = max(weight, weights.get(base, 0.0))
        where = picture_side(name)
        sides.setdefault(base, set()).update({where} if where else {-1, 1})
    for pair in _OPPOSED:
        weaker = min(pair, key=lambda name: weights.get(name, 0.0))
        weights.pop(weaker, None)
    return {
        name: tuple(sorted(sides[name]))
        for name, weight in weights.items()
        if name in WAYS and weight >= _LEAST
    }


def measure(
    frames: Mapping[str, ImageArray], models: FaceModels
) -> dict[str, dict[str, list[float]]]:
    """Return, by emotion and blendshape, the ways at 0.5 and at 1.0 in percent.

    Args:
        frames: Those of one portrait by "emotion strength", the undirected one as `PLAIN`.
        models: The small face models.
    """
    before = next(iter(track_points([frames[PLAIN]], models)))
    result: dict[str, dict[str, list[float]]] = {}
    if before is None:
        return result
    for emotion in EMOTIONS[1:]:
        ways: dict[str, list[float]] = {name: [] for name in expected(emotion)}
        for strength in STRENGTHS:
            frame = frames[f"{emotion} {strength}"]
            tracked = next(iter(track_points([frame], models)))
            for name, sides in expected(emotion).items():
                way, after = WAYS[name], tracked
                if way.direction.startswith("flow"):
                    after = flowed(frames[PLAIN], frame, before)
                far = float("nan") if after is None else moved(way, before, after, sides)
                ways[name].append(round(far, 2))
        result[emotion] = ways
    return result


def table(found: Mapping[str, Mapping[str, Mapping[str, list[float]]]]) -> list[dict[str, Any]]:
    """Return one row for every emotion and blendshape over the portraits of `found`."""
    rows = []
    for emotion in EMOTIONS[1:]:
        for name in expected(emotion):
            ways = {face: one[emotion][name] for face, one in found.items() if emotion in one}
            rows.append(
                {
                    "emotion": emotion,
                    "blendshape": name,
                    "right": sum(right(one) for one in ways.values()),
                    "faces": len(ways),
                    "half": _range([one[0] for one in ways.values()]),
                    "whole": _range([one[1] for one in ways.values()]),
                    "not on": [face for face, one in ways.items() if not right(one)],
                }
            )
    return rows


def _range(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values)) if values else (float("nan"), float("nan"))
