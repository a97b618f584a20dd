"""Which frames of a video show the inside of the mouth best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.lips import LipLines, lip_lines
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, measure_mouth
from sadtalker_ext.engines.puppet.mouth.picture_style import luma
from sadtalker_ext.pixels import sample
from sadtalker_ext.planes import Planes
from sadtalker_ext.portrait.filmed.habits import Habits, openings, widths
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.shot.steady import SteadyFace, SteadyTrack
from sadtalker_ext.types import Box, FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.spec import FramesOf

_SEARCHED_FRAMES: Final = 2500
"""Frames among which the ones that show the mouth best are looked for."""
_LOOKS: Final = 12
_WIDE_LOOKS: Final = 6
_APART: Final = 8
"""Frames between two looks at least: neighbours show the same."""
_SPOKEN: Final = (0.05, 0.09)
"""Openings between these, in face widths, show the upper teeth: a shout hides them."""
_WIDE: Final = (0.11, 0.15)
"""Openings between these show what lies below the teeth."""
_LEAST_WIDE: Final = 0.075
_BRIGHT: Final = (0.5, 0.85)
"""Light below the upper teeth, as a share of the skin's, of a mouth with a tongue there, and of one
that shows lower teeth before anything else; what lies deeper is seen in the first."""
_TEETH_FOUND: Final = (0.0, 0.3)
"""Share of the upper teeth from which the mouth below them is told from the lip above them."""
_BELOW_LIP = (0.08, 0.03)
"""How far below the lip, in half-widths, teeth are hardly upper ones, and certainly are."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A face cut out of one frame.

    Attributes:
        picture: (h, w, 3) uint8 RGB.
        points: (478, 3) mesh points in its pixels.
        skin: (3,) colour of its skin.
        pose: Of its head, in its pixels.
        mouth: Its mouth.
        lines: The edges of its lips.
        merit: How much of the mouth it is expected to show, and how well.
        teeth: How much of the upper teeth it shows, 0..1.
        deep: How deep one sees below them, 0..1.
    """

    picture: ImageArray
    points: FloatArray
    skin: FloatArray
    pose: Pose
    mouth: MouthFrame
    lines: LipLines
    merit: float
    teeth: float
    deep: float

    @property
    def clear(self) -> float:
        """How clear it is what lies below the upper teeth, 0..1; where none are found, hardly."""
        return self.deep * (0.5 + 0.5 * float(smoothstep(*_TEETH_FOUND, self.teeth)))


def best_looks(track: SteadyTrack, habits: Habits, frames_of: FramesOf) -> tuple[Look, Look | None]:
    """Return the look that shows the upper teeth best, and one at a mouth open wider, if any.

    Args:
        track: The face; it is seen at least once.
        habits: The same at rest.
        frames_of: Gives frames of the video.
    """
    spoken, wide = _merits(track, habits)
    chosen, wider = _best(spoken, _LOOKS), _best(wide, _WIDE_LOOKS)
    looks: dict[int, Look] = {}
    for number, planes in frames_of(sorted({*chosen, *wider})):
        face = track.at(number)
        if face is not None:
            looks[number] = _look(planes, face, habits, spoken[number])
    first = showing_teeth([looks[number] for number in chosen if number in looks])
    found = [(wide[one], looks[one]) for one in wider if one in looks and wide[one] > 0]
    return first, max(found, key=lambda one: one[0] * one[1].clear, default=(0.0, None))[1]


def showing_teeth(looks: Sequence[Look]) -> Look:
    """Return the look that shows the most teeth, and shows them well; of the best where none does.

    Teeth count by the root of a look's merit: where both rows are seen from the side, with a dark
    line between them, lower teeth are taken for upper ones.

    Args:
        looks: At least one.
    """
    return max(looks, key=lambda one: (one.teeth * max(one.merit, 0.0) ** 0.5, one.merit))


def _merits(track: SteadyTrack, habits: Habits) -> tuple[dict[int, float], dict[int, float]]:
    """Return how much of the mouth frames are expected to show, by number: spoken, and wide."""
    seen = track.frames
    tried = np.unique(np.linspace(0, len(seen) - 1, _SEARCHED_FRAMES).astype(int))
    usual = max(float(widths(habits.own[None])[0]), 1e-6)
    spoken: dict[int, float] = {}
    wide: dict[int, float] = {}
    for number in seen[tried].tolist():
        face = track.at(number)
        if face is None:
            continue
        pose = habits.pose(face.points)
        own = pose.undo(face.points)[None]
        opening, width = float(openings(own)[0]), float(widths(own)[0])
        yaw, pitch = pose.angles
        frontal = np.exp(-((yaw / 25) ** 2) - ((pitch / 30) ** 2))
        seen_well = float(frontal) * min(pose.scale, 2.0) ** 0.5
        spoken[number] = _fitting(opening, _SPOKEN) * seen_well
        if opening > _LEAST_WIDE:
            spread = min(width / usual, 1.0) ** 2
            wide[number] = _fitting(opening, _WIDE) * seen_well * spread
    return spoken, wide


def _fitting(opening: float, best: tuple[float, float]) -> float:
    """Return 1 between two openings, less below and above."""
    low, high = best
    return min(opening, low) / low - max(opening - high, 0.0) / high


def _best(merits: Mapping[int, float], most: int) -> list[int]:
    """Return numbers of the frames of most merit, no two of them near, best first."""
    chosen: list[int] = []
    for number in sorted(merits, key=lambda one: -merits[one]):
        if all(abs(number - other) >= _APART for other in chosen):
            chosen.append(number)
        if len(chosen) == most:
            break
    return chosen


def _look(planes: Planes, face: SteadyFace, habits: Habits, merit: float) -> Look:
    """Cut a face out of a frame."""
    low, high = face.points[:, :2].min(0), face.points[:, :2].max(0)
    reach = 0.15 * float((high - low).max())
    left, top = (int(v) for v in low - reach)
    right, bottom = (int(v) + 1 for v in high + reach)
    box: Box = planes.inside((left, top, right, bottom))
    points = face.points.copy()
    points[:, :2] -= np.array(box[:2], np.float32)
    picture = np.asarray(np.rint(planes.rgb(box)), np.uint8)
    mouth, lines = measure_mouth(picture, points), lip_lines(points)
    return Look(
        picture=picture,
        points=points,
        skin=face.skin,
        pose=habits.pose(points),
        mouth=mouth,
        lines=lines,
        merit=merit,
        teeth=_upper_teeth(mouth, lines),
        deep=_depth(picture, mouth, face.skin),
    )


def _depth(picture: ImageArray, mouth: MouthFrame, skin: FloatArray) -> float:
    """Return how deep one sees below the upper teeth, 0..1."""
    x, down = np.meshgrid(np.linspace(-0.6, 0.6, 25), np.linspace(0.15, 0.85, 8))
    top = mouth.upper if mouth.teeth is None else mouth.teeth.bottom
    first, last = (np.interp(x, mouth.xs, curve) for curve in (top, mouth.lower))
    y = first + down * np.maximum(last - first, 0)
    seen = sample(picture, mouth.picture(x.astype(np.float32), y.astype(np.float32)))
    bright = float(luma(seen.astype(np.float32)).mean()) / max(float(luma(skin)), 1.0)
    return 1 - 0.7 * float(smoothstep(*_BRIGHT, bright))


def _upper_teeth(mouth: MouthFrame, lines: LipLines) -> float:
    """Return how much of the upper teeth a look shows, 0..1.

    What is found far below the upper lip is the lower row, or both rows with a dark line between.
    """
    if mouth.teeth is None:
        return 0.0
    middle = np.abs(mouth.xs) < 0.6
    below = mouth.upper - lines.at(mouth.xs, lines.upper) / lines.half
    trust = smoothstep(*_BELOW_LIP, below[middle].mean())
    return float(mouth.teeth.shown.mean()) * float(trust)
