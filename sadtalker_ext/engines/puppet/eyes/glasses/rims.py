"""Glasses in front of the eyes: rims and reflections that a blink must not paint over.

Rims are thin ridges, darker or brighter than the skin, that belong to one connected structure: it
crosses the root of the nose between the eyes and goes on below an eye or past its outer corner.
Lashes, creases and bags can look like rims piece by piece, but they never cross the nose there.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.eyes.glasses.lens_outline import trace_outline
from sadtalker_ext.engines.puppet.eyes.glasses.rim_tracing import (
    Features,
    Mask,
    Rims,
    facial_features,
    inner_gap,
    nose_coordinates,
    trace_rims,
)
from sadtalker_ext.engines.puppet.eyes.lid_skin import cheek_colour
from sadtalker_ext.engines.puppet.soft_fields import blur, luma, widen
from sadtalker_ext.types import Box, FloatArray, ImageArray

_RIM_WIDTH = 0.17  # the thickest rim, in eye sizes
_HIGHLIGHT = 0.05  # how near a rim its highlight lies, in eye sizes
_KNOWN_SHARE = 0.65  # of a completed outline that must have been traced already
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
    features = facial_features(eyes, box)
    threshold = _RIM_CONTRAST * max(skin, 40.0)
    found = [
        _rims_in(ridge, bright, features, eyes, box, threshold)
        for ridge in _ridges(blur(bright, 0.5), size)
    ]
    rims = _agreed(found, size)
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


def _rims_in(
    ridge: FloatArray,
    bright: FloatArray,
    features: Features,
    eyes: tuple[EyeShape, EyeShape],
    box: Box,
    threshold: float,
) -> Rims:
    """Look for rims among the lines of one kind."""
    traced = trace_rims(ridge, features, eyes, box, threshold)
    if traced.contrast:
        completed = _completed(ridge, traced.pixels, eyes, box, threshold)
        return Rims(traced.pixels | completed, traced.contrast)
    outlines = _two_outlines(ridge, bright, features, eyes, box, threshold)
    return Rims(outlines, threshold if outlines.any() else 0.0)


def _agreed(found: list[Rims], size: float) -> Mask:
    """Put dark and light rims together.

    Between two dark lines lies a light one: a lid between rim and brow, say. So the kind that
    stands out more counts, and of the other one what runs along it, as highlights on metal do.
    """
    strong, weak = sorted(found, key=lambda one: one.contrast, reverse=True)
    if not weak.contrast or weak.contrast > 0.8 * strong.contrast:
        return np.asarray(strong.pixels | weak.pixels, dtype=bool)
    reach = max(3, int(_HIGHLIGHT * size)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    near = cv2.dilate(strong.pixels.astype(np.uint8), kernel) > 0
    return np.asarray(strong.pixels | (weak.pixels & near), dtype=bool)


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
    near = cv2.dilate(traced.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    for eye in eyes:
        outline = trace_outline(ridge, traced, eye, box, contrast)
        known = np.mean(near[outline.pixels]) if outline.pixels.any() else 0.0
        if outline.share > 0.6 and known > _KNOWN_SHARE:
            found |= outline.pixels
    return found


def _two_outlines(
    ridge: FloatArray,
    bright: FloatArray,
    features: Features,
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
    along, height = nose_coordinates(eyes, box)
    inner = inner_gap(eyes)
    best = 0.0
    for middle in np.arange(-0.25, 0.36, 0.05):
        band = line & (np.abs(height - middle * size) < 0.09 * size) & (np.abs(along) < inner / 2)
        bins = np.unique(np.floor((along[band] / inner + 0.5) * 12).astype(int))
        best = max(best, len(bins) / 12)
    return best


def _reflections(bright: FloatArray, skin: float, features: Features) -> Mask:
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
