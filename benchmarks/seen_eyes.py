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
_LEAST_COLUMN, _LEAST_ROWS, _LEAST_COLUMNS = 0.4, 4, 5
"""A column counts with so large a share of telling pixels and so many; so many columns must."""
_COLOURS = 200
"""So many colours of the skin are compared with."""
_USUAL = (10, 99)
"""Percentiles of the skin's lightness between which it is skin and not a lash, brow or glint."""


class OpenEye:
    """One open eye, with which its view is compared while the lids move.

    Args:
        opened: (h, w, 3) uint8 view, upright.
        opening: (h, w) bool, what lies between the lids.
        skin: (h, w) bool, skin around the eye.
        eye_px: Corner to corner.
    """

    def __init__(
        self, opened: ImageArray, opening: FloatArray, skin: FloatArray, eye_px: float
    ) -> None:
        self._eye = _lab(opened)
        self._opening = opening
        self._colours = _colours(self._eye[skin])
        self._telling = self._found()
        reach = max(1, round(_LASHES * eye_px))
        low = opening.copy()
        low[:-reach] &= ~opening[reach:]
        dark = self._eye[..., 0] < np.median(self._colours[:, 0]) if len(self._colours) else low
        self._lashes = low & dark

    def _found(self) -> FloatArray:
        """Return (h, w) bool, pixels of the opening that cannot be skin."""
        where = self._opening.copy()
        if not len(self._colours) or not where.any():
            return np.zeros_like(where)
        distance = _nearest(self._eye[where], self._colours)
        most = float(np.percentile(distance, 90))
        share, least, enough = _TELLING
        where[where] = distance > np.clip(share * most, least, enough)
        return where if most >= _LEAST_CONTRAST else np.zeros_like(where)

    def _seen(self, shown: ImageArray, where: FloatArray) -> FloatArray:
        """Return (N,) bool for the pixels of `where`: nearer to the open eye than to any skin."""
        now = _lab(shown)[where]
        to_eye = np.linalg.norm(now - self._eye[where], axis=-1)
        return np.asarray(to_eye < _nearest(now, self._colours))

    def share(self, shown: ImageArray) -> float | None:
        """Return the share of the opening in which the eye is still seen, 0..1.

        Args:
            shown: (h, w, 3) uint8, the same view while the lids move.

        Returns:
            None where the eye cannot be told from the skin.
        """
        where = self._telling & ~self._lashes
        if where.sum() < max(12.0, _LEAST_SHARE * float(self._opening.sum())):
            return None
        return float(self._seen(shown, where).mean())

    def closure(self, shown: ImageArray) -> float | None:
        """Return how far the upper lid has come down over the middle of the eye, 0..1.

        In every column with enough telling pixels it is the row that best parts those in which the
        eye is not seen from those below in which it is. Beyond about half of the opening the lid's
        shadow and the lashes cover what is left.

        Args:
            shown: (h, w, 3) uint8, the same view while the lids move.
        """
        seen = np.zeros_like(self._telling)
        if self._telling.any():
            seen[self._telling] = self._seen(shown, self._telling)
        first, last = _ends(self._opening.any(0))
        quarter = 0.25 * (last - first)
        found = []
        for column in range(int(first + quarter), int(last - quarter) + 1):
            top, bottom = _ends(self._opening[:, column])
            height = bottom - top + 1
            if self._telling[:, column].sum() >= max(_LEAST_COLUMN * height, _LEAST_ROWS):
                telling = self._telling[:, column]
                found.append((_edge(seen[:, column], telling) - top) / height)
        return float(np.median(found)) if len(found) >= _LEAST_COLUMNS else None


def _edge(seen: FloatArray, telling: FloatArray) -> int:
    """Return the row that parts telling pixels (h,) into unseen ones above and seen ones below."""
    rows = np.flatnonzero(telling)
    step = np.where(seen[rows], -1, 1)
    best = int(np.argmax(np.r_[0, np.cumsum(step)]))
    return int(rows[best]) if best < len(rows) else int(rows[-1]) + 1


def _ends(line: FloatArray) -> tuple[int, int]:
    places = np.flatnonzero(line)
    return (int(places[0]), int(places[-1])) if len(places) else (0, -1)


def _lab(view: ImageArray) -> FloatArray:
    lab = cv2.cvtColor(view.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return np.asarray(cv2.GaussianBlur(lab, (0, 0), 1.0), np.float32)


def _colours(skin: FloatArray) -> FloatArray:
    """Choose colours that stand for the skin, at most (399, 3), of (N, 3) pixels."""
    if len(skin) < 20:
        return skin[:0]
    low, high = np.percentile(skin[:, 0], _USUAL)
    usual = skin[(skin[:, 0] >= low) & (skin[:, 0] <= high)]
    return usual[:: max(1, len(usual) // _COLOURS)]


def _nearest(pixels: FloatArray, colours: FloatArray) -> FloatArray:
    """Return the distance of each of (N, 3) pixels to the nearest of (M, 3) colours."""
    middle = colours.mean(0)
    one, other = pixels - middle, colours - middle
    squares = (one**2).sum(1)[:, None] + (other**2).sum(1) - 2 * one @ other.T
    return np.asarray(np.sqrt(np.maximum(squares.min(1, initial=np.inf), 0.0)))
