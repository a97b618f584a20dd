"""The brows: a small smooth movement of the skin between lids and forehead."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeIndices
from sadtalker_ext.engines.puppet.eyes.lid_skin import cheek_colour
from sadtalker_ext.engines.puppet.fine import SCALE, FinePicture
from sadtalker_ext.engines.puppet.soft_fields import blur, luma
from sadtalker_ext.types import Box, FloatArray, ImageArray

Floats = npt.NDArray[np.float64]

# In units of the eye width.
_RAISE = 0.25
_LOWER = 0.11
_DRAW_TOGETHER = 0.05
_FOREHEAD_REACH = 0.75
_LEAST_STILL = 0.07  # above the lid nothing moves, and nothing up to the tips of the lashes,
_LEAST_WAY = 0.02  # pixels; what moves less at a whole brow stays where it is
_MOST_STILL = 0.32  # but at most this share of the way to the brow


class BrowMotion:
    """Raises and lowers both brows by one smooth field that leaves the eye openings alone.

    Args:
        picture: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points in its pixels.
        eyes: The two eyes' indices, left side of the picture first.
        still: (H, W) 0..1 or None: pixels that must not move (glasses).
        lashes: Height of the upper lashes of the two eyes in pixels.
    """

    def __init__(
        self,
        picture: ImageArray,
        points: FloatArray,
        eyes: tuple[EyeIndices, EyeIndices],
        still: FloatArray | None = None,
        lashes: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        flat = np.asarray(points[:, :2], dtype=np.float64)
        left, right = (flat[[eye.upper[0], eye.upper[-1]]] for eye in eyes)
        across = right.mean(0) - left.mean(0)
        distance = float(np.linalg.norm(across))
        across /= max(distance, 1e-6)
        up = np.array([across[1], -across[0]])
        widths = [float(np.linalg.norm(end[1] - end[0])) for end in (left, right)]
        size = max(widths)
        middle = (left.mean(0) + right.mean(0)) / 2
        self.box = _brow_box(flat, eyes, size, up, (picture.shape[1], picture.shape[0]))
        self._x = np.arange(self.box[0], self.box[2], dtype=np.float32)[None] - self.box[0]
        self._y = np.arange(self.box[1], self.box[3], dtype=np.float32)[:, None] - self.box[1]
        grid_x = self._x + (self.box[0] - middle[0])
        grid_y = self._y + (self.box[1] - middle[1])
        along = (grid_x * across[0] + grid_y * across[1]).astype(np.float32)
        height = (grid_x * up[0] + grid_y * up[1]).astype(np.float32)
        weight = np.zeros_like(along)
        inward = np.zeros_like(along)
        above_lids = np.ones_like(along)
        own_hair = np.zeros(along.shape, dtype=bool)
        axes, grid = (across, up), (along, height)
        for side, eye, tips in zip((-1.0, 1.0), eyes, lashes, strict=True):
            part, clear, own = _brow_weight(flat, eye, middle, axes, grid, size, tips)
            above_lids = np.minimum(above_lids, clear)
            own_hair |= own
            weight = np.maximum(weight, part)
            nose_side = smoothstep(0.9 * size, 0.1 * size, np.abs(along))
            inward = inward - side * part * nose_side * (along * side > 0)
        left_px, top_px, right_px, bottom_px = self.box
        seen = picture[top_px:bottom_px, left_px:right_px]
        calm = hair_in_front(seen, cheek_colour(picture, points)) * ~own_hair
        if still is not None:
            calm = np.maximum(calm, still[top_px:bottom_px, left_px:right_px])
        free = 1.0 - np.clip(3 * blur(calm, 0.12 * size), 0, 1)
        weight, inward = weight * free, inward * free
        soft = max(0.8, 0.06 * size)
        # the blur must not carry movement into the eyes
        self._weight = blur(weight, soft) * above_lids * np.float32(size)
        self._inward = blur(inward, soft) * above_lids * np.float32(size)
        self._keep_what_moves(picture)
        self._across, self._up = across.astype(np.float32), up.astype(np.float32)

    def _keep_what_moves(self, picture: ImageArray) -> None:
        """Let the movement end within the box, and cut the box to the part that can move."""
        _fade_border(self._weight)
        _fade_border(self._inward)
        moves = np.maximum(self._weight, np.abs(self._inward)) > _LEAST_WAY
        rows, columns = np.flatnonzero(moves.any(1)), np.flatnonzero(moves.any(0))
        top, bottom = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, 1)
        left, right = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, 1)
        self._weight, self._inward = (
            np.ascontiguousarray(field[top:bottom, left:right])
            for field in (self._weight, self._inward)
        )
        self._x, self._y = self._x[:, : right - left], self._y[: bottom - top]
        first_x, first_y = self.box[:2]
        self.box = first_x + left, first_y + top, first_x + right, first_y + bottom
        part = picture[first_y + top : first_y + bottom, first_x + left : first_x + right]
        self._seen = np.ascontiguousarray(part)
        self._fine = FinePicture(self._seen)

    def apply(self, canvas: ImageArray, brow: float) -> None:
        """Move the brows in place; -1 frowns, 1 raises, 0 changes nothing."""
        brow = float(np.clip(brow, -1, 1))
        if abs(brow) < 1e-3:
            return
        lift = self._weight * (_RAISE * brow if brow > 0 else _LOWER * brow)
        pinch = self._inward * (_DRAW_TOGETHER * max(-brow, 0.0))
        map_x = self._x - (lift * self._up[0] + pinch * self._across[0])
        map_y = self._y - (lift * self._up[1] + pinch * self._across[1])
        left, top, right, bottom = self.box
        view = canvas[top:bottom, left:right]
        # mostly nothing has been drawn there yet
        untouched = cv2.norm(view, self._seen, cv2.NORM_INF) == 0
        fine = self._fine if untouched else FinePicture(view)
        moved = fine.read(SCALE * map_x, SCALE * map_y)
        view[:] = cv2.cvtColor(moved, cv2.COLOR_RGBA2RGB)


def _brow_weight(
    flat: Floats,
    eye: EyeIndices,
    middle: Floats,
    axes: tuple[Floats, Floats],
    grid: tuple[FloatArray, FloatArray],
    size: float,
    lashes: float,
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Weigh the field of one brow.

    Returns:
        1 on the hair, 0 at the lid and in the upper forehead; 0 in the eye, 1 above it;
        and where the brow's own hair may be.
    """
    across, up = axes
    along, height = grid

    def line(ids: tuple[int, ...]) -> tuple[Floats, Floats]:
        offset = flat[list(ids)] - middle
        order = np.argsort(offset @ across)
        return (offset @ across)[order], (offset @ up)[order]

    lid_x, lid_y = line(eye.upper)
    margin, low = np.interp(along, lid_x, lid_y), np.interp(along, *line(eye.brow_bottom))
    least = _LEAST_STILL * size
    lid = margin + np.maximum(least, np.minimum(lashes, _MOST_STILL * (low - margin)))
    bottom = np.maximum(low, lid + 0.06 * size)
    top_x, top_y = line(eye.brow_top)
    top = np.maximum(np.interp(along, top_x, top_y), bottom)
    rise = np.clip((height - lid) / (bottom - lid), 0, 1)
    # a brow close above the lid has no room: it moves less, so the skin is not stretched hard
    room = np.clip((bottom - margin - least) / (0.25 * size), 0.25, 1)
    fall = np.clip(1 - (height - top) / (_FOREHEAD_REACH * size), 0, 1)
    ends = smoothstep(-0.45, 0.05, (along - top_x[0]) / size)
    ends = ends * smoothstep(0.45, -0.05, (along - top_x[-1]) / size)
    weight = rise * rise * (3 - 2 * rise) * fall * fall * (3 - 2 * fall) * ends * room
    beside = smoothstep(0.5, 0.8, np.abs(along - (lid_x[0] + lid_x[-1]) / 2) / size)
    clear = np.maximum(smoothstep(0.0, 0.12, (height - lid) / size), beside)
    own = (height > bottom - 0.16 * size) & (height < top + 0.14 * size) & (ends > 0)
    return np.asarray(weight, dtype=np.float32), clear, own


def hair_in_front(part: ImageArray, skin: FloatArray) -> FloatArray:
    """Mark what is much darker than the cheeks or of another hue: fringes, hats, scarves."""
    bright = luma(part)
    darker = smoothstep(0.62, 0.42, bright / max(float(luma(skin)), 20.0))
    tint = (part - bright[..., None]) - (skin - luma(skin))
    other_hue = smoothstep(30.0, 50.0, np.linalg.norm(tint, axis=-1))
    return np.maximum(darker, other_hue)


def _brow_box(
    flat: Floats,
    eyes: tuple[EyeIndices, EyeIndices],
    size: float,
    up: Floats,
    picture_size: tuple[int, int],
) -> Box:
    """Enclose both brows with the forehead above and the skin down to the lids."""
    ids = [point for eye in eyes for point in (*eye.brow_top, *eye.brow_bottom, *eye.upper)]
    spread = np.concatenate([flat[ids], flat[ids] + up * (_FOREHEAD_REACH + 0.1) * size])
    low = np.floor(np.clip(spread.min(0) - 0.5 * size, 0, np.array(picture_size) - 2)).astype(int)
    high = np.ceil(np.clip(spread.max(0) + 0.5 * size, low + 2, picture_size)).astype(int)
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _fade_border(field: FloatArray) -> None:
    """Bring a field to 0 at the border of its box, so nothing jumps there."""
    height, width = field.shape
    x = np.minimum(np.arange(width), np.arange(width)[::-1]) / 4.0
    y = np.minimum(np.arange(height), np.arange(height)[::-1]) / 4.0
    field *= np.clip(np.minimum(x[None], y[:, None]), 0, 1).astype(np.float32)
