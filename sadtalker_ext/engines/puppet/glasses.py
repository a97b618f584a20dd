"""Glasses in front of the eyes: rims and reflections that a blink must not paint over.

Rims are thin ridges, darker or brighter than the skin, that belong to one connected structure: it
crosses the root of the nose between the eyes and goes on below an eye or past its outer corner.
Lashes, creases and bags can look like rims piece by piece, but they never cross the nose there.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.lens_outline import trace_outline
from sadtalker_ext.engines.puppet.lid_skin import cheek_colour, luma
from sadtalker_ext.engines.puppet.soft_fields import blur, widen
from sadtalker_ext.types import Box, FloatArray, ImageArray

Mask = npt.NDArray[np.bool_]

_RIM_WIDTH = 0.17  # the thickest rim, in eye sizes
_RIM_GAP = 0.10  # glints and nose pads interrupt a rim by up to this many eye sizes
_RIM_CONTRAST = 0.10  # of the brightness of the skin


def find_rims(
    picture: ImageArray, points: FloatArray, eyes: tuple[EyeShape, EyeShape]
) -> FloatArray | None:
    """Look for glasses.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points.
        eyes: The eyes on the left and the right side of the picture.

    Returns:
        (H, W) float32 0..1, 1 on rims and on reflections of the glass; None without glasses.
    """
    size = max(eye.size for eye in eyes)
    box = _region(eyes, size, picture)
    left, top, right, bottom = box
    bright = luma(picture[top:bottom, left:right])
    skin = float(luma(cheek_colour(picture, points)))
    features = _facial_features(eyes, box)
    threshold = _RIM_CONTRAST * max(skin, 40.0)
    ridges = _ridges(blur(bright, 0.5), size)
    rims = np.zeros(bright.shape, dtype=bool)
    for ridge in ridges:
        traced = _trace_rims(ridge, features, eyes, box, threshold)
        rims |= traced
        rims |= (
            _completed(ridge, traced, eyes, box, threshold)
            if traced.any()
            else _two_outlines(ridge, bright, features, eyes, box, threshold)
        )
    if not rims.any():
        return None
    # lids, not glass, border the middle of the eyeball; a rim may well cross its corners
    rims &= ~features.opening
    rims |= _reflections(bright, skin, features)
    whole = np.zeros(picture.shape[:2], dtype=np.float32)
    soft = blur(widen(rims.astype(np.float32), 3), 0.6)
    whole[top:bottom, left:right] = np.minimum(1.3 * soft, 1.0)
    return whole


def is_covered(patch: ImageArray, shape: EyeShape, skin: float) -> bool:
    """Tell whether something dark and even lies over the eye: sunglasses, a patch, hair.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye.
        skin: Brightness of the bare skin of this face, 0..255.
    """
    bright = luma(patch)
    across = np.abs(shape.u) < 0.4
    inside = bright[across & (shape.v > shape.upper) & (shape.v < shape.lower)]
    above = bright[across & (shape.v > shape.upper - 0.2) & (shape.v < shape.upper - 0.08)]
    below = bright[across & (shape.v > shape.lower + 0.1) & (shape.v < shape.lower + 0.25)]
    if min(len(inside), len(above), len(below)) < 4:
        return False
    low, high = np.percentile(inside, [10, 90])
    even = high - low < 0.22 * skin
    return bool(even and max(high, np.median(above), np.median(below)) < 0.45 * skin)


def _region(eyes: tuple[EyeShape, EyeShape], size: float, picture: ImageArray) -> Box:
    boxes = np.array([eye.box for eye in eyes])
    pad = int(0.35 * size)
    low = np.maximum(boxes[:, :2].min(0) - pad, 0)
    high = np.minimum(boxes[:, 2:].max(0) + pad, (picture.shape[1], picture.shape[0]))
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _ridges(bright: FloatArray, size: float) -> tuple[FloatArray, FloatArray]:
    """Measure how far thin dark and thin light lines stand out from both sides, in grey levels."""
    reach = max(3, int(_RIM_WIDTH * size)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    dark = cv2.morphologyEx(bright, cv2.MORPH_BLACKHAT, kernel)
    light = cv2.morphologyEx(bright, cv2.MORPH_TOPHAT, kernel)
    return np.asarray(dark, dtype=np.float32), np.asarray(light, dtype=np.float32)


class _Features(NamedTuple):
    """Where a ridge is part of the face, each (h, w) over the region."""

    eyes: Mask
    lashes: Mask
    opening: Mask  # its middle, without the corners
    brows: Mask
    above: Mask  # the skin right above the upper lashes


def _facial_features(eyes: tuple[EyeShape, EyeShape], box: Box) -> _Features:
    masks = [np.zeros((box[3] - box[1], box[2] - box[0]), dtype=bool) for _ in range(5)]
    _, height = _nose_coordinates(eyes, box)
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
    return _Features(*masks)


def _place(eye: EyeShape, box: Box) -> tuple[slice, slice]:
    """Locate an eye's patch inside the region."""
    rows = slice(eye.box[1] - box[1], eye.box[3] - box[1])
    return rows, slice(eye.box[0] - box[0], eye.box[2] - box[0])


def _trace_rims(
    ridge: FloatArray,
    features: _Features,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    contrast: float,
) -> Mask:
    """Follow the ridge that crosses the nose and goes on around an eye; empty if there is none."""
    bare = ~(features.eyes | features.brows)
    structure = _glasses_structure((ridge > contrast) & bare, eyes, box)
    if structure is None:
        return np.zeros(ridge.shape, dtype=bool)
    # rims stand out by about the same everywhere; what is fainter is a crease that they touch
    clear = ridge > max(contrast, 0.5 * float(np.median(ridge[structure])))
    seed = _glasses_structure(clear & bare, eyes, box)
    seed = structure & clear if seed is None else seed
    gap = max(1, int(_RIM_GAP * max(eye.size for eye in eyes)))
    return _connected_to(seed, (clear & ~features.lashes & ~features.brows) | seed, gap)


def _glasses_structure(candidates: Mask, eyes: tuple[EyeShape, EyeShape], box: Box) -> Mask | None:
    """Pick the connected ridge that crosses the nose and goes on around an eye."""
    size = max(eye.size for eye in eyes)
    closed = cv2.morphologyEx(candidates.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3)))
    _, labels = cv2.connectedComponents(closed)
    along, height = _nose_coordinates(eyes, box)
    inner = _inner_gap(eyes)
    root = (height > -0.3 * size) & (height < 0.45 * size) & (np.abs(along) < 0.5 * inner)
    for label in np.unique(labels[root & (labels > 0)]):
        part = labels == label
        bridge = along[part & root]
        crosses = bridge.min() < -0.35 * inner and bridge.max() > 0.35 * inner
        if crosses and _goes_around(part, eyes, box, size, along):
            return np.asarray(part & candidates, dtype=bool)
    return None


def _goes_around(
    part: Mask, eyes: tuple[EyeShape, EyeShape], box: Box, size: float, along: FloatArray
) -> bool:
    """Tell whether a ridge runs below an eye, or past both eyes."""
    for eye in eyes:
        view = part[_place(eye, box)]
        below = view & (eye.v > eye.lower + 0.15) & (np.abs(eye.u) < 0.4)
        columns = np.unique(np.floor((eye.u[below] + 0.4) / 0.8 * 12).astype(int))
        if len(columns) >= 7:
            return True
    return bool(np.ptp(along[part]) > 2.6 * size)


def _nose_coordinates(eyes: tuple[EyeShape, EyeShape], box: Box) -> tuple[FloatArray, FloatArray]:
    """Lay pixel coordinates over the region: along the line of the eyes, and down from it."""
    first, second = (eye.middle for eye in eyes)
    across = (second - first) / max(float(np.linalg.norm(second - first)), 1e-6)
    origin = (first + second) / 2
    x = np.arange(box[0], box[2], dtype=np.float32)[None] - np.float32(origin[0])
    y = np.arange(box[1], box[3], dtype=np.float32)[:, None] - np.float32(origin[1])
    along = np.asarray(x * across[0] + y * across[1], dtype=np.float32)
    height = np.asarray(y * across[0] - x * across[1], dtype=np.float32)
    return along, height


def _inner_gap(eyes: tuple[EyeShape, EyeShape]) -> float:
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


def _completed(
    ridge: FloatArray,
    traced: Mask,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    threshold: float,
) -> Mask:
    """Find the parts of the rims that brows, lashes or glare cut off from the traced structure."""
    contrast = max(threshold, 0.35 * float(np.median(ridge[traced])))
    found = np.zeros(ridge.shape, dtype=bool)
    for eye in eyes:
        outline = trace_outline(ridge, traced, eye, box, contrast)
        if outline.share > 0.6:
            found |= outline.pixels
    return found


def _two_outlines(
    ridge: FloatArray,
    bright: FloatArray,
    features: _Features,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    threshold: float,
) -> Mask:
    """Find rims whose bridge is too faint to be followed: both outlines must be nearly complete.

    In a wrinkled or coarsely painted face lines surround the eyes as well, so there they have to
    stand out more.
    """
    texture = float(np.median(ridge[~(features.eyes | features.brows)]))
    contrast = max(threshold, 8.0 * texture)
    nothing = np.zeros(ridge.shape, dtype=bool)
    outlines = [trace_outline(ridge, nothing, eye, box, contrast) for eye in eyes]
    complete = all(outline.share > 0.85 and outline.lower_share > 0.8 for outline in outlines)
    if complete and _bridge_share(bright, eyes, box, 0.5 * threshold) > 0.7:
        return np.asarray(outlines[0].pixels | outlines[1].pixels, dtype=bool)
    return nothing


def _bridge_share(
    bright: FloatArray, eyes: tuple[EyeShape, EyeShape], box: Box, contrast: float
) -> float:
    """Measure which share of the way between the eyes a level line crosses, at its best height."""
    size = max(eye.size for eye in eyes)
    kernel = np.ones((max(3, int(_RIM_WIDTH * size)) | 1, 1), np.uint8)  # upright: level lines only
    dark = cv2.morphologyEx(bright, cv2.MORPH_BLACKHAT, kernel)
    light = cv2.morphologyEx(bright, cv2.MORPH_TOPHAT, kernel)
    line = blur(np.maximum(dark, light), 0.5) > contrast
    along, height = _nose_coordinates(eyes, box)
    inner = _inner_gap(eyes)
    best = 0.0
    for middle in np.arange(-0.25, 0.36, 0.05):
        band = line & (np.abs(height - middle * size) < 0.09 * size) & (np.abs(along) < inner / 2)
        bins = np.unique(np.floor((along[band] / inner + 0.5) * 12).astype(int))
        best = max(best, len(bins) / 12)
    return best


def _reflections(bright: FloatArray, skin: float, features: _Features) -> Mask:
    """Mark glare of the glass: very bright spots that cross the upper lashes out of the eye.

    The white of an eye is as bright, but it ends at the lashes.
    """
    glare = bright > np.clip(1.3 * skin, 215.0, 242.0)
    count, labels = cv2.connectedComponents(glare.astype(np.uint8))
    chosen = np.zeros(count, dtype=bool)
    chosen[np.unique(labels[features.above])] = True
    total = np.bincount(labels.ravel(), minlength=count)
    inside = np.bincount(labels[features.opening], minlength=count)
    chosen &= (inside > 0) & (inside < 0.7 * total)
    chosen[0] = False
    return np.asarray(chosen[labels], dtype=bool)
