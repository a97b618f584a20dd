"""Rows of teeth: single shapes with separations, rounded edges, and gum above them.

The widths are those of adult teeth (central incisor 8.5 mm, lateral incisor 6.5 mm, canine 7.5 mm
turned away from the viewer, and so on) for a mouth of 50 mm.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.mouth_light import MouthLight
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle
from sadtalker_ext.types import FloatArray

UPPER_WIDTHS = (0.33, 0.25, 0.22, 0.15, 0.11, 0.08)
LOWER_WIDTHS = (0.21, 0.22, 0.22, 0.17, 0.12)
"""Visible widths from the midline outwards, in halves of the mouth width."""

_UPPER_LENGTHS = (0.0, -0.022, 0.0, -0.03, -0.05, -0.07)
_UPPER_LIGHT = (1.0, 0.96, 0.92, 0.84, 0.74, 0.64)
_LOWER_LIGHT = (1.0, 0.97, 0.92, 0.84, 0.74)

SHOWING = 0.12
"""How far the upper teeth reach below the line of closed lips, in halves of the mouth width."""

_CROWN = 0.38
"""Length of an upper tooth from its edge to the gum, in halves of the mouth width."""


class Row(NamedTuple):
    """Where pixels lie on a row of teeth.

    Attributes:
        across: (h, w) place on the tooth, -1..1 from edge to edge.
        tooth: (h, w) number of the tooth, 0 beside the midline.
        between: (h, w) distance to the nearest separation, halves of the mouth width.
    """

    across: FloatArray
    tooth: npt.NDArray[np.intp]
    between: FloatArray


def tooth_edge(frame: MouthFrame) -> FloatArray:
    """(N,) y of the upper teeth's edge on `frame.xs`, in half-widths of the mouth."""
    unit = frame.size / 2 / frame.half_width
    showing = unit * np.float32(SHOWING) * (1 - 0.75 * frame.xs**2)
    gap = frame.lower - frame.upper
    teeth = frame.teeth
    if teeth is None:
        # Teeth that an open mouth does not show are hidden by its upper lip; they come out a
        # little under lips that let go of the opening.
        edge = np.where(gap > 0, np.minimum(showing, 0.5 * gap), showing)
        return np.asarray(frame.upper + edge, np.float32)
    bottom = np.maximum(teeth.bottom, frame.upper + showing) if teeth.cut else teeth.bottom
    beside = np.minimum(teeth.bottom, frame.upper + np.maximum(0.6 * gap, showing))
    edge = teeth.shown * bottom + (1 - teeth.shown) * beside
    return np.asarray(np.maximum(edge, frame.upper), np.float32)


def draw_upper(
    frame: MouthFrame,
    style: PictureStyle,
    light: MouthLight,
    edge: FloatArray,
    pixels: tuple[FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """Draw the upper teeth and their gum.

    Args:
        frame: The mouth.
        style: What they must match.
        light: Light on the mouth.
        edge: (N,) y of their edge on `frame.xs`.
        pixels: (h, w) each, face coordinate u and local x and y of the pixels.

    Returns:
        (h, w, 4) float32, RGB 0..255 times opacity, and opacity 0..1.
    """
    u, x, y = pixels
    unit = frame.size / 2 / frame.half_width
    # The teeth lie behind the lips: on a turned head they are seen a little to the side.
    depth = -0.10 * frame.size / frame.half_width * float(frame.outward @ frame.along)
    row = _row((u - depth) / unit, UPPER_WIDTHS)
    below = (y - frame.curve(x, edge)) / unit
    if frame.teeth is None or frame.teeth.cut:
        lengths = np.asarray(_UPPER_LENGTHS, np.float32)[row.tooth]
        below = below + style.detail * (_rounded(row) - lengths)
    shade = _shade(frame, style, row, _UPPER_LIGHT)
    # The thin edge is a little grey, the neck of the tooth a little darker.
    shade *= 1 - style.detail * (
        0.08 * smoothstep(-0.06, 0.0, below) + 0.18 * smoothstep(0.16, 0.36, -below)
    )
    aside = 0.5 * (1 - 0.8 * style.flat) * (1 - style.lined)
    shade *= 1 - aside * smoothstep(0.25, 0.95, np.abs(u))
    # In a drawing the band of teeth ends in a line.
    shade *= 1 - 0.45 * style.flat * np.exp(-((below / (1.5 * 2 / frame.size)) ** 2))
    # in a pen drawing they are paper
    white = light.tooth(x)
    white += np.float32(style.lined) * (style.skin - white)
    colour = white * shade[..., None]
    gum = smoothstep(_CROWN - 0.02, _CROWN + 0.02, -below + 0.07 * style.detail * row.across**2)
    colour += gum[..., None] * (light.flesh(0.6) - colour)
    return _layer(frame, style, below, np.abs(u) < 0.99, colour)


def draw_lower(
    frame: MouthFrame,
    style: PictureStyle,
    light: MouthLight,
    pixels: tuple[FloatArray, FloatArray, FloatArray],
) -> FloatArray:
    """Draw the lower teeth, seen just above the lower lip; arguments as for `draw_upper`."""
    u, x, y = pixels
    unit = frame.size / 2 / frame.half_width
    rim = frame.curve(x, frame.lower) - 0.01 * unit * (1 - x**2)
    row = _row(u / unit, LOWER_WIDTHS)
    above = (rim - y) / unit + 0.7 * style.detail * _rounded(row)
    shade = 0.74 * _shade(frame, style, row, _LOWER_LIGHT)
    shade *= 1 - 0.6 * smoothstep(0.1, 0.75, np.abs(u))
    yellow = light.muted(np.array([1.0, 0.95, 0.88], np.float32))
    colour = light.tooth(x) * yellow * shade[..., None]
    # Drawings leave the lower teeth out.
    seen = smoothstep(-0.75, -0.4, -np.abs(u)) * (1 - style.flat)
    return _layer(frame, style, above, seen, colour)


def _rounded(row: Row) -> FloatArray:
    """How much the corner of each tooth is rounded off; canines are pointed."""
    far = np.abs(row.across)
    bend = np.where(row.tooth == 2, 0.05 * far**1.5, 0.045 * far**4)
    return np.asarray(bend + 0.01 * row.tooth * far**3, np.float32)


def _shade(
    frame: MouthFrame, style: PictureStyle, row: Row, light: tuple[float, ...]
) -> npt.NDArray[Any]:
    """Light on round teeth with dark lines between them; hardly any of it in a drawing."""
    pixel = 2 / frame.size
    wide = max(0.014, 0.8 * pixel, style.blur * 0.7 * pixel)
    deep = 0.42 * float(np.sqrt(0.014 / wide))
    line = np.exp(-((row.between / wide) ** 2))
    # The middle line of the face is the finest one.
    line *= np.where((row.tooth == 0) & (row.across < 0), 0.75, 1.0)
    round_side = 1 - 0.16 * style.detail * row.across**2
    dim = 1 - (0.35 + 0.65 * style.detail) * (1 - np.asarray(light, np.float32)[row.tooth])
    shade: npt.NDArray[Any] = round_side * dim * (1 - deep * (0.15 + 0.85 * style.detail) * line)
    return shade


def _row(u: FloatArray, widths: tuple[float, ...]) -> Row:
    ends = np.concatenate([[0.0], np.cumsum(widths)])
    far = np.minimum(np.abs(u), ends[-1] - 1e-4)
    tooth = np.clip(np.searchsorted(ends, far, side="right") - 1, 0, len(widths) - 1)
    wide = np.asarray(widths)[tooth]
    across = 2 * (far - ends[tooth]) / wide - 1
    between = 0.5 * (1 - np.abs(across)) * wide
    return Row(across.astype(np.float32), tooth, between.astype(np.float32))


def _layer(
    frame: MouthFrame,
    style: PictureStyle,
    beyond: npt.NDArray[Any],
    row: npt.NDArray[Any],
    colour: npt.NDArray[Any],
) -> FloatArray:
    """Premultiplied layer of everything that is not `beyond` the edge (in halves of the mouth)."""
    pixel = 2 / frame.size
    opacity = np.clip(0.5 - beyond / pixel, 0, 1) * row
    layer = np.dstack([colour, np.ones_like(opacity)]) * opacity[..., None]
    blurred: FloatArray = cv2.GaussianBlur(
        layer.astype(np.float32), (0, 0), max(0.5, 0.8 * style.blur)
    )
    return blurred
