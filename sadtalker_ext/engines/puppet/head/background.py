"""The background continued behind the person."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.fields import as_picture, blur, grid, sample, spread_colours
from sadtalker_ext.types import FloatArray, ImageArray

_ALIKE = 40.0
"""Grey levels by which the rim of a hole may differ from what fills it and still be background."""

_STRANGE = (60.0, 120.0)
"""Grey levels by which a mirror image may differ from the smooth continuation, beyond twice the
background's roughness: more is an object of its own, and a piece of it would lie by the head."""
_PAGE_EDGE = 0.06
"""How far from the borders, as a share of the shorter side, a page or a print may end."""
_PAGE_DIFFERS = 60.0
_JUMP = 3.0
"""Pixels between the nearest edges of neighbours from which their mirror images do not meet."""
_AROUND = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (9, 9))


def fill_hole(
    picture: ImageArray, hole: ImageArray, *, depth: float, rim: float = 0.0
) -> ImageArray:
    """Continue the surroundings of a hole into it.

    Near its edge the hole shows the mirror image of what lies outside, which keeps texture and
    grain; deeper inside, or where the mirror image would itself lie in the hole, a smooth
    continuation takes over. Loose hair lies beside the hole, so its rim is not mirrored; but the
    light of the rim is met, so that no seam shows. Edges of a page, objects of their
    own, and places where mirror images of different edges would meet are not mirrored.

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
    wide = np.maximum(wide, _page_edge(colours, np.asarray(wide, np.uint8)))
    smooth = spread_colours(colours, 1.0 - wide.astype(np.float32))
    distance, nearest = _nearest_edge(np.asarray(wide, np.uint8))
    source = 2.0 * blur(nearest, 2.0) - grid(*hole.shape)
    mirrored = sample(np.where(wide[..., None] > 0, smooth, colours), source)
    outside = sample(1.0 - wide.astype(np.float32), source)
    outside *= 1.0 - smoothstep(0.4 * depth, depth, distance)
    strange = np.abs(mirrored - smooth).max(-1) - 2.0 * _roughness(colours, wide == 0)
    doubt = np.maximum(_folded(nearest, distance), smoothstep(*_STRANGE, strange))
    outside *= 1.0 - cv2.dilate(np.asarray(doubt, np.float32), _AROUND)
    trust = blur(np.asarray(outside, np.float32), 1.5)
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


def _page_edge(colours: FloatArray, wide: ImageArray) -> ImageArray:
    """Return (H, W) uint8, 1 at the edges of a page or a print: they end with it and go on nowhere.

    Within a sixteenth of the picture's borders, what differs much from the background farther
    inside.
    """
    height, width = wide.shape
    margin = max(2, round(_PAGE_EDGE * min(height, width)))
    band = np.ones((height, width), np.bool_)
    band[margin:-margin, margin:-margin] = False
    inner = (wide == 0) & ~band
    if not inner.any():
        return np.zeros_like(wide)
    usual = spread_colours(colours, inner.astype(np.float32))
    differs = np.abs(colours - usual).max(-1) > _PAGE_DIFFERS
    return np.asarray(band & differs, np.uint8)


def _roughness(colours: FloatArray, outside: npt.NDArray[np.bool_]) -> float:
    """Return by how many grey levels the background differs from what is around, as a deviation."""
    fine = np.square(colours - blur(colours, 8.0)).max(-1)
    return float(np.sqrt(fine[outside].mean())) if outside.any() else 0.0


def _folded(nearest: FloatArray, distance: FloatArray) -> FloatArray:
    """Return (H, W) 1 where mirror images of different edges meet, 0 elsewhere."""
    jump = np.zeros(distance.shape, np.float32)
    for axis in (0, 1):
        step = np.abs(np.diff(nearest, axis=axis)).max(-1)
        jump[: step.shape[0], : step.shape[1]] = np.maximum(
            jump[: step.shape[0], : step.shape[1]], step
        )
    return np.asarray(jump > np.maximum(_JUMP, distance), np.float32)
