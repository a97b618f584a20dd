"""A face that a network drew anew, laid into a frame of a video: only what speaks is taken.

The frame's own pixels stay outside of the outline, bit by bit. Inside, the drawn pixels are given
the frame's colours, because a network's light and contrast are its own.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.compositor.colours import matched_colours
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.planes import Drawn, Planes, Repainted, box_around
from sadtalker_ext.types import FloatArray

_FADE = 0.16
"""Width of the soft edge, inside the outline, in sizes of the outline."""
_EDGE = 0.03
"""The same along the border of the square, beyond which nothing was drawn, in its sides."""
_GRID = 96
"""Longer side of the grid on which colours are compared."""


def repaint(planes: Planes, drawn: Repainted) -> Drawn | None:
    """Return what a frame must change by; None where nothing of it is seen.

    Args:
        planes: The frame; not changed.
        drawn: The square.
    """
    box = box_around(planes, drawn.outline)
    if drawn.amount <= 0 or box is None:
        return None
    matte = _matte(drawn, box)
    if drawn.cover is not None:
        matte = matte * (1 - drawn.cover)
    if not matte.any():
        return None
    source = planes.rgb(box)
    new = _moved(drawn, box)
    size = float(np.sqrt(np.prod(np.ptp(drawn.outline, axis=0))))
    new = _in_colours_of(new, source, matte, size)
    return Drawn(box, (new - source) * (matte * np.float32(drawn.amount))[..., None])


def _matte(drawn: Repainted, box: tuple[int, int, int, int]) -> FloatArray:
    """Return (h, w) how much is taken: 0 at the outline, 1 from a soft edge inwards on."""
    left, top, right, bottom = box
    # one pixel more on each side, so that the border of the frame is no edge of the outline
    inside = np.zeros((bottom - top + 2, right - left + 2), np.uint8)
    hull = cv2.convexHull((drawn.outline - (left - 1, top - 1)).astype(np.float32))
    cv2.fillConvexPoly(inside, np.rint(hull).astype(np.int32), 255)
    whole = np.pad(inside[1:-1, 1:-1], 1, mode="edge")
    away = np.asarray(cv2.distanceTransform(whole, cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    low, high = drawn.outline.min(0), drawn.outline.max(0)
    fade = max(_FADE * float(np.sqrt(np.prod(high - low))), 1.0)
    matte = smoothstep(0.0, fade, away[1:-1, 1:-1] - 0.5)
    edge = _EDGE * drawn.side
    for axis, (begin, end) in enumerate(((left, right), (top, bottom))):
        at = np.arange(begin, end, dtype=np.float32) + 0.5 - np.float32(drawn.corner[axis])
        near = smoothstep(0.0, edge, np.minimum(at, np.float32(drawn.side) - at))
        matte = matte * (near[None, :] if axis == 0 else near[:, None])
    return np.asarray(matte, np.float32)


def _moved(drawn: Repainted, box: tuple[int, int, int, int]) -> FloatArray:
    """Return the square's pixels where they belong in the box, (h, w, 3) float32."""
    left, top, right, bottom = box
    scale = len(drawn.pixels) / drawn.side
    # pixel centres lie at whole numbers in both
    shift = [(edge + 0.5 - float(drawn.corner[i])) * scale - 0.5 for i, edge in enumerate(box[:2])]
    back = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    pixels = drawn.pixels
    if scale > 1:
        # averaged where it gets smaller, so that nothing flickers
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), max(0.35 * scale, 0.1)), np.uint8)
    found = cv2.warpAffine(
        pixels.astype(np.float32),
        back,
        (right - left, bottom - top),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    moved: FloatArray = np.clip(np.asarray(found, np.float32), 0, 255)
    return moved


def _in_colours_of(
    new: FloatArray, source: FloatArray, matte: FloatArray, size: float
) -> FloatArray:
    height, width = matte.shape
    scale = min(_GRID / max(height, width), 1.0)
    cells = (max(round(width * scale), 2), max(round(height * scale), 2))
    small = [
        np.asarray(np.rint(cv2.resize(one, cells, interpolation=cv2.INTER_AREA)), np.uint8)
        for one in (new, source)
    ]
    mask = np.asarray(cv2.resize(matte, cells, interpolation=cv2.INTER_AREA), np.float32)
    gain, shift = matched_colours(small[0], small[1], mask, size * scale)
    whole = np.asarray(cv2.resize(shift, (width, height)), np.float32)
    coloured: FloatArray = np.clip(new * gain + whole, 0, 255)
    return coloured
