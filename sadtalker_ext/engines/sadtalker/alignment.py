"""Alignment of a frame to the standard face, as the reconstruction network expects it (SPEC 6).

Convention: the frame's points have y downwards and pixel centres at whole numbers; inside this
file y points upwards, because the standard face does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray

SIDE = 224
"""Side of the aligned picture in pixels."""
_TARGET_RADIUS = 102.0
"""Pixels that one unit of the standard face takes in the aligned picture."""

STANDARD_POINTS = np.array(
    [
        [-0.31148657, 0.29036078, 0.13377953],
        [0.30979887, 0.28972036, 0.13179526],
        [0.0032534988, -0.046179324, 0.55244243],
        [-0.25216928, -0.38133916, 0.22405732],
        [0.2484662, -0.38128236, 0.22235769],
    ],
    np.float32,
)
"""(5, 3) standard face: left eye, right eye, nose tip, left and right mouth corner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Where the standard face lies in a frame.

    Attributes:
        frame_size: Width and height of the frame in pixels.
        scale: Factor from frame pixels to aligned pixels.
        x: Frame position of the standard face's origin, pixels to the right.
        y: The same, pixels UP from the bottom.
    """

    frame_size: tuple[int, int]
    scale: float
    x: float
    y: float

    @property
    def resized(self) -> tuple[int, int]:
        """Size of the whole frame after scaling; truncated, not rounded."""
        width, height = self.frame_size
        return int(width * self.scale), int(height * self.scale)

    @property
    def corner(self) -> tuple[int, int]:
        """Left and top of the aligned picture in the scaled frame; truncated towards zero."""
        width, height = self.frame_size
        new_width, new_height = self.resized
        left = new_width / 2 - SIDE / 2 + (self.x - width / 2) * self.scale
        top = new_height / 2 - SIDE / 2 + (height / 2 - self.y) * self.scale
        return int(left), int(top)


def align(landmarks: FloatArray | None, frame_size: tuple[int, int]) -> Alignment:
    """Fit the standard face to the landmarks of a frame.

    Args:
        landmarks: (68, 2) float32 frame pixels, y down; None when no face was found, which places
            the standard face over the whole frame.
        frame_size: Width and height of the frame.
    """
    width, height = frame_size
    if landmarks is None:
        # float32 on purpose: the scale comes out just below 204/256, so the frame becomes 203 wide
        size = np.array([width, height], np.float32)
        points = (STANDARD_POINTS[:, :2] + np.float32(1)) / np.float32(2) * size
    else:
        flipped = landmarks.astype(np.float32)
        flipped[:, 1] = np.float32(height - 1) - flipped[:, 1]
        points = five_points(flipped)
    x, y, size_px = _fit(points.astype(np.float64))
    return Alignment(frame_size=frame_size, scale=_TARGET_RADIUS / size_px, x=x, y=y)


def five_points(landmarks: FloatArray) -> FloatArray:
    """Reduce (68, 2) landmarks to (5, 2): eyes by two lid points each, nose, mouth corners."""
    pair = np.float32(2)
    return np.stack(
        [
            (landmarks[36] + landmarks[39]) / pair,
            (landmarks[42] + landmarks[45]) / pair,
            landmarks[30],
            landmarks[48],
            landmarks[54],
        ]
    )


def _fit(points: npt.NDArray[np.float64]) -> tuple[float, float, float]:
    """Least squares for x = a.P + x0, y = b.P + y0; returns x0, y0 and the mean of |a|, |b|."""
    unknowns = np.zeros((10, 8))
    unknowns[0::2, 0:3] = STANDARD_POINTS
    unknowns[0::2, 3] = 1
    unknowns[1::2, 4:7] = STANDARD_POINTS
    unknowns[1::2, 7] = 1
    found = np.linalg.lstsq(unknowns, points.reshape(-1), rcond=None)[0]
    size_px = (np.linalg.norm(found[0:3]) + np.linalg.norm(found[4:7])) / 2
    return float(found[3]), float(found[7]), float(size_px)


def aligned_picture(frame: ImageArray, alignment: Alignment) -> ImageArray:
    """Return the (224, 224, 3) uint8 aligned picture; outside the frame it is black.

    Pillow's bicubic filter is part of the recorded numbers.
    """
    from PIL import Image

    left, top = alignment.corner
    scaled = Image.fromarray(frame).resize(alignment.resized, Image.Resampling.BICUBIC)
    return np.asarray(scaled.crop((left, top, left + SIDE, top + SIDE)))
