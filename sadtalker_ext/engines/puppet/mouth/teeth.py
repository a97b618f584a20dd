"""Teeth: the picture's own where it shows them, otherwise drawn ones that match it.

The widths are those of adult teeth (central incisor 8.5 mm, lateral incisor 6.5 mm, canine 7.5 mm
turned away from the viewer, and so on) for a mouth of 50 mm.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, smoothstep
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle, luma
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

UPPER_WIDTHS = (0.33, 0.25, 0.22, 0.15, 0.11, 0.08)
LOWER_WIDTHS = (0.21, 0.22, 0.22, 0.17, 0.12)
"""Visible widths from the midline outwards, in halves of the mouth width."""

SHOWING = 0.12
"""How far the upper teeth reach below the line of closed lips, in halves of the mouth width."""


def tooth_edge(frame: MouthFrame, own_share: float) -> FloatArray:
    """(N,) y of the upper teeth's edge on `frame.xs`, in half-widths of the mouth.

    Args:
        frame: The mouth.
        own_share: How much of an open mouth in the picture is teeth (see `own_teeth`). Teeth that
            fill a smile end at the lower lip.
    """
    unit = frame.size / 2 / frame.half_width
    drawn = unit * np.float32(SHOWING) * (1 - 0.75 * frame.xs**2)
    gap = frame.lower - frame.upper
    # They show below the line where lips that let go of an opening meet.
    hidden = np.minimum(np.maximum(0.6 * gap, 0.4 * gap + drawn), 2.2 * unit * SHOWING)
    reach = own_share * 0.9 * gap + (1 - own_share) * hidden
    return np.asarray(frame.upper + reach, np.float32)


def tooth_colour(style: PictureStyle) -> FloatArray:
    """(3,) colour of a lit tooth: brighter than the skin, with a part of its tint."""
    skin = max(float(luma(style.skin)), 1.0)
    bright = skin + 0.45 * max(0.95 * style.white - skin, 0)
    tint = style.skin / skin
    warm = np.array([1.04, 1.0, 0.94], np.float32)
    return np.asarray(np.clip(bright * (0.62 * warm + 0.38 * tint), 0, 250), np.float32)


def draw_upper(
    frame: MouthFrame,
    style: PictureStyle,
    edge: FloatArray,
    u: FloatArray,
    x: FloatArray,
    y: FloatArray,
) -> FloatArray:
    """Draw the upper teeth.

    Args:
        frame: The mouth.
        style: What they must match.
        edge: (N,) y of their edge on `frame.xs`.
        u: (h, w) face coordinate of the pixels.
        x: (h, w) local coordinate.
        y: (h, w) local coordinate.

    Returns:
        (h, w, 4) float32, RGB 0..255 times opacity, and opacity 0..1.
    """
    unit = frame.size / 2 / frame.half_width
    along = frame.curve(x, edge)
    # The teeth lie behind the lips: on a turned head they are seen a little to the side.
    depth = -0.10 * frame.size / frame.half_width * float(frame.outward @ frame.along)
    across, lengths = _row(
        (u - depth) / unit, UPPER_WIDTHS, (0.0, -0.022, 0.0, -0.03, -0.05, -0.07)
    )
    corner = 0.035 * np.abs(across) ** 3
    below = (y - along) / unit - lengths + corner
    light = (1 - 0.5 * smoothstep(0.25, 0.95, np.abs(u))) * (1 - 0.12 * style.detail * across**4)
    return _layer(frame, style, below, light, np.abs(u) < 0.99, tooth_colour(style))


def draw_lower(
    frame: MouthFrame, style: PictureStyle, u: FloatArray, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Draw the lower teeth, seen just above the lower lip; arguments as for `draw_upper`."""
    unit = frame.size / 2 / frame.half_width
    rim = frame.curve(x, frame.lower) - 0.06 * unit * (1 - x**2)
    across, _ = _row(u / unit, LOWER_WIDTHS, (0.0,) * len(LOWER_WIDTHS))
    above = (rim - y) / unit + 0.02 * np.abs(across) ** 3
    light = 0.72 * (1 - 0.6 * smoothstep(0.1, 0.75, np.abs(u)))
    light = light * (1 - 0.15 * style.detail * across**4)
    warm = tooth_colour(style) * np.array([1.0, 0.93, 0.86], np.float32)
    faint = 0.6 * smoothstep(-0.8, -0.35, -np.abs(u))
    return _layer(frame, style, above, light, faint, warm)


def own_teeth(picture: ImageArray, frame: MouthFrame, style: PictureStyle) -> float:
    """How much of an open mouth in the picture is teeth, 0..1; 0 for closed lips."""
    if frame.rest_gap <= 0:
        return 0.0
    steps = np.linspace(0.15, 0.85, 9, dtype=np.float32)[:, None]
    middle = np.abs(frame.xs) < 0.6
    x = np.broadcast_to(frame.xs[middle], (9, int(middle.sum())))
    y = frame.upper[middle] + steps * (frame.lower - frame.upper)[middle]
    where = frame.picture(x, y.astype(np.float32))
    inside = sample(picture, where).astype(np.float32)
    bright = smoothstep(0.45, 0.75, luma(inside) / max(float(luma(style.skin)), 1.0))
    chroma = (inside.max(-1) - inside.min(-1)) / np.maximum(inside.max(-1), 1)
    of_lip = float((style.lip.max() - style.lip.min()) / max(style.lip.max(), 1))
    pale = 1 - smoothstep(0.55, 0.95, chroma / max(of_lip, 0.1))
    share = float((bright * pale).max(0).mean())
    return float(np.clip((share - 0.25) / 0.35, 0, 1))


def _row(
    u: FloatArray, widths: tuple[float, ...], lengths: tuple[float, ...]
) -> tuple[FloatArray, FloatArray]:
    """Position across the tooth at u (-1..1 from edge to edge) and its extra length."""
    ends = np.concatenate([[0.0], np.cumsum(widths)])
    far = np.minimum(np.abs(u), ends[-1] - 1e-4)
    tooth = np.clip(np.searchsorted(ends, far, side="right") - 1, 0, len(widths) - 1)
    across = 2 * (far - ends[tooth]) / np.asarray(widths)[tooth] - 1
    extra = np.asarray(lengths)[tooth]
    return across.astype(np.float32), extra.astype(np.float32)


def _layer(
    frame: MouthFrame,
    style: PictureStyle,
    beyond: npt.NDArray[Any],
    light: npt.NDArray[Any],
    row: npt.NDArray[Any],
    colour: FloatArray,
) -> FloatArray:
    """Premultiplied layer of everything that is not `beyond` the edge (in halves of the mouth)."""
    pixel = 2 / frame.size
    opacity = np.clip(0.5 - beyond / pixel, 0, 1) * row
    layer = np.dstack([light[..., None] * colour, np.ones_like(light)]) * opacity[..., None]
    soft = max(0.5, style.blur, 0.012 * frame.size)
    blurred: FloatArray = cv2.GaussianBlur(layer.astype(np.float32), (0, 0), soft)
    return blurred
