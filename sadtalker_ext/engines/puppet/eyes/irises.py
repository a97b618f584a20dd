"""The gaze: iris and pupil move inside the eye opening.

The eyeball is first completed behind the lids (the iris by its own colours at the same distance
from the centre, the white from its nearest pixels). Then the disc of the iris is shifted rigidly
and the white beside it gives way smoothly, so the white that appears is the eye's own and no
crescent of the old iris can stay behind. Reflections of lamps follow only half the way, as on a
real cornea. The shade that the lid casts on the eyeball stays where it is.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.eye_shape import EyeShape
from sadtalker_ext.engines.puppet.fields import fine_planes, planes, spread_colours
from sadtalker_ext.engines.puppet.fine import FinePicture
from sadtalker_ext.engines.puppet.soft_fields import blur, soft_switch, widen
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import FloatArray, ImageArray

Mask = npt.NDArray[np.bool_]
IRIS_DIAMETER_MM = 11.7  # nearly the same in all adults, which gives the picture's scale
EYE_RADIUS_MM = 12.0
_MAX_DEGREES = 25.0
_REFLECTION_SHARE = 0.5
_SHADE_ENDS = 0.9  # of the opening, down to which the upper lid's shade reaches
_LIGHTEST = 0.72  # of the shade on an eyeball that a raised lid uncovers
_RIM_ENDS = 1.12  # radii of the iris, within which its dark rim colours the white
_WHITE_ABOVE = 0.75  # of its usual brightness; darker are lashes and corners
_LASHES_HANG = 0.12  # below the upper margin at most, in eye sizes
_CORNERS, _CORNER_SHADE = (0.22, 0.48), 0.35  # the ball turns away there, in eye widths
_LEAST_WHITE = 0.06  # of the opening; less says nothing of what is behind the lids
_SOFT_PX, _SOFT = 0.6, 0.008  # softness of borders: in pixels at least, and in eye sizes
# how far from the open margins the eyeball can be seen when the lids are opened wide, in eye sizes,
# and from the middle of the eye in eye widths
_SEEN_ABOVE, _SEEN_BELOW, _SEEN_BESIDE = 0.2, 0.12, 0.54
_UPPER_LID_SHARE = 0.5  # of the iris's way down or up that the upper margin follows


class IrisMotion:
    """Moves the iris of one eye.

    Args:
        patch: (h, w, 3) uint8 pixels of `shape.box`.
        shape: The eye.
    """

    MIN_DIAMETER_PX = 5.0

    def __init__(self, patch: ImageArray, shape: EyeShape) -> None:
        self._shape = shape
        x = np.arange(patch.shape[1], dtype=np.float32)[None] - np.float32(shape.iris[0])
        y = np.arange(patch.shape[0], dtype=np.float32)[:, None] - np.float32(shape.iris[1])
        distance = np.hypot(x, y)
        self._eyeball = _complete_eyeball(patch, shape, distance)
        self._shade = _lid_shade(patch, self._eyeball, _softness(shape))
        rows, columns = self._part = part = _seen_part(shape)
        gap = np.maximum(shape.lower - shape.upper, 0.02)[part]
        height = (shape.v - shape.upper)[part] / gap
        self._below_upper = np.asarray(smoothstep(_SHADE_ENDS, 0.4, height), np.float32)
        self._x, self._y = x[:, columns], y[rows]
        base, light = _split_reflection(self._eyeball, shape, distance)
        self._base = FinePicture(base)
        self._reflection = FinePicture(light) if light.any() else None

    def shift(self, gaze: tuple[float, float]) -> tuple[float, float]:
        """Convert degrees right and down into a shift of the iris in picture pixels."""
        radius = self._shape.iris[2]
        scale = EYE_RADIUS_MM / IRIS_DIAMETER_MM * 2 * radius
        angles = np.deg2rad(np.clip(gaze, -_MAX_DEGREES, _MAX_DEGREES))
        x, y = (float(way) for way in np.sin(angles) * scale)
        return x, y

    def lid_follow(self, shift: tuple[float, float]) -> float:
        """Say how far the upper margin goes down with the iris, in eye sizes."""
        shape = self._shape
        way = float(shift[0] * shape.down[0] + shift[1] * shape.down[1])
        return float(np.clip(_UPPER_LID_SHARE * way / shape.size, -0.06, 0.10))

    def draw(
        self, face: ImageArray, shift: tuple[float, float], widened: float = 0.0
    ) -> FloatArray:
        """Shift the iris inside the opening.

        Args:
            face: (h, w, 3) uint8 patch with the eye as it is.
            shift: Way of the iris to the right and down in pixels.
            widened: How far the upper lid is raised above its place in the picture, in pixels.

        Returns:
            (3, h, w) float32 eyeball inside the opening and a little beyond it, the face elsewhere.
        """
        part = (shift[0] * _REFLECTION_SHARE, shift[1] * _REFLECTION_SHARE)
        moved = self._moved(self._base, shift)
        if self._reflection is not None:
            moved += self._moved(self._reflection, part)
        # fade over, so that a tiny shift is a tiny change of the picture
        looks = soft_switch(0.0, 1.2, float(np.hypot(*shift)))
        # a lid that is raised alone uncovers nothing at the lower one
        raised = soft_switch(0.0, 1.2, widened) * self._below_upper
        shade = self._shade[self._part]
        if widened > 0:
            shade = shade + (self._raised_shade(widened) - shade) * raised
        moved *= shade
        share = np.maximum(looks, raised)
        drawn = planes(face)
        seen = drawn[(slice(None), *self._part)]
        seen += (moved - seen) * share
        return drawn

    def _raised_shade(self, widened: float) -> FloatArray:
        """Return the shade of a lid that is raised: it goes up with the lid, (h, w).

        That of the lower lid stays: moved up it would be a line across the eyeball.
        """
        shape = self._shape
        way = widened * self._below_upper
        map_x = self._x + np.float32(shape.iris[0]) + way * shape.down[0]
        map_y = self._y + np.float32(shape.iris[1]) + way * shape.down[1]
        shade = np.asarray(remap(self._shade, map_x, map_y), np.float32)
        # what was dark was mostly lashes, and they went up with the lid
        return np.maximum(shade, _LIGHTEST)

    def _moved(self, image: FinePicture, shift: tuple[float, float]) -> FloatArray:
        radius = self._shape.iris[2]
        length = float(np.hypot(*shift))
        # wide enough that the field never folds: its slope stays below 0.75
        ramp = max(1.0 * radius, 2.0 * length)
        distance = np.hypot(self._x - shift[0], self._y - shift[1])
        weight = smoothstep(1.08 * radius + ramp, 1.08 * radius, distance)
        map_x = self._x + np.float32(self._shape.iris[0]) - shift[0] * weight
        map_y = self._y + np.float32(self._shape.iris[1]) - shift[1] * weight
        return fine_planes(image, (map_x, map_y))


def _seen_part(shape: EyeShape) -> tuple[slice, slice]:
    """Return rows and columns of the patch in which the eyeball can be seen."""
    above, below = shape.upper - _SEEN_ABOVE, shape.lower + _SEEN_BELOW
    seen = (shape.v > above) & (shape.v < below) & (np.abs(shape.u) < _SEEN_BESIDE)
    edges = []
    for axis in (1, 0):
        places = np.flatnonzero(seen.any(axis))
        first, last = (int(places[0]), int(places[-1])) if len(places) else (0, 0)
        edges.append(slice(first, last + 1))
    return edges[0], edges[1]


def _complete_eyeball(patch: ImageArray, shape: EyeShape, distance: FloatArray) -> ImageArray:
    """Continue the visible eyeball a little way behind the lids."""
    pixel = 1.0 / shape.size
    inside = (shape.v > shape.upper + 0.02 + pixel) & (shape.v < shape.lower - pixel)
    inside &= np.abs(shape.u) < 0.49
    near = (shape.v > shape.upper - 0.3) & (shape.v < shape.lower + 0.3) & (np.abs(shape.u) < 0.6)
    hidden = (near & ~inside).astype(np.uint8)
    if not inside.any():
        return patch.copy()
    radius = shape.iris[2]
    white, lashes = _white_of(patch, shape, inside & (distance > _RIM_ENDS * radius))
    # behind the lids the white goes on as white, whatever iris, rim and lashes show next to them
    over = np.asarray(hidden, np.float32)
    if white.sum() > _LEAST_WHITE * inside.sum():
        over = np.maximum(over, blur(widen(np.asarray(lashes, np.float32), 3), _SOFT_PX))
        completed = spread_colours(patch.astype(np.float32), white.astype(np.float32))
        completed *= (1 - _CORNER_SHADE * smoothstep(*_CORNERS, np.abs(shape.u)))[..., None]
    else:
        reach = max(2.0, 0.05 * shape.size)
        completed = np.asarray(cv2.inpaint(patch, hidden, reach, cv2.INPAINT_TELEA), np.float32)
    disc = distance < radius
    seen = disc & inside
    if seen.sum() < 6:
        return np.asarray(patch + (completed - patch) * over[..., None] + 0.5, np.uint8)
    steps = np.minimum((distance / radius * 8).astype(int), 8)
    profile = np.zeros((9, 3), dtype=np.float32)
    overall = np.median(patch[seen], axis=0)
    for step in range(9):
        ring = seen & (steps == step)
        profile[step] = np.median(patch[ring], axis=0) if ring.sum() >= 3 else overall
    place = np.clip(distance / radius * 8 - 0.5, 0, 7)
    channels = [np.interp(place, np.arange(9), profile[:, c]) for c in range(3)]
    soft = _softness(shape)
    behind = smoothstep(1.04 * radius, 0.94 * radius, distance)
    behind = blur(behind, max(0.7, soft))[..., None]
    made_up = completed + (np.stack(channels, axis=-1) - completed) * behind
    if soft > _SOFT_PX:
        # in a large picture the border between what is seen and what is made up would be a line
        over = blur(widen(over, 2 * round(1.5 * soft) + 1), soft)
    mixed = patch + (made_up - patch) * over[..., None]
    return np.asarray(np.clip(mixed + 0.5, 0, 255), dtype=np.uint8)


def _white_of(patch: ImageArray, shape: EyeShape, beside: Mask) -> tuple[Mask, ImageArray]:
    """Tell the white of the eye from lashes before it, among (h, w) bool pixels beside the iris.

    Returns:
        (h, w) bool, and (h, w) uint8 of the dark ones below the upper margin.
    """
    if not beside.any():
        return beside, beside.astype(np.uint8)
    bright = patch.mean(axis=-1)
    light = bright > _WHITE_ABOVE * float(np.percentile(bright[beside], 75))
    hanging = beside & ~light & (shape.v < shape.upper + _LASHES_HANG)
    return beside & light, hanging.astype(np.uint8)


def _softness(shape: EyeShape) -> float:
    """Return how wide the borders of what is made up are blurred, in pixels."""
    return max(_SOFT_PX, _SOFT * shape.size)


def _lid_shade(patch: ImageArray, eyeball: ImageArray, soft: float) -> FloatArray:
    """Compare the picture with the completed eyeball: (h, w), below 1 under lid and lashes."""
    seen, full = (blur(image.mean(axis=-1), soft) for image in (patch, eyeball))
    return np.asarray(np.clip(seen / np.maximum(full, 1.0), 0.2, 1.0), dtype=np.float32)


def _split_reflection(
    eyeball: ImageArray, shape: EyeShape, distance: FloatArray
) -> tuple[ImageArray, ImageArray]:
    """Take lamp reflections out of the iris: (eyeball without them, their light)."""
    radius = shape.iris[2]
    reach = int(np.clip(0.9 * radius, 1, 60)) * 2 + 1
    quiet = cv2.medianBlur(eyeball, reach)
    extra = np.asarray(cv2.subtract(eyeball, quiet), dtype=np.float32)
    disc = eyeball[distance < radius]
    usual = np.percentile(disc, 85, axis=0) if len(disc) else np.full(3, 255.0)
    bright = (eyeball - usual).min(axis=-1)  # a lamp outshines the brightest colour of the iris
    lamp = smoothstep(15.0, 45.0, bright) * smoothstep(0.95 * radius, 0.75 * radius, distance)
    lamp = blur(widen(lamp, 3), 0.6)
    light = np.asarray(np.clip(extra * lamp[..., None], 0, 255), dtype=np.uint8)
    return np.asarray(cv2.subtract(eyeball, light), dtype=np.uint8), light
