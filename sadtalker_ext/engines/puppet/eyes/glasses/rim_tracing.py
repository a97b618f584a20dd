"""Rims as connected lines: the one that crosses the root of the nose and goes on around an eye."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.types import Box, FloatArray

Mask = npt.NDArray[np.bool_]

_RIM_GAP = 0.10  # glints and nose pads interrupt a rim by up to this many eye sizes
_RAISE = 1.25  # steps in which the threshold rises


class Features(NamedTuple):
    """Where a ridge is part of the face, each (h, w) over the region."""

    eyes: Mask
    lashes: Mask
    opening: Mask  # its middle, without the corners
    brows: Mask
    above: Mask  # the skin right above the upper lashes


class Rims(NamedTuple):
    """Rims among the dark or among the light lines.

    Attributes:
        pixels: (h, w) where they are.
        contrast: Grey levels up to which they hang together; 0 when there are none.
    """

    pixels: Mask
    contrast: float


def facial_features(eyes: tuple[EyeShape, EyeShape], box: Box) -> Features:
    """Mark where lines belong to eyes and brows.

    Args:
        eyes: The eyes on the left and the right side of the picture.
        box: The region, in picture pixels.
    """
    masks = [np.zeros((box[3] - box[1], box[2] - box[0]), dtype=bool) for _ in range(5)]
    _, height = nose_coordinates(eyes, box)
    for eye in eyes:
        place = _place(eye, box)
        side = np.abs(eye.u)
        eye_zone = (eye.v > eye.upper - 0.13) & (eye.v < eye.lower + 0.12) & (side < 0.6)
        lashes = (eye.v > eye.upper - 0.06) & (eye.v < eye.lower + 0.05) & (side < 0.5)
        opening = (eye.v > eye.upper - 0.02) & (eye.v < eye.lower + 0.08) & (side < 0.36)
        # the brow's own points end at its edges; hair reaches a little further
        brow = (eye.v < eye.brow + 0.05) & (eye.v > eye.brow - 0.4) & (side < 0.8)
        above = (eye.v < eye.upper - 0.10) & (eye.v > eye.upper - 0.3) & (side < 0.6)
        for mask, part in zip(masks, (eye_zone, lashes, opening, brow, above), strict=True):
            mask[place] |= part
    # between the brows, where they may grow together
    top = np.mean([float((eye.brow * eye.size).max()) for eye in eyes])
    masks[3] |= height < min(float(top), -0.2 * eyes[0].size)
    return Features(*masks)


def trace_rims(
    ridge: FloatArray,
    features: Features,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    contrast: float,
) -> Rims:
    """Follow the ridge that crosses the nose and goes on around an eye.

    Args:
        ridge: (h, w) over the region, how far thin lines stand out, in grey levels.
        features: What is part of the face.
        eyes: The eyes on the left and the right side of the picture.
        box: The region, in picture pixels.
        contrast: Grey levels from which a ridge counts.
    """
    bare = ~(features.eyes | features.brows)
    seed = _glasses_structure((ridge > contrast) & bare, eyes, box)
    if seed is None:
        return Rims(np.zeros(ridge.shape, dtype=bool), 0.0)
    # Rims stand out by about the same everywhere. In a picture of strong contrast creases and bags
    # reach the threshold as well and hang together with the rims: raise it as far as the ridge
    # still crosses the nose and goes on.
    while True:
        higher = _glasses_structure((ridge > _RAISE * contrast) & bare & seed, eyes, box)
        if higher is None:
            break
        contrast, seed = _RAISE * contrast, higher
    clear = ridge > max(contrast, 0.5 * float(np.median(ridge[seed])))
    gap = max(1, int(_RIM_GAP * max(eye.size for eye in eyes)))
    grown = _connected_to(seed, (clear & ~features.lashes & ~features.brows) | seed, gap)
    return Rims(grown, contrast)


def _glasses_structure(candidates: Mask, eyes: tuple[EyeShape, EyeShape], box: Box) -> Mask | None:
    """Pick the connected ridge that crosses the nose and goes on around an eye."""
    size = max(eye.size for eye in eyes)
    closed = cv2.morphologyEx(candidates.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels = cv2.connectedComponents(closed)
    along, height = nose_coordinates(eyes, box)
    inner = inner_gap(eyes)
    root = (height > -0.3 * size) & (height < 0.45 * size) & (np.abs(along) < 0.5 * inner)
    for label in np.unique(labels[root & (labels > 0)]):
        part = labels == label
        bridge = along[part & root]
        crosses = bridge.min() < -0.35 * inner and bridge.max() > 0.35 * inner
        if crosses and _goes_around(part, eyes, box, size, along):
            return np.asarray(part & candidates, dtype=bool)
    return None


def _goes_around(
    part: Mask,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    size: float,
    along: FloatArray,
) -> bool:
    """Tell whether a ridge runs below an eye, or past both eyes."""
    for eye in eyes:
        view = part[_place(eye, box)]
        below = view & (eye.v > eye.lower + 0.15) & (np.abs(eye.u) < 0.4)
        columns = np.unique(np.floor((eye.u[below] + 0.4) / 0.8 * 12).astype(int))
        if len(columns) >= 7:
            return True
    return bool(np.ptp(along[part]) > 2.6 * size)


def _place(eye: EyeShape, box: Box) -> tuple[slice, slice]:
    """Locate an eye's patch inside the region."""
    rows = slice(eye.box[1] - box[1], eye.box[3] - box[1])
    return rows, slice(eye.box[0] - box[0], eye.box[2] - box[0])


def nose_coordinates(eyes: tuple[EyeShape, EyeShape], box: Box) -> tuple[FloatArray, FloatArray]:
    """Lay pixel coordinates over the region: along the line of the eyes, and down from it."""
    first, second = (eye.middle for eye in eyes)
    across = (second - first) / max(float(np.linalg.norm(second - first)), 1e-6)
    origin = (first + second) / 2
    x = np.arange(box[0], box[2], dtype=np.float32)[None] - np.float32(origin[0])
    y = np.arange(box[1], box[3], dtype=np.float32)[:, None] - np.float32(origin[1])
    along = np.asarray(x * across[0] + y * across[1], dtype=np.float32)
    height = np.asarray(y * across[0] - x * across[1], dtype=np.float32)
    return along, height


def inner_gap(eyes: tuple[EyeShape, EyeShape]) -> float:
    """Measure the distance between the inner corners in pixels."""
    first, second = (eye.middle for eye in eyes)
    gap = float(np.linalg.norm(second - first)) - (eyes[0].width + eyes[1].width) / 2
    return max(gap, 0.2 * eyes[0].size)


def _connected_to(seed: Mask, candidates: Mask, gap_px: int) -> Mask:
    """Keep the candidates that are connected to the seed, over gaps of at most `gap_px`."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap_px | 1, gap_px | 1))
    closed = cv2.morphologyEx(candidates.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    _, labels = cv2.connectedComponents(closed)
    wanted = np.unique(labels[seed])
    return np.asarray(np.isin(labels, wanted[wanted > 0]) & candidates, dtype=bool)
