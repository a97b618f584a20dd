"""Exact gradient-domain blending of rendered frames into a picture.

Solves the equation of Perez, Gangnet and Blake (Poisson Image Editing, 2003) as OpenCV's
seamlessClone does, within one grey level (SPEC 17), many times faster: the result is the frame
plus a correction that satisfies Laplace's equation everywhere except in a band of three pixels
along the border. Such a correction is a sum of sines along each side (type-I sine transform) that
fade away from it, the finer the faster, so that far from a side only the slow ones have to be
summed.

Convention: `h`, `w` are the rows and columns of the working area, which is the paste area without
its outermost pixels. The outermost ring of the working area keeps the picture.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.compositor.spread import FAR, NEAR, Axis
from sadtalker_ext.compositor.workers import OwnArrays
from sadtalker_ext.types import FloatArray, ImageArray

_RING = 3
"""Pixels along the border of the working area whose gradients are the picture's."""
_TRUNCATED = -0.4995
"""Added before rounding it truncates, as OpenCV does, but for values that should be whole."""
SMALLEST_SIDE = 12
"""Shortest side of a paste area that can be blended: the two ends must not touch."""


class PoissonBlend:
    """Blends frames into one area of one picture; several threads may do so at once.

    Args:
        background: (H, W, 3) uint8, the picture inside the paste area; no side shorter than
            `SMALLEST_SIDE`.
    """

    def __init__(self, background: ImageArray) -> None:
        self._area = background
        inner = background[1:-1, 1:-1]
        height, width = inner.shape[:2]
        self._down = Axis(height, width, sideways=False)
        self._right = Axis(width, height, sideways=True)
        self._own = OwnArrays()
        distance = _distance_from_border(height, width)
        self._strips = [
            _Strip(np.index_exp[: len(NEAR) + 2], inner, distance),
            _Strip(np.index_exp[-len(FAR) - 2 :], inner, distance),
            _Strip(np.index_exp[:, : len(NEAR) + 2], inner, distance),
            _Strip(np.index_exp[:, -len(FAR) - 2 :], inner, distance),
        ]

    def blend(self, frame: ImageArray) -> ImageArray:
        """Return the blended area as a new array.

        Args:
            frame: (H, W, 3) uint8, the frame at the size of the area.
        """
        blended = self._area.copy()
        self.blend_into(frame, blended)
        return blended

    def blend_into(self, frame: ImageArray, area: ImageArray) -> None:
        """Blend in place.

        Args:
            frame: (H, W, 3) uint8, the frame at the size of the area.
            area: (H, W, 3) uint8; all but its two outermost rings of pixels are written.
        """
        import cv2

        rendered = frame[1:-1, 1:-1]
        top, bottom, left, right = (strip.sources(rendered) for strip in self._strips)
        along_rows = np.concatenate([top, bottom], axis=1)
        along_columns = np.concatenate([left, right], axis=2).swapaxes(1, 2)
        # sources in the corners belong to the rows
        along_columns[:, :, : len(NEAR)] = 0
        along_columns[:, :, -len(FAR) :] = 0
        shown, inside = rendered[1:-1, 1:-1], area[2:-2, 2:-2]
        (total,) = self._own.of(inside.shape)
        for rows, correction in self._down.spread(along_rows):
            cv2.accumulate(shown[rows], correction)
            total[rows] = correction
        for columns, correction in self._right.spread(along_columns):
            part = inside[:, columns]
            cv2.addWeighted(total[:, columns], 1, correction, 1, _TRUNCATED, part, dtype=cv2.CV_8U)


class _Strip:
    """Where along one side the correction has sources, and what the picture adds to them.

    The right-hand side is the divergence of the picture-minus-frame gradient, which counts only
    in the ring, minus what the known border pixels contribute to the equation of their neighbours.

    Args:
        place: Index of the strip in the working area.
        picture: (h, w, 3) uint8 working area.
        distance: (h, w) distance of every pixel from the border.
    """

    def __init__(
        self, place: tuple[slice, ...], picture: ImageArray, distance: npt.NDArray[np.int64]
    ) -> None:
        self._place = place
        self._picture = picture[place].transpose(2, 0, 1).astype(np.float32)
        self._ring = (distance[place] < _RING).astype(np.float32)
        self._border = (distance[place] == 0).astype(np.float32)

    def sources(self, rendered: ImageArray) -> FloatArray:
        """Return the sources on the inner pixels of the strip, (channels, n-2, m-2) float32."""
        difference = self._picture - rendered[self._place].transpose(2, 0, 1)
        across = self._ring[:, :-1] * np.diff(difference, axis=2)
        down = self._ring[:-1] * np.diff(difference, axis=1)
        found: FloatArray = np.diff(across, axis=2)[:, 1:-1] + np.diff(down, axis=1)[:, :, 1:-1]
        known = difference * self._border
        found -= known[:, :-2, 1:-1]
        found -= known[:, 2:, 1:-1]
        found -= known[:, 1:-1, :-2]
        found -= known[:, 1:-1, 2:]
        return found


def _distance_from_border(height: int, width: int) -> npt.NDArray[np.int64]:
    down = np.minimum(np.arange(height), np.arange(height)[::-1])
    right = np.minimum(np.arange(width), np.arange(width)[::-1])
    return np.minimum(down[:, None], right)
