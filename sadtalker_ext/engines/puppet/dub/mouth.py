"""Draws one person's mouth in one frame: bends the frame's own pixels, and paints the inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.cutout import Cutout, Part
from sadtalker_ext.engines.puppet.dub.donor import MouthDonor
from sadtalker_ext.engines.puppet.dub.field import mouth_box, mouth_fields
from sadtalker_ext.engines.puppet.dub.lips import LipLines
from sadtalker_ext.engines.puppet.dub.painting import Lips, both_lips, paint_lips, shared
from sadtalker_ext.engines.puppet.dub.speaking import SpeakingFace
from sadtalker_ext.planes import Drawn, Planes
from sadtalker_ext.portrait.filmed.cover import CoverFinder
from sadtalker_ext.portrait.filmed.habits import Habits
from sadtalker_ext.types import Box, FloatArray

_MOVED: Final = (0.04, 0.35)
"""Pixels that skin must move to be drawn anew at all, and wholly."""
_NARROWED: Final = (0.02, 0.15)
"""Share by which the mouth gets narrower from which the ends of its line are left out, and are
wholly: lips of that shape have none."""
_LINE_BEYOND: Final = 0.12
"""How far beyond the corners that line goes on, in halves of the mouth."""
_FROM_CORNER: Final = (0.9, 1.02, 1.45)
"""Where, in the same unit, skin from so far out begins to be shown, is, and no longer is."""


class DubbedMouth:
    """One person's mouth.

    Args:
        habits: The face at rest.
        donor: Gives the inside of the mouth.
        covers: Finds what lies before the mouth.
    """

    def __init__(self, habits: Habits, donor: MouthDonor, covers: CoverFinder) -> None:
        self._habits = habits
        self._donor = donor
        self._covers = covers
        self._speaking = SpeakingFace(habits)

    def draw(
        self,
        planes: Planes,
        points: FloatArray,
        controls: Mapping[str, float],
        skin: FloatArray,
        amount: float,
        smile: FloatArray | None = None,
    ) -> Drawn | None:
        """Return what a frame must change by; None where it cannot be drawn.

        Args:
            planes: The frame; not changed.
            points: (478, 3) mesh points of the face in it.
            controls: What the mouth does.
            skin: (3,) colour of the skin in it.
            amount: 0 leaves the frame as it is .. 1 is the whole way.
            smile: (4, 2) ways of lips that stay as filmed; see `FilmedSmile`.
        """
        pose = self._habits.pose(points)
        target = self._speaking.place(pose, controls, smile)
        width, height = planes.size
        wanted = mouth_box(points, target)
        if wanted[0] >= width or wanted[1] >= height or wanted[2] <= 2 or wanted[3] <= 2:
            return None
        box = planes.inside(wanted)
        cutout = Cutout(planes.rgb(box), box)
        lips = both_lips(points, points + np.float32(amount) * (target - points))
        fields = mouth_fields(points, target, lips.after, box, amount)
        part = _lips_part(lips, box)
        where, ways = cutout.grid + fields.both, None
        if part is not None:
            ways = fields.of_lips(part)
            narrowed = smoothstep(*_NARROWED, 1 - lips.after.half / lips.before.half)
            if narrowed > 0:
                beyond = narrowed * _beyond_corners(lips.after, cutout.grid[part])
                for way in (where[part], *ways):
                    np.add(way, beyond, out=way)
        drawn = cutout.take(where)
        # drawn anew where skin moves, and between the lips
        matte = smoothstep(*_MOVED, fields.moved)
        if part is not None and ways is not None:

            def inside(where: Box) -> FloatArray:
                return self._donor.draw(lips.after, pose, controls, skin, where)

            painted = paint_lips(cutout, part, ways, lips, inside, self._donor.blur)
            drawn[part] += shared(painted.picture - drawn[part], painted.share)
            np.maximum(matte[part], painted.solid, out=matte[part])
        matte *= smoothstep(0.0, 0.5, np.float32(amount))
        cover = self._covers.cover(planes, pose, skin, box)
        if cover is not None:
            matte *= 1 - cover
        return Drawn(box, shared(drawn - cutout.picture, matte))


def _beyond_corners(after: LipLines, grid: FloatArray) -> FloatArray:
    """Return (h, w, 2) how much further out pixels beside the corners come from."""
    offset = grid - after.origin
    along, across = offset @ after.along / after.half, offset @ after.across / after.half
    far = np.abs(along)
    begins, there, ends = _FROM_CORNER
    share = smoothstep(begins, there, far) * smoothstep(ends, there, far)
    out = share * np.exp(-((across / 0.3) ** 2)) * np.sign(along) * (_LINE_BEYOND * after.half)
    beyond: FloatArray = out[..., None].astype(np.float32) * after.along
    return beyond


def _lips_part(lips: Lips, box: Box) -> Part | None:
    """Return rows and columns of the box that the lips' edges can lie in; None outside of it."""
    reach = 0.3 * lips.after.half + 4
    ends = []
    for one in (lips.before, lips.after):
        xs = np.linspace(-1.2, 1.2, len(one.upper), dtype=np.float32)[:, None] * one.half
        ends += [
            one.origin + xs * one.along + line[:, None] * one.across
            for line in (one.upper, one.lower)
        ]
    places = np.concatenate(ends) - np.array(box[:2], np.float32)
    low, high = np.floor(places.min(0) - reach).astype(int), np.ceil(places.max(0) + reach)
    left, top = max(int(low[0]), 0), max(int(low[1]), 0)
    right, bottom = min(int(high[0]), box[2] - box[0]), min(int(high[1]), box[3] - box[1])
    if right - left < 2 or bottom - top < 2:
        return None
    return slice(top, bottom), slice(left, right)
