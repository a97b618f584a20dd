"""The visible label: a small badge that says, in some language, the video is AI-generated."""

from __future__ import annotations

from typing import Any

import numpy as np

from sadtalker_ext.encoder.fonts import font_for
from sadtalker_ext.option_fields.label_words import LABEL_WORDS
from sadtalker_ext.types import FloatArray, ImageArray

TEXT = LABEL_WORDS["en"]
_FONT_PIXELS = 96

_HEIGHT_SHARE = 0.045
_MIN_HEIGHT = 16
_MAX_WIDTH_SHARE = 0.6
_OVERSAMPLING = 4
_OPACITY = 0.6
_PAD_SHARE = 0.36
"""Plate above and below the letters, as a share of their height."""


class Label:
    """Draws the badge into the lower right corner of frames.

    The badge is made once per frame size: white letters on a dark, half transparent, rounded
    plate, as high as 4.5 % of the frame's shorter side but never too small to read.
    """

    def __init__(self, text: str = TEXT) -> None:
        self._text = text
        self._size = (0, 0)
        self._cover: FloatArray = np.zeros((0, 0, 1), np.float32)
        self._letters: FloatArray = np.zeros((0, 0, 1), np.float32)

    def draw(self, frame: ImageArray) -> ImageArray:
        """Return a copy of an (H, W, 3) uint8 RGB frame with the badge."""
        height, width = frame.shape[:2]
        if (width, height) != self._size:
            self._size = (width, height)
            self._cover, self._letters = _badge(self._text, width, height)
        rows, columns = self._cover.shape[:2]
        margin = rows // 3
        bottom, right = height - margin, width - margin
        marked = frame.copy()
        patch = marked[max(bottom - rows, 0) : bottom, max(right - columns, 0) : right]
        cover = self._cover[-patch.shape[0] :, -patch.shape[1] :]
        letters = self._letters[-patch.shape[0] :, -patch.shape[1] :]
        patch[:] = np.rint(patch * (1 - cover) + 255.0 * letters).astype(np.uint8)
        return marked


def caption_strip(text: str, width: int, height: int) -> ImageArray:
    """Return a dark strip (height, width, 3) uint8 with white words in its middle.

    Tall letters are half as high as the strip, or smaller where the words would not fit.
    """
    import cv2

    strip = np.full((height, width, 3), 24, np.uint8)
    if not text:
        return strip
    ink = _ink(text)
    scale = min(0.5 * height / _ink("Ag").shape[0], 0.92 * width / ink.shape[1])
    size = (max(round(ink.shape[1] * scale), 1), max(round(ink.shape[0] * scale), 1))
    letters = np.asarray(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), np.float32) / 255
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    part = strip[top : top + size[1], left : left + size[0]]
    part[:] = np.rint(part + (235.0 - part) * letters[:, :, None]).astype(np.uint8)
    return strip


def _badge(text: str, width: int, height: int) -> tuple[FloatArray, FloatArray]:
    """Return how much of the frame is covered, and how much of that is white, both (h, w, 1)."""
    import cv2

    # drawn large and scaled down by area: OpenCV's own strokes are rough at small sizes
    ink = _ink(text)
    pad = round(_PAD_SHARE * ink.shape[0])
    ink = np.pad(ink, pad)
    rows, columns = ink.shape
    wanted = max(_HEIGHT_SHARE * min(width, height), _MIN_HEIGHT)
    wanted = min(wanted, _MAX_WIDTH_SHARE * width * rows / columns)
    target = (max(round(columns * wanted / rows), 1), max(round(wanted), 1))
    plate = np.zeros_like(ink)
    radius = rows // 4
    high, wide = plate.shape
    cv2.rectangle(plate, (radius, 0), (wide - radius, high), 255, -1)
    cv2.rectangle(plate, (0, radius), (wide, high - radius), 255, -1)
    for centre in (
        (radius, radius),
        (wide - radius - 1, radius),
        (radius, high - radius - 1),
        (wide - radius - 1, high - radius - 1),
    ):
        cv2.circle(plate, centre, radius, 255, -1)
    small_plate = cv2.resize(plate, target, interpolation=cv2.INTER_AREA)
    small_ink = cv2.resize(ink, target, interpolation=cv2.INTER_AREA)
    letters: FloatArray = (small_ink.astype(np.float32) / 255.0)[:, :, None]
    cover: FloatArray = small_plate.astype(np.float32)[:, :, None] / 255.0 * _OPACITY
    return np.maximum(cover, letters), letters


def _ink(text: str) -> ImageArray:
    """Return the large letters, cut close: (h, w) uint8.

    OpenCV 5 has another font than 4 and measures it in another way, so the drawn letters are
    measured.
    """
    import cv2

    if not text.isascii() and (own := _ink_of_font(text)) is not None:
        return own
    font, scale, thickness = cv2.FONT_HERSHEY_SIMPLEX, float(_OVERSAMPLING), 2 * _OVERSAMPLING
    (wide, high), below = cv2.getTextSize(text, font, scale, thickness)
    ink = np.zeros((3 * (high + below), wide + 2 * high), np.uint8)
    cv2.putText(ink, text, (high, 2 * high), font, scale, 255, thickness, cv2.LINE_AA)
    left, top, width, height = cv2.boundingRect(ink)
    return ink[top : top + height, left : left + width]


def can_draw(text: str) -> bool:
    """Tell whether this machine has letters for a text."""
    return text.isascii() or font_for(text, _FONT_PIXELS) is not None


def _ink_of_font(text: str) -> ImageArray | None:
    """Return large letters of a font of this machine, cut close; None where no font has them."""
    font = font_for(text, _FONT_PIXELS)
    if font is None:
        return None
    mask: Any = font.getmask(text)
    ink: ImageArray = np.frombuffer(bytes(mask), np.uint8).reshape(mask.size[::-1])
    return np.ascontiguousarray(ink)
