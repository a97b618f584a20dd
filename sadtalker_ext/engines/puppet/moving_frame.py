"""A frame of which only what moves is touched, and its planes for the encoder.

Whoever draws keeps one from frame to frame: what the last frame drew goes back to the picture, and
only that and what is drawn anew becomes planes again. So the still part of a picture costs a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sadtalker_ext.planes import CodedFrame
from sadtalker_ext.types import Box, ImageArray

_BAND_PX, _MOST_ROWS = 1 << 16, 64
"""Pixels and rows of a band at most: it, and what becomes of it, then fit into the cache."""


class MovingFrame:
    """One thread's frame.

    Args:
        stage: (H, W, 3) uint8 RGB.
        box: Where the frame lies in it; both sides are even.

    Attributes:
        pixels: (h, w, 3) uint8, what is drawn into between `begin` and `planes`.
    """

    def __init__(self, stage: ImageArray, box: Box) -> None:
        self._left, self._top, right, bottom = box
        width, height = right - self._left, bottom - self._top
        self._picture = np.ascontiguousarray(stage[self._top : bottom, self._left : right])
        self._coded = CodedFrame(height, width)
        self._rows = max(2, min(_BAND_PX // width, _MOST_ROWS) & ~1)
        self.pixels = self._picture.copy()
        self._drawn: Sequence[Box] = ()
        self._convert([(0, 0, width, height)])

    def begin(self) -> None:
        """Show the picture again."""
        for left, top, right, bottom in self._drawn:
            part = np.s_[top:bottom, left:right]
            self.pixels[part] = self._picture[part]

    def show(self, canvas: ImageArray, boxes: Iterable[Box]) -> list[Box]:
        """Take over parts of a canvas that shows the whole stage.

        Returns:
            What of them is in the frame, in its pixels.
        """
        high, wide = self.pixels.shape[:2]
        x, y = self._left, self._top
        shown = []
        for box in boxes:
            left, top = max(box[0] - x, 0), max(box[1] - y, 0)
            right, bottom = min(box[2] - x, wide), min(box[3] - y, high)
            if left < right and top < bottom:
                seen = canvas[y + top : y + bottom, x + left : x + right]
                self.pixels[top:bottom, left:right] = seen
                shown.append((left, top, right, bottom))
        return shown

    def planes(self, drawn: Sequence[Box]) -> ImageArray:
        """Return new planes of the frame, as `CodedFrame.values`.

        Args:
            drawn: Everything that was drawn since `begin`.
        """
        self._convert([*drawn, *self._drawn])
        self._drawn = drawn
        return self._coded.values.copy()

    def _convert(self, boxes: Iterable[Box]) -> None:
        for rows, columns in self._bands(boxes):
            self._coded.convert(self.pixels[rows, columns], rows, columns)

    def _bands(self, boxes: Iterable[Box]) -> Iterator[tuple[slice, slice]]:
        """Yield bands of rows, and between which even columns any box reaches into them."""
        height, high = self.pixels.shape[0], self._rows
        spans: dict[int, tuple[int, int]] = {}
        for left, top, right, bottom in boxes:
            for band in range(top // high, -(-bottom // high) if left < right else 0):
                low, end = spans.get(band, (left, right))
                spans[band] = min(low, left), max(end, right)
        for band, (left, right) in spans.items():
            rows = slice(band * high, min((band + 1) * high, height))
            yield rows, slice(left & ~1, right + 1 & ~1)
