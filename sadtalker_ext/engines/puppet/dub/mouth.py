"""Draws one person's mouth in one frame: bends the frame's own pixels, and paints the inside."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.donor import MouthDonor
from sadtalker_ext.engines.puppet.dub.field import Part, mouth_box, mouth_fields
from sadtalker_ext.engines.puppet.dub.lip_edge import PLACES, hidden_edge
from sadtalker_ext.engines.puppet.dub.lips import LipLines, lip_lines, lip_thickness
from sadtalker_ext.engines.puppet.dub.shut import (
    THIN,
    behind_edge,
    between_corners,
    pulled,
    shutting,
)
from sadtalker_ext.engines.puppet.dub.speaking import SpeakingFace
from sadtalker_ext.engines.puppet.mouth.picture_style import edge_blur
from sadtalker_ext.engines.puppet.mouth.sheet_warp import pixel_grid
from sadtalker_ext.pixels import remap
from sadtalker_ext.planes import Drawn, Planes
from sadtalker_ext.portrait.filmed.cover import CoverFinder
from sadtalker_ext.portrait.filmed.habits import Habits
from sadtalker_ext.portrait.filmed.pose import Pose
from sadtalker_ext.types import Box, FloatArray

_PARTED = (0.15, 1.3)
"""Pixels between lips from which the inside begins to show, and shows fully."""
_MOVED = (0.04, 0.35)
"""Pixels that skin must move to be drawn anew at all, and wholly."""
_TOUCHING = (0.4, 2.0)
"""Pixels between lips that touch, and that do not."""
_LINE_ENDS = (1.05, 0.35)
"""Where the line between shut lips has ended, and is as dark as it gets, in the same unit."""
_NARROWED = (0.02, 0.15)
"""Share by which the mouth gets narrower from which the ends of its line are left out, and are
wholly: lips of that shape have none."""
_LINE_BEYOND = 0.12
"""How far beyond the corners that line goes on, in the same unit."""
_FROM_CORNER = (0.9, 1.02, 1.45)
"""Where, in the same unit, skin from so far out begins to be shown, is, and no longer is."""
_SOFTER = 0.4
"""Blur in pixels that is too little to be seen."""
_UNSEEN = 1 / 512
"""Share of the inside of the mouth in a pixel that is less than half a grey level."""
_SEAM = 0.014
"""Half width of the shadow between closed lips, in mouth widths."""
_SEAM_SHADE = np.array([0.26, 0.36, 0.34], np.float32)
"""How much of each colour the shadow takes."""


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
        self._blur = donor.blur

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
        source = planes.rgb(box)
        bent = points + np.float32(amount) * (target - points)
        lines = before, after = lip_lines(points), lip_lines(bent)
        fields = mouth_fields(points, target, after, box, amount)
        part = _lips_part(before, after, box)
        where, ways = _pixels(box) + fields.both, None
        if part is not None:
            ways = fields.of_lips(part)
            narrowed = smoothstep(*_NARROWED, 1 - after.half / before.half)
            if narrowed > 0:
                beyond = narrowed * _beyond_corners(after, _pixels(box)[part])
                for way in (where[part], *ways):
                    np.add(way, beyond, out=way)
        drawn = _taken(source, where, box)
        # drawn anew where skin moves, and between the lips
        matte = smoothstep(*_MOVED, fields.moved)
        if part is not None and ways is not None:
            hidden, both = hidden_edge(source, box, points, before), (drawn[part], matte[part])
            thick = np.stack(
                [lip_thickness(points, before, PLACES), lip_thickness(bent, after, PLACES)]
            )
            thick = np.maximum(thick, THIN * after.half)
            self._paint(both, source, box, part, ways, lines, hidden, thick, pose, controls, skin)
        matte *= smoothstep(0.0, 0.5, np.float32(amount))
        cover = self._covers.cover(planes, pose, skin, box)
        if cover is not None:
            matte *= 1 - cover
        return Drawn(box, _shared(drawn - source, matte))

    def _paint(
        self,
        drawn: tuple[FloatArray, FloatArray],  # picture and matte, over the part
        source: FloatArray,
        box: Box,
        part: Part,
        ways: tuple[FloatArray, FloatArray],
        lines: tuple[LipLines, LipLines],
        hidden: FloatArray,
        thick: FloatArray,
        pose: Pose,
        controls: Mapping[str, float],
        skin: FloatArray,
    ) -> None:
        """Draw both lips and the inside between them, in place, and say so in the matte."""
        before, after = lines
        rows, columns = part
        left, top = box[:2]
        inner = (left + columns.start, top + rows.start, left + columns.stop, top + rows.stop)
        grid = _pixels(inner)
        below_upper, below_lower = after.below(grid)
        above_lower = -below_lower
        blur = edge_blur(np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.float32))
        feather = float(np.clip(1.1 * blur, 0.6, 2.5))
        rim = max(feather, 0.035 * after.half)
        gap_now = below_upper + above_lower
        shuts = shutting(before, after, gap_now)
        aside = np.asarray((grid - after.origin) @ after.along / after.half, np.float32)
        along = np.abs(aside)
        behind = rim + after.half * behind_edge(before, shuts, along)
        lowered = np.interp(aside, PLACES, hidden * (after.half / before.half))
        # lips that touch overlap, so that nothing is seen between them
        overlap = feather * (1 - smoothstep(*_TOUCHING, gap_now))
        upper, lower = _shares(below_upper - overlap, above_lower - overlap, feather)
        between = 1 - upper - lower
        softer = float(np.sqrt(max(blur**2 - self._blur**2, 0.0)))
        if between.max() > _UNSEEN:
            inside = self._donor.draw(after, pose, controls, skin, inner)
            lips = _shared(_softened(inside, softer), between)
        else:
            lips = np.zeros((*between.shape, 3), np.float32)
        teeth = np.maximum(behind, lowered + rim)
        for share, way, depth, back, inward, lip in (
            (upper, ways[0], below_upper, -after.across, behind, thick[:, 0]),
            (lower, ways[1], above_lower, after.across, teeth, thick[:, 1]),
        ):
            room = (np.interp(aside, PLACES, one).astype(np.float32) for one in lip)
            pull = pulled(inward, depth, *room)
            where = grid + way + pull[..., None] * back
            lips += _shared(_taken(source, where, box), share)
        gap_then = _gap_before(before, grid + ways[0], grid + ways[1])
        was, now = smoothstep(*_PARTED, gap_then), smoothstep(*_PARTED, gap_now)
        gaps = (below_upper, above_lower)
        lips *= _line_between(gaps, was * (1 - now), along, after.half, softer)
        parted = np.maximum(np.maximum(was, now), shuts) * between_corners(along, shuts)
        target, matte = drawn
        target += _shared(lips - target, parted)
        outside = np.maximum(-below_upper, -above_lower)
        np.maximum(matte, parted * smoothstep(6 * rim, 2 * rim, outside), out=matte)


def _shared(image: FloatArray, share: FloatArray) -> FloatArray:
    """Return all channels of an image (h, w, 3) times (h, w): numpy takes twice as long."""
    shares = cv2.merge((share, share, share))
    return np.asarray(cv2.multiply(image, shares), np.float32)


def _softened(inside: FloatArray, softer: float) -> FloatArray:
    """Blur what is painted where the head moves, or is out of focus: it is no sharper."""
    if softer <= _SOFTER:
        return inside
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), min(softer, 4.0)), np.float32)


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


def _gap_before(before: LipLines, upper_at: FloatArray, lower_at: FloatArray) -> FloatArray:
    """Return (h, w) how open the frame's own mouth is where pixels of either lip come from."""
    gap_upper = np.subtract(*before.below(upper_at))
    gap_lower = np.subtract(*before.below(lower_at))
    gap: FloatArray = np.minimum(gap_upper, gap_lower)
    return gap


def _shares(
    below_upper: FloatArray, above_lower: FloatArray, feather: float
) -> tuple[FloatArray, FloatArray]:
    """Opacity of the upper and of the lower lip; where both lie, the deeper one shows."""
    ramp = np.float32(1 / (2 * feather))
    upper = np.clip(0.5 - below_upper * ramp, 0, 1)
    lower = np.clip(0.5 - above_lower * ramp, 0, 1)
    deeper = np.clip(0.5 + (below_upper - above_lower) * (ramp / 2), 0, 1)
    return upper * (1 - lower * deeper), lower * (1 - upper * (1 - deeper))


def _line_between(
    gaps: tuple[FloatArray, FloatArray],
    closed: FloatArray,
    along: FloatArray,
    half: float,
    softer: float,
) -> FloatArray:
    """Shade (h, w, 3) of that line as far as lips are closed, and as sharp as the frame is."""
    sharp = 1 / (1 + softer)
    return _seam(*gaps, sharp * closed * smoothstep(*_LINE_ENDS, along), half / sharp)


def _seam(
    below_upper: FloatArray, above_lower: FloatArray, strength: FloatArray, half: float
) -> FloatArray:
    """Shade (h, w, 3) of the line where lips meet that were apart in the frame."""
    width = max(0.9, 2 * _SEAM * half)
    line = np.exp(-(((below_upper - above_lower) / (2 * width)) ** 2))
    touching = 1 - smoothstep(0.0, 2 * width, below_upper + above_lower)
    shade: FloatArray = 1 - (strength * line * touching)[..., None] * _SEAM_SHADE
    return shade


def _lips_part(before: LipLines, after: LipLines, box: Box) -> Part | None:
    """Return rows and columns of the box that the lips' edges can lie in; None outside of it."""
    reach = 0.3 * after.half + 4
    ends = []
    for one in (before, after):
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


def _pixels(box: Box) -> FloatArray:
    left, top, right, bottom = box
    return pixel_grid(left, top, right - left, bottom - top)


def _taken(source: FloatArray, where: FloatArray, box: Box) -> FloatArray:
    """Read the box's pixels at frame places, cubic."""
    x, y = where[..., 0] - box[0], where[..., 1] - box[1]
    taken = remap(source, x, y, cv2.INTER_CUBIC, border=cv2.BORDER_REPLICATE)
    return np.asarray(np.clip(taken, 0, 255, out=taken), np.float32)
