"""The background continued behind the person."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fields import as_picture, blur, grid, sample, spread_colours
from sadtalker_ext.types import FloatArray, ImageArray

_ALIKE = 40.0
"""Grey levels by which the rim of a hole may differ from what fills it and still be background."""


def fill_hole(
    picture: ImageArray, hole: ImageArray, *, depth: float, rim: float = 0.0
) -> ImageArray:
    """Continue the surroundings of a hole into it.

    Near its edge the hole shows the mirror image of what lies outside, which keeps texture and
    grain; deeper inside, or where the mirror image would itself lie in the hole, a smooth
    continuation takes over. Loose hair lies beside the hole, so its rim is not mirrored; but the
    light of the rim is met, so that no seam shows.

    Args:
        picture: (H, W, 3) uint8.
        hole: (H, W) uint8, 1 inside the hole.
        depth: Pixels from the edge at which only the smooth continuation is left.
        rim: Pixels round the hole that are not mirrored.
    """
    if not hole.any() or hole.all():
        return picture.copy()
    side = 2 * round(rim) + 1
    wide = cv2.dilate(hole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    if wide.all():
        wide = hole
    colours = picture.astype(np.float32)
    smooth = spread_colours(colours, 1.0 - wide.astype(np.float32))
    distance, nearest = _nearest_edge(np.asarray(wide, np.uint8))
    source = 2.0 * blur(nearest, 2.0) - grid(*hole.shape)
    mirrored = sample(np.where(wide[..., None] > 0, smooth, colours), source)
    outside = sample(1.0 - wide.astype(np.float32), source)
    trust = blur(outside * (1.0 - smoothstep(0.4 * depth, depth, distance)), 1.5)
    filled = smooth + trust[..., None] * (mirrored - smooth)
    missed = colours - filled
    alike = np.exp(-((missed / _ALIKE) ** 2).sum(-1)) * ((wide > 0) & (hole == 0))
    if float(alike.max()) > 0.01:
        filled += spread_colours(missed, np.asarray(alike, np.float32))
    filled = np.where(hole[..., None] > 0, filled, picture)
    return as_picture(np.asarray(filled, np.float32))


def _nearest_edge(hole: ImageArray) -> tuple[FloatArray, FloatArray]:
    """Return the distance to the nearest pixel outside the hole and that pixel's x and y."""
    distance, labels = cv2.distanceTransformWithLabels(
        hole, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(hole == 0)
    nearest = np.zeros((int(labels.max()) + 1, 2), np.float32)
    nearest[labels[rows, columns]] = np.stack([columns, rows], 1)
    return np.asarray(distance, np.float32), nearest[labels]
