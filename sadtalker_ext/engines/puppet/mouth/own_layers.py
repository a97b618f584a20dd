"""Layers cut from an open mouth of the picture: its upper teeth, and what lies below them.

The teeth stay on the skull and what lies below goes with the jaw; each is continued beyond what the
picture shows of it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle, luma
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

DEEP = 0.25
"""Height below the teeth, in halves of the mouth, from which the picture's own mouth is kept."""


def lay_own_teeth(
    drawn: FloatArray,
    picture: ImageArray,
    frame: MouthFrame,
    style: PictureStyle,
    pixels: FloatArray,
) -> FloatArray:
    """Give a drawn row of upper teeth the picture's own teeth, and their colour beside and below.

    Args:
        drawn: (h, w, 4) premultiplied layer of the row.
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        style: The picture's sharpness.
        pixels: (h, w, 2) picture coordinates of the layer's pixels.
    """
    teeth = frame.teeth
    if teeth is None:
        return drawn
    x, y = frame.local(pixels)
    within = np.abs(x) < 0.97
    top, bottom = (np.interp(x, frame.xs, curve) for curve in (teeth.top, teeth.bottom))
    shown = np.interp(x, frame.xs, teeth.shown) * within
    edge = max(0.8, 0.6 * style.blur) / frame.half_width
    inside = (y > top + edge) & (y < bottom - edge) & (shown > 0.5)
    if inside.sum() < 4:
        inside = (y > top) & (y < bottom) & (shown > 0.5)
    if not inside.any():
        return drawn
    source = sample(picture, pixels, cv2.INTER_NEAREST)
    colour = _continued(source, inside).astype(np.float32)
    above = np.maximum(top - y, 0) * frame.half_width / frame.size
    colour *= (1 - 0.35 * smoothstep(0.0, 0.12, above))[..., None]
    opacity = drawn[..., 3:]
    solid = inside & (opacity[..., 0] > 0.5)
    if solid.any():
        lit = source[solid].astype(np.float32)
        bright = luma(lit) >= np.percentile(luma(lit), 50)
        match = lit[bright].mean(0) / np.maximum(drawn[..., :3][solid][bright].mean(0), 1)
        drawn = np.dstack([drawn[..., :3] * np.clip(match, 0.2, 1.8), opacity])
    share = smoothstep(0.2, 0.8, shown)
    if teeth.cut:
        reach = 0.04 * frame.size / frame.half_width
        share = share * (1 - smoothstep(0.0, reach, y - bottom))
    share = share[..., None]
    mixed = drawn[..., :3] * (1 - share) + colour * opacity * share
    return np.dstack([mixed, opacity]).astype(np.float32)


def cut_below_teeth(
    picture: ImageArray, frame: MouthFrame, style: PictureStyle, pixels: FloatArray
) -> tuple[FloatArray, bool] | None:
    """Cut what the picture shows below the upper teeth.

    Returns:
        (h, w, 4) premultiplied layer, and whether so much is seen that it is kept when the mouth
        opens further; None where nothing is seen.
    """
    if frame.rest_gap <= 0:
        return None
    x, y = frame.local(pixels)
    top = frame.upper if frame.teeth is None else _below_teeth(frame)
    middle = np.abs(frame.xs) < 0.5
    height = float(np.median((frame.lower - top)[middle]))
    from_y, to_y = frame.curve(x, top), frame.curve(x, frame.lower)
    edge = max(0.8, 0.6 * style.blur) / frame.half_width
    inside = (y > from_y + edge) & (y < to_y - edge) & (np.abs(x) < 0.98)
    if not inside.any():
        return None
    source = sample(picture, pixels, cv2.INTER_NEAREST)
    colour = _continued(source, inside).astype(np.float32)
    deep = height > DEEP * frame.size / 2 / frame.half_width
    soft = max(1.5, (0.06 if deep else 0.02) * frame.size)
    opacity = smoothstep(-soft, soft, (y - from_y) * frame.half_width)
    if frame.teeth is None:
        opacity = np.maximum(opacity, smoothstep(-3 * soft, -soft, (y - from_y) * frame.half_width))
    layer = np.dstack([colour, np.ones_like(opacity)]) * opacity[..., None]
    return layer.astype(np.float32), deep


def _below_teeth(frame: MouthFrame) -> FloatArray:
    """(N,) y below which the picture shows no upper teeth."""
    teeth = frame.teeth
    if teeth is None:
        return frame.upper
    # Beside the teeth that are clearly seen lie others in the shadow of the cheeks.
    beside = smoothstep(0.75, 1.0, np.abs(frame.xs))
    edge = (1 - beside) * teeth.bottom + beside * frame.upper
    return np.minimum(edge, frame.lower).astype(np.float32)


def _continued(image: ImageArray, known: npt.NDArray[np.bool_]) -> ImageArray:
    """Fill unknown pixels with the nearest known one, softened away from it."""
    unknown = (~known).astype(np.uint8)
    distance, labels = cv2.distanceTransformWithLabels(
        unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(known)
    nearest = np.zeros((labels.max() + 1, 2), np.intp)
    nearest[labels[rows, columns]] = np.stack([rows, columns], 1)
    pick = nearest[labels]
    filled: npt.NDArray[Any] = image[pick[..., 0], pick[..., 1]]
    soft = cv2.GaussianBlur(filled, (0, 0), 2.0)
    share = np.clip(distance / 3, 0, 1)[..., None]
    result: ImageArray = (filled * (1 - share) + soft * share).astype(np.uint8)
    result[known] = image[known]
    return result
