"""Paints both lips of one frame, and what is seen between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.dub.cutout import Cutout, Part
from sadtalker_ext.engines.puppet.dub.lip_edge import PLACES, lip_edges
from sadtalker_ext.engines.puppet.dub.lips import LipLines, lip_lines, lip_thickness
from sadtalker_ext.engines.puppet.dub.shut import (
    THIN,
    behind_edge,
    between_corners,
    pulled,
    shutting,
)
from sadtalker_ext.types import Box, FloatArray

_PARTED: Final = (0.15, 1.3)
"""Pixels between lips from which the inside begins to show, and shows fully."""
_TOUCHING: Final = (0.4, 2.0)
"""Pixels between lips that touch, and that do not."""
_LINE_ENDS: Final = (1.05, 0.35)
"""Where the line between shut lips has ended, and is as dark as it gets, in halves of the mouth."""
_SOFTER: Final = 0.4
"""Blur in pixels that is too little to be seen."""
_UNSEEN: Final = 1 / 512
"""Share of the inside of the mouth in a pixel that is less than half a grey level."""
_SEAM: Final = 0.014
"""Half width of the shadow between closed lips, in mouth widths."""
_SEAM_SHADE: Final = np.array([0.26, 0.36, 0.34], np.float32)
"""How much of each colour the shadow takes."""

Inside = Callable[[Box], FloatArray]
"""Draws the inside of the mouth, (h, w, 3) RGB, in a box of the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Lips:
    """Both lips of a frame, as filmed and as they will be.

    Attributes:
        before: Their edges as filmed.
        after: The same as they will be.
        thick: (2, 2, N) pixels of thickness at `PLACES`, as filmed and as they will be, of the
            upper and of the lower lip.
    """

    before: LipLines
    after: LipLines
    thick: FloatArray


def both_lips(points: FloatArray, bent: FloatArray) -> Lips:
    """Return the lips of (478, 3) mesh points in a frame, and of those that they will have."""
    lines = lip_lines(points), lip_lines(bent)
    thick = [
        lip_thickness(mesh, one, PLACES) for mesh, one in zip((points, bent), lines, strict=True)
    ]
    return Lips(*lines, np.stack(thick))


@dataclass(frozen=True, slots=True, eq=False)
class Painted:
    """What is painted over a part of a frame.

    Attributes:
        picture: (h, w, 3) RGB.
        share: (h, w) how far it takes the place of skin that is only bent, 0..1.
        solid: (h, w) the same, fading out beyond the lips: where no old skin may shine through.
    """

    picture: FloatArray
    share: FloatArray
    solid: FloatArray


def paint_lips(
    cutout: Cutout,
    part: Part,
    ways: tuple[FloatArray, FloatArray],
    lips: Lips,
    inside: Inside,
    inside_blur: float,
) -> Painted:
    """Paint both lips and the inside between them.

    Args:
        cutout: The frame around the mouth.
        part: What of it is painted.
        ways: (h, w, 2) where pixels on the upper and on the lower lip's side come from, minus the
            pixel.
        lips: The lips.
        inside: Draws what is between them.
        inside_blur: How sharp that is, as the standard deviation of a blur in pixels.
    """
    before, after = lips.before, lips.after
    grid = cutout.grid[part]
    below_upper, below_lower = after.below(grid)
    gaps = below_upper, -below_lower
    gap_now = gaps[0] + gaps[1]
    feather = float(np.clip(1.1 * cutout.blur, 0.6, 2.5))
    rim = max(feather, 0.035 * after.half)
    shuts = shutting(before, after, gap_now)
    aside = np.asarray((grid - after.origin) @ after.along / after.half, np.float32)
    # lips that touch overlap, so that nothing is seen between them
    overlap = feather * (1 - smoothstep(*_TOUCHING, gap_now))
    shares = _shares(gaps[0] - overlap, gaps[1] - overlap, feather)
    between = 1 - shares[0] - shares[1]
    softer = float(np.sqrt(max(cutout.blur**2 - inside_blur**2, 0.0)))
    if between.max() > _UNSEEN:
        picture = shared(_softened(inside(cutout.box_of(part)), softer), between)
    else:
        picture = np.zeros((*between.shape, 3), np.float32)
    pulls = _pulls(cutout, lips, gaps, rim, shuts, aside)
    for share, way, pull, back in zip(
        shares, ways, pulls, (-after.across, after.across), strict=True
    ):
        picture += shared(cutout.take(grid + way + pull[..., None] * back), share)
    was = smoothstep(*_PARTED, _gap_before(before, grid + ways[0], grid + ways[1]))
    now = smoothstep(*_PARTED, gap_now)
    along = np.abs(aside)
    picture *= _line_between(gaps, was * (1 - now), along, after.half, softer)
    parted = np.maximum(np.maximum(was, now), shuts) * between_corners(along, shuts)
    outside = np.maximum(-gaps[0], -gaps[1])
    return Painted(picture, parted, parted * smoothstep(6 * rim, 2 * rim, outside))


def _pulls(
    cutout: Cutout,
    lips: Lips,
    gaps: tuple[FloatArray, FloatArray],
    rim: float,
    shuts: FloatArray,
    aside: FloatArray,
) -> list[FloatArray]:
    """Return for both lips (h, w) how many pixels further into them what is seen lies.

    Args:
        cutout: The frame around the mouth.
        lips: The lips.
        gaps: (h, w) pixels from the edge of each lip, less than 0 on it.
        rim: Pixels at its edge that are mixed with what is behind it.
        shuts: (h, w) how far an open mouth is shut.
        aside: (h, w) places along the mouth, in halves of it.
    """
    before, after = lips.before, lips.after
    edges, told = lip_edges(cutout, before, lips.thick[0])
    thick = np.maximum(lips.thick, THIN * after.half)
    found = []
    for lip, depth in enumerate(gaps):
        unseen = after.half * behind_edge(before, shuts, np.abs(aside), float(told[lip]))
        edge = edges[lip] * (after.half / before.half)
        begins, *room = (
            np.interp(aside, PLACES, one).astype(np.float32) for one in (edge, *thick[:, lip])
        )
        inward = rim + np.maximum(unseen + np.minimum(begins, 0), begins)
        found.append(pulled(inward, depth, *room))
    return found


def shared(image: FloatArray, share: FloatArray) -> FloatArray:
    """Return all channels of an image (h, w, 3) times (h, w): numpy takes twice as long."""
    shares = cv2.merge((share, share, share))
    return np.asarray(cv2.multiply(image, shares), np.float32)


def _softened(inside: FloatArray, softer: float) -> FloatArray:
    """Blur what is painted where the head moves, or is out of focus: it is no sharper."""
    if softer <= _SOFTER:
        return inside
    return np.asarray(cv2.GaussianBlur(inside, (0, 0), min(softer, 4.0)), np.float32)


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
