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

from sadtalker_ext.curves import smoothstep
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
_SLIDES = 0.06
"""Share of the area's side along its border where the picture moves only along the border."""
_LARGEST_DOUBLED = 2048 * 2048
"""Pixels up to which a second copy of the picture, four times as large, is kept."""
_NONE_PX, _WHOLE_PX = 0.2, 1.0
"""Motion below the first is none, so that the picture's own pixels stay; above the second it is
taken as it is."""


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
        self._ring = ((far > _RING[0]) & (far < _RING[1])) * _contrast(self._grey)
        rows, columns = np.indices(far.shape, dtype=np.float64)
        self._cells = np.stack([columns, rows, np.ones_like(rows)], axis=-1)
        # unknowns of similar size, so that the expected motion weighs evenly on all of them
        half = np.array(self._grid) / 2
        self._even = np.array(
            [[1 / half[0], 0, -1], [0, 1 / half[1], -1], [0, 0, 1]], dtype=np.float64
        )

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
        shift = (self._cells @ start.T - self._cells[..., :2]).astype(np.float32)
        # a new one per frame: on small areas it chooses its scales anew and would keep them, so
        # that the second frame of a video would be measured otherwise than its first
        flows = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        flow = np.asarray(flows.calc(self._grey, grey, shift), np.float64)
        weight = self._ring * _contrast(grey)
        used = weight > 0
        found, agreement = self._fit(self._cells[used], flow[used], weight[used], start)
        sure = np.clip((agreement - _GUESS) / (_SURE - _GUESS), 0, 1)
        found = start + sure * (found - start)
        return np.asarray((self._lift @ np.vstack([found, [0, 0, 1]]) @ down)[:2])

    def _fit(
        self, cells: Motion, flow: Motion, weight: npt.NDArray[np.float64], start: Motion
    ) -> tuple[Motion, float]:
        """Return the affine map that most of the cells agree on, and how far they do, 0 to 1."""
        even = cells @ self._even.T
        back = np.linalg.inv(self._even)
        expected = (start @ back).T
        target = cells[:, :2] + flow
        found = start
        for _ in range(_ROUNDS):
            off = np.hypot(*(cells @ found.T - target).T) / _TYPICAL_CELLS
            share = (weight / (1 + off * off))[:, None]
            left = (even * share).T @ even + _EXPECTED_WEIGHT * np.eye(3)
            right = (even * share).T @ target + _EXPECTED_WEIGHT * expected
            found = np.linalg.solve(left, right).T @ self._even
        agreement = float(
            (weight * (off * _TYPICAL_CELLS < _AGREES_CELLS)).sum() / max(weight.sum(), 1e-9)
        )
        return found, agreement

    def _levels(self, picture: ImageArray) -> ImageArray:
        import cv2

        small = cv2.resize(picture, self._grid, interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(np.asarray(small, np.float32), cv2.COLOR_RGB2GRAY)
        even = (grey - grey.mean()) * (_SPREAD / max(float(grey.std()), 4.0)) + _MEAN
        levels: ImageArray = np.clip(even, 0, 255).astype(np.uint8)
        return levels


class Bender:
    """Moves the picture around a head along with it; one frame at a time.

    Args:
        picture: (H, W, 3) uint8, the area that may be bent.
        share: (h, w) float32 on a grid of any size over the area: 1 where the picture follows the
            head, 0 where it stays. Along the border of the area the picture only slides: what lies
            beyond is not known, and frames of paintings stay straight.
    """

    def __init__(self, picture: ImageArray, share: FloatArray) -> None:
        self._picture = picture
        height, width = picture.shape[:2]
        self._share_x = share * _kept_border(share.shape[1])[None, :]
        self._share_y = share * _kept_border(share.shape[0])[:, None]
        rows, columns = np.indices(share.shape, dtype=np.float32)
        step_x, step_y = width / share.shape[1], height / share.shape[0]
        self._x = (columns + 0.5) * step_x - 0.5
        self._y = (rows + 0.5) * step_y - 0.5
        self._fine, self._scale = _doubled(picture)
        self._all_x = self._scale * np.arange(width, dtype=np.float32)[None, :]
        self._all_y = self._scale * np.arange(height, dtype=np.float32)[:, None]
        # kept from frame to frame: new memory of this size has to be mapped page by page
        self._from_x: FloatArray = np.empty((height, width), np.float32)
        self._from_y: FloatArray = np.empty((height, width), np.float32)

    @property
    def fine(self) -> ImageArray | None:
        """The picture at twice its size, (2H, 2W, 3) uint8; None where it is too large for that."""
        return self._fine if self._scale == 2 else None

    def field(self, motion: Motion) -> tuple[FloatArray, FloatArray] | None:
        """Return how far aside to look, on the grid of `share`.

        In pixels of the picture that is read: `fine` where there is one.

        Args:
            motion: The head's motion in pixels of this area.

        Returns:
            x and y, (h, w) float32 each; None where nothing moves by `_NONE_PX`.
        """
        inverse = np.linalg.inv(np.vstack([motion, [0, 0, 1]]))[:2]
        x = (inverse[0, 0] - 1) * self._x + inverse[0, 1] * self._y + inverse[0, 2]
        y = inverse[1, 0] * self._x + (inverse[1, 1] - 1) * self._y + inverse[1, 2]
        x, y = x * self._share_x, y * self._share_y
        largest = float(np.hypot(x, y).max())
        whole = np.clip((largest - _NONE_PX) / (_WHOLE_PX - _NONE_PX), 0, 1)
        if whole == 0:
            return None
        x, y = ((way * whole * self._scale).astype(np.float32) for way in (x, y))
        return x, y

    def bend_into(self, motion: Motion, area: ImageArray) -> None:
        """Move the head's surroundings in place; where nothing moves, nothing is written.

        Args:
            motion: The head's motion in pixels of this area.
            area: (H, W, 3) uint8 copy of the picture.
        """
        import cv2

        from sadtalker_ext.pixels import remap

        field = self.field(motion)
        if field is None:
            return
        size = (self._picture.shape[1], self._picture.shape[0])
        x, y = field
        cv2.resize(x, size, self._from_x)
        cv2.resize(y, size, self._from_y)
        self._from_x += self._all_x
        self._from_y += self._all_y
        method = cv2.INTER_CUBIC if self._scale == 1 else cv2.INTER_LINEAR
        remap(self._fine, self._from_x, self._from_y, method, into=area)


def _doubled(picture: ImageArray) -> tuple[ImageArray, int]:
    """Return the picture at twice its size with its own pixels among the new ones, and 2.

    Linear interpolation in it is about as sharp as cubic interpolation in the picture, and six
    times as fast. Pictures too large for that are returned as they are, with 1.
    """
    import cv2

    height, width = picture.shape[:2]
    if height * width > _LARGEST_DOUBLED:
        return picture, 1
    half = np.array([[0.5, 0, 0], [0, 0.5, 0]])
    fine = cv2.warpAffine(
        picture,
        half,
        (2 * width, 2 * height),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(fine, np.uint8), 2


def _kept_border(length: int) -> FloatArray:
    """Return 0 at both ends of a line of cells and 1 from a little way inside, (n,) float32."""
    near = np.minimum(np.arange(length), np.arange(length)[::-1])
    return smoothstep(0, max(_SLIDES * length, 1), near)


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
