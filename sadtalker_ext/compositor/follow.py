"""How the head has moved between the picture and a frame, and the picture bent to follow.

Where a frame fades into the picture both have to show the same edge at the same place, or hair and
hats appear twice, half transparent. So the picture around the head is moved as the head is, the
less the farther away, and not at all at the border of its area and below the neck.

Convention: a motion is an affine map (2, 3) that takes pixels of the picture to pixels of the
frame, x to the right, y down.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, ImageArray

Motion = npt.NDArray[np.float64]

STILL: Motion = np.eye(2, 3)

_CELLS = 128
"""Longer side of the grid on which motion is measured, in cells."""
_FEWEST_CELLS = 16
"""The optical flow cannot look at less."""
_RING = (-0.22, 0.08)
"""Part of the head that is measured, as distances from the edge of the face in face sizes: the
middle of the face is nearer to the camera and moves more, the background does not move."""
_MEAN, _SPREAD = 128.0, 40.0
"""Grey levels both pictures are brought to, whatever their light."""
_FLAT, _CLEAR = 12.0, 60.0
"""Slopes (Sobel) of plain skin and walls, which say nothing about motion, and of clear edges."""
_EXPECTED_WEIGHT = 2.0
"""Cells that the expected motion counts as."""
_ROUNDS = 4
_TYPICAL_CELLS = 0.5
"""Cells that deviate by more from the common motion count less and less."""
_AGREES_CELLS = 2.0
_GUESS, _SURE = 0.4, 0.6
"""Shares of the cells that agree: with fewer than the first the frame does not show the picture's
head, and the expected motion counts; from the second on the measured one. Turned heads have 0.6
to 1, noise 0.1 to 0.5."""


class HeadFollower:
    """Measures the motion of one head.

    Args:
        picture: (H, W, 3) uint8, the area that frames cover.
        distance: (h, w) float32 distance from the edge of the face in face sizes, negative inside,
            on a grid of any size over the area.
    """

    def __init__(self, picture: ImageArray, distance: FloatArray) -> None:
        import cv2

        height, width = picture.shape[:2]
        scale = min(_CELLS / max(height, width), 1.0)
        self._grid = tuple(max(round(side * scale), _FEWEST_CELLS) for side in (width, height))
        x, y = width / self._grid[0], height / self._grid[1]
        # from cells to pixels: both have their centres at whole numbers
        self._lift = np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])
        self._grey = self._levels(picture)
        far = np.asarray(cv2.resize(distance, self._grid))
        ring = ((far > _RING[0]) & (far < _RING[1])) * _contrast(self._grey)
        rows, columns = np.indices(far.shape, dtype=np.float32)
        self._cells = np.stack([columns, rows], axis=-1)
        self._used = np.flatnonzero(ring)
        self._ring = ring.ravel()[self._used]
        y, x = np.divmod(self._used, self._grid[0])
        self._places = np.stack([x, y, np.ones_like(x)]).astype(np.float64)
        # unknowns of similar size, so that the expected motion weighs evenly on all of them
        half = np.array(self._grid) / 2
        self._even = np.array(
            [[1 / half[0], 0, -1], [0, 1 / half[1], -1], [0, 0, 1]], dtype=np.float64
        )
        self._evened = self._even @ self._places

    def measure(self, frame: ImageArray, expected: Motion) -> Motion:
        """Return the motion of the head's edge.

        Args:
            frame: (h, w, 3) uint8, the same area at any size.
            expected: Where the measuring begins; counts where nothing can be followed.
        """
        import cv2

        grey = self._levels(frame)
        down = np.linalg.inv(self._lift)
        start = (down @ np.vstack([expected, [0, 0, 1]]) @ self._lift)[:2]
        shift = np.asarray(cv2.transform(self._cells, start - STILL), np.float32)
        # a new one per frame: on small areas it chooses its scales anew and would keep them, so
        # that the second frame of a video would be measured otherwise than its first
        flows = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        flow = np.asarray(flows.calc(self._grey, grey, shift)).reshape(-1, 2)
        weight = self._ring * _contrast(grey).ravel()[self._used]
        found, agreement = self._fit(flow[self._used].T.astype(np.float64), weight, start)
        sure = np.clip((agreement - _GUESS) / (_SURE - _GUESS), 0, 1)
        found = start + sure * (found - start)
        return np.asarray((self._lift @ np.vstack([found, [0, 0, 1]]) @ down)[:2])

    def _fit(
        self, flow: Motion, weight: npt.NDArray[np.float64], start: Motion
    ) -> tuple[Motion, float]:
        """Return the affine map that most of the cells agree on, and how far they do, 0 to 1.

        Args:
            flow: (2, n) motion of the ring's cells.
            weight: (n,) how much each of them says.
            start: Where to begin.
        """
        expected = (start @ np.linalg.inv(self._even)).T
        target = self._places[:2] + flow
        found = start
        for _ in range(_ROUNDS):
            off = found @ self._places - target
            squares = (off[0] * off[0] + off[1] * off[1]) / _TYPICAL_CELLS**2
            share = self._evened * (weight / (1 + squares))
            left = share @ self._evened.T + _EXPECTED_WEIGHT * np.eye(3)
            right = share @ target.T + _EXPECTED_WEIGHT * expected
            found = np.linalg.solve(left, right).T @ self._even
        agrees = squares < (_AGREES_CELLS / _TYPICAL_CELLS) ** 2
        return found, float((weight * agrees).sum() / max(weight.sum(), 1e-9))

    def _levels(self, picture: ImageArray) -> ImageArray:
        import cv2

        small = cv2.resize(picture, self._grid, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(np.asarray(small, np.float32), cv2.COLOR_RGB2GRAY)
        even = (grey - grey.mean()) * (_SPREAD / max(float(grey.std()), 4.0)) + _MEAN
        levels: ImageArray = np.clip(even, 0, 255).astype(np.uint8)
        return levels


def affine_between(before: FloatArray, after: FloatArray) -> Motion:
    """Return the affine map that takes points (K, 2) closest to others."""
    ones = np.ones((len(before), 1))
    found = np.linalg.lstsq(np.hstack([before, ones]), after, rcond=None)[0]
    return np.asarray(found.T, np.float64)


def shifted(motion: Motion, corner: tuple[float, float]) -> Motion:
    """Return a motion for pixels counted from another corner of the same picture.

    Args:
        motion: In pixels of an area.
        corner: Where that area begins in the other one.
    """
    offset = np.array(corner, np.float64)
    moved = motion.copy()
    moved[:, 2] += offset - motion[:, :2] @ offset
    return moved


def _contrast(grey: ImageArray) -> npt.NDArray[np.float64]:
    import cv2

    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return np.clip((np.asarray(cv2.blur(slope, (5, 5)), np.float64) - _FLAT) / _CLEAR, 0, 1)
