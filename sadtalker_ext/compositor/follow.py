"""How the head has moved between the picture and a frame, and the picture bent to follow.

Where a frame fades into the picture both have to show the same edge at the same place, or hair and
hats appear twice, half transparent. So the picture around the head is moved as the head is, the
less the farther away, and not at all at the border of its area and below the neck.

Convention: a motion is an affine map (2, 3) that takes pixels of the picture to pixels of the
frame, x to the right, y down.
"""

from __future__ import annotations

import math

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
_ITSELF = np.array([1], np.float32)
_BETWEEN = np.array([-3, 19, 19, -3], np.float32) / np.float32(32)
"""Cubic interpolation half way between two pixels, with OpenCV's slope of -0.75 (Keys, "Cubic
convolution interpolation for digital image processing", 1981)."""
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


class Bender:
    """Moves the picture around a head along with it; one frame at a time.

    Args:
        picture: (H, W, 3) uint8, the area that may be bent.
        share: (h, w) float32 on a grid of any size over the area: 1 where the picture follows the
            head, 0 where it stays. Along the border of the area the picture only slides: what lies
            beyond is not known, and frames of paintings stay straight.
    """

    def __init__(self, picture: ImageArray, share: FloatArray) -> None:
        height, width = picture.shape[:2]
        self._size = (width, height)
        rows, columns = np.indices(share.shape, dtype=np.float32)
        step_x, step_y = width / share.shape[1], height / share.shape[0]
        x, y = (columns + 0.5) * step_x - 0.5, (rows + 0.5) * step_y - 0.5
        self._shape = share.shape
        cells = np.stack([x, y, np.ones_like(x)])
        across, down = _kept_border(share.shape[1])[None, :], _kept_border(share.shape[0])[:, None]
        # (3, cells): place and one, weighted by how far a cell follows to the side and up or down
        self._across, self._down = (
            np.asarray(cells * share * kept, np.float32).reshape(3, -1) for kept in (across, down)
        )
        self._part = _touched(share, (width, height))
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
        inverse = np.linalg.inv(np.vstack([motion, [0, 0, 1]]))[:2] - STILL
        x, y = inverse.astype(np.float32)
        # not by matrix products, see `spread.py`
        aside, down = (
            way[0] * cells[0] + way[1] * cells[1] + way[2] * cells[2]
            for way, cells in ((x, self._across), (y, self._down))
        )
        largest = float(np.sqrt((aside * aside + down * down).max()))
        whole = np.clip((largest - _NONE_PX) / (_WHOLE_PX - _NONE_PX), 0, 1)
        if whole == 0:
            return None
        amount = np.float32(whole * self._scale)
        return (aside * amount).reshape(self._shape), (down * amount).reshape(self._shape)

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
        x, y = field
        cv2.resize(x, self._size, self._from_x)
        cv2.resize(y, self._size, self._from_y)
        rows, columns = self._part
        from_x, from_y = self._from_x[rows, columns], self._from_y[rows, columns]
        from_x += self._all_x[:, columns]
        from_y += self._all_y[rows]
        method = cv2.INTER_CUBIC if self._scale == 1 else cv2.INTER_LINEAR
        remap(self._fine, from_x, from_y, method, into=area[rows, columns])


def _doubled(picture: ImageArray) -> tuple[ImageArray, int]:
    """Return the picture at twice its size with its own pixels among the new ones, and 2.

    Linear interpolation in it is about as sharp as cubic interpolation in the picture, and six
    times as fast. Pictures too large for that are returned as they are, with 1.
    """
    import cv2

    height, width = picture.shape[:2]
    if height * width > _LARGEST_DOUBLED:
        return picture, 1
    fine = np.empty((height, 2, 2 * width, 3), np.uint8)
    for row, down in enumerate((_ITSELF, _BETWEEN)):
        line = [_between(picture, across, down) for across in (_ITSELF, _BETWEEN)]
        fine[:, row] = cv2.merge(line).reshape(height, 2 * width, 3)
    return fine.reshape(2 * height, 2 * width, 3), 2


def _between(picture: ImageArray, across: FloatArray, down: FloatArray) -> ImageArray:
    """Return every pixel, or the value half a pixel further on."""
    import cv2

    if len(across) == len(down) == 1:
        return picture
    anchor = (len(across) // 3, len(down) // 3)
    found = cv2.sepFilter2D(
        picture, -1, across, down, anchor=anchor, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


def _touched(share: FloatArray, size: tuple[int, int]) -> tuple[slice, slice]:
    """Return the rows and columns of a picture of this size in which a share is not 0."""
    found = []
    for axis in (0, 1):
        step = size[1 - axis] / share.shape[axis]
        cells = np.flatnonzero(share.any(axis=1 - axis))
        # between the middles of two cells a value is interpolated from both
        first, last = (cells[0], cells[-1]) if len(cells) else (0, 0)
        found.append(slice(max(int((first - 0.5) * step), 0), math.ceil((last + 1.5) * step)))
    return found[0], found[1]


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
