"""How much of an eye is still seen while its lids close, by its pixels alone.

The mesh that follows lids takes many a shut eye for an open one (the control of `blink_look`), so
here nothing is tracked: every pixel of the opening is compared with the same pixel of the open eye
and with the colours of the skin around, and belongs to what it is nearer to. Pixels of the open eye
that could be skin say nothing and are left out; so are dark ones along the lower lid, where the
line of lashes of a shut eye lies.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.types import FloatArray, ImageArray

_TELLING = 0.5, 4.0, 12.0
"""A pixel of the open eye says that it is one if it is farther from all skin than this share of the
distance of its most telling pixels; at least and at most so many units of CIELAB."""
_LEAST_CONTRAST = 4.5
"""CIELAB distance from all skin of the most telling tenth: less is an eye that nobody can see."""
_LEAST_SHARE = 0.1
"""Of the opening that must be unlike skin."""
_LASHES = 0.08
"""Width of the line of lashes of a shut eye, in eye widths."""
_COLOURS = 300
"""So many colours of the skin are compared with."""
_USUAL = (10, 99)
"""Percentiles of the skin's lightness between which it is skin and not a lash, brow or glint."""


def seen_share(
    opened: ImageArray,
    shown: ImageArray,
    opening: FloatArray,
    skin: FloatArray,
    eye_px: float,
) -> float | None:
    """Return the share of an eye's opening in which the eye is still seen, 0..1.

    Args:
        opened: (h, w, 3) uint8 view of the open eye, upright.
        shown: The same place while the lids move.
        opening: (h, w) bool, what lies between the open lids.
        skin: (h, w) bool, skin around the eye.
        eye_px: Corner to corner.

    Returns:
        None where the eye cannot be told from the skin.
    """
    eye, now = (_lab(one) for one in (opened, shown))
    colours = _colours(eye[skin])
    if not len(colours) or not opening.any():
        return None
    reach = max(1, round(_LASHES * eye_px))
    low = opening.copy()
    low[:-reach] &= ~opening[reach:]
    dark = eye[..., 0] < np.median(colours[:, 0])
    where = opening & ~(low & dark)
    distance = _nearest(eye[where], colours)
    most = float(np.percentile(distance, 90)) if len(distance) else 0.0
    if most < _LEAST_CONTRAST:
        return None
    share, least, enough = _TELLING
    where[where] = distance > np.clip(share * most, least, enough)
    if where.sum() < max(12.0, _LEAST_SHARE * float(opening.sum())):
        return None
    to_eye = np.linalg.norm(now[where] - eye[where], axis=-1)
    return float((to_eye < _nearest(now[where], colours)).mean())


def _lab(view: ImageArray) -> FloatArray:
    lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), np.float32)


def _colours(skin: FloatArray) -> FloatArray:
    """Choose colours that stand for the skin, at most (300, 3), of (N, 3) pixels."""
    if len(skin) < 20:
        return skin[:0]
    low, high = np.percentile(skin[:, 0], _USUAL)
    usual = skin[(skin[:, 0] >= low) & (skin[:, 0] <= high)]
    return usual[:: max(1, len(usual) // _COLOURS)]


def _nearest(pixels: FloatArray, colours: FloatArray) -> FloatArray:
    """Return the distance of each of (N, 3) pixels to the nearest of (M, 3) colours."""
    best = np.full(len(pixels), np.inf, np.float32)
    for colour in colours:
        np.minimum(best, np.linalg.norm(pixels - colour, axis=-1), out=best)
    return best
