"""A turned square of a picture: what a face model looks at."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray

_SHRINK_LIMIT = 0.75
"""Below this scale the picture is averaged first: bilinear sampling alone would alias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A square, its centre and side in picture pixels, turned by an angle.

    Attributes:
        x: Centre.
        y: Centre.
        side: Length of a side.
        angle_rad: Turn, clockwise as the viewer sees it; the square's own upright direction is
            the picture's upright direction turned by this angle.
    """

    x: float
    y: float
    side: float
    angle_rad: float = 0.0

    def matrix(self, size: int) -> npt.NDArray[np.float64]:
        """Return the (2, 3) map from picture coordinates to a cut of `size` pixels a side.

        Pixel centres are at whole numbers on both sides, so the square's centre maps to
        ``(size - 1) / 2``.
        """
        cosine, sine = np.cos(self.angle_rad), np.sin(self.angle_rad)
        linear = np.array([[cosine, sine], [-sine, cosine]]) * (size / self.side)
        offset = (size - 1) / 2 - linear @ np.array([self.x, self.y])
        return np.concatenate([linear, offset[:, None]], axis=1)

    def cut(self, picture: ImageArray, size: int, *, fill: int | None = None) -> FloatArray:
        """Sample the square.

        Args:
            picture: (H, W, 3) uint8.
            size: Side of the cut in pixels.
            fill: Grey level outside the picture; None repeats the edge.

        Returns:
            (size, size, 3) float32 in 0..255.
        """
        matrix = self.matrix(size)
        scale = size / self.side
        source: ImageArray = picture
        if scale < _SHRINK_LIMIT:
            source, shrink = self._shrunk(picture, scale)
            matrix = matrix @ np.vstack([shrink, [0, 0, 1]])
        mode = cv2.BORDER_REPLICATE if fill is None else cv2.BORDER_CONSTANT
        sample = cv2.warpAffine(
            source,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=mode,
            borderValue=(fill or 0,) * 3,
        )
        return np.asarray(sample, np.float32)

    def _shrunk(
        self, picture: ImageArray, scale: float
    ) -> tuple[ImageArray, npt.NDArray[np.float64]]:
        """Return the neighbourhood, shrunk to about the cut's scale, and the way back."""
        height, width = picture.shape[:2]
        reach = self.side * (abs(np.cos(self.angle_rad)) + abs(np.sin(self.angle_rad))) / 2 + 2
        left, top = max(int(self.x - reach), 0), max(int(self.y - reach), 0)
        right = max(min(int(self.x + reach) + 2, width), left + 1)
        bottom = max(min(int(self.y + reach) + 2, height), top + 1)
        left, top = min(left, right - 1, width - 1), min(top, bottom - 1, height - 1)
        part = picture[top:bottom, left:right]
        new_width = max(round(part.shape[1] * scale), 1)
        new_height = max(round(part.shape[0] * scale), 1)
        small = cv2.resize(part, (new_width, new_height), interpolation=cv2.INTER_AREA)
        step_x, step_y = part.shape[1] / new_width, part.shape[0] / new_height
        # pixel i of the small picture covers step pixels of the large one
        back = np.array(
            [[step_x, 0, left + (step_x - 1) / 2], [0, step_y, top + (step_y - 1) / 2]], np.float64
        )
        return np.asarray(small, np.uint8), back

    def to_picture(self, points: FloatArray, size: int) -> FloatArray:
        """Move (N, 2) network outputs, in pixels of a cut of `size`, to picture coordinates.

        The networks count from the corner of the first pixel, not from its centre: without the
        half pixel a picture and its mirror image disagree by exactly that.
        """
        matrix = self.matrix(size)
        moved = (points - 0.5 - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
        return np.asarray(moved, np.float32)
