"""The eyes of a portrait: gaze, lids and brows, painted in the pose of the picture."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from sadtalker_ext.engines.puppet.eyes.brows import BrowMotion
from sadtalker_ext.engines.puppet.eyes.eye_shape import (
    LEFT_EYE,
    RIGHT_EYE,
    EyeShape,
    eye_width,
    measure_eye,
)
from sadtalker_ext.engines.puppet.eyes.eyelids import Eyelids
from sadtalker_ext.engines.puppet.eyes.glasses.rims import find_rims, is_covered
from sadtalker_ext.engines.puppet.eyes.iris_circle import find_iris
from sadtalker_ext.engines.puppet.eyes.irises import IrisMotion
from sadtalker_ext.engines.puppet.eyes.lid_skin import cheek_colour, sample_lid_skin
from sadtalker_ext.engines.puppet.eyes.lower_lid import with_seen_lower_lid
from sadtalker_ext.engines.puppet.fields import as_picture, planes
from sadtalker_ext.engines.puppet.soft_fields import luma, soft_switch
from sadtalker_ext.types import Box, FloatArray, ImageArray

# The mesh of an eye that is closed in the picture still shows a slit of up to 0.08 eye widths.
# Open eyes of 44 portraits: 0.11 to 0.52, 41 of them above 0.19.
_CLOSED_BELOW, _OPEN_ABOVE = 0.08, 0.13
# Of fewer pixels no lid can be made; the portraits' eyes are 12 to 122 pixels wide, and one is 9.
_LEAST_WIDTH_PX = 10.0
_NEARLY_WHOLE = 0.9  # a blink that goes this far looks like one
_LASH, _TIP = 0.3, 0.05  # of the mask of lashes, their tips end this far above it, in eye sizes
_PEN_STIFF = 0.65  # of a brow's way is not gone in pen drawings, whose hatching would stretch
_WIDEST = 0.105  # of an eye's size, that the upper lid is raised at most


class LidTension(NamedTuple):
    """How wide an eye is opened beyond the picture, and how far its lids are tightened, 0..1."""

    wide: float = 0.0
    squint: float = 0.0


RELAXED = LidTension()
Look = tuple[float, float]
_TOGETHER: Look = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Eye:
    shape: EyeShape
    lids: Eyelids
    iris: IrisMotion | None
    presence: float
    lash_share: float
    lash_height: float  # in pixels
    paper: float  # 1 in a pen drawing, see `LidSkin`
    free: FloatArray | None  # (h, w) 0..1, 0 on rims in front of the eye; None without glasses


class EyeLayer:
    """Moves the eyes of one picture.

    Attributes:
        box: Everything the layer may touch, in picture pixels.
        warnings: Sentences about lids that cannot close as asked.

    Args:
        picture: (H, W, 3) uint8 RGB; not modified.
        points: (478, 3) mesh points in its pixels.
    """

    def __init__(self, picture: ImageArray, points: FloatArray) -> None:
        size = (picture.shape[1], picture.shape[0])
        shapes = [
            measure_eye(points, indices, size, eye_width(points, other))
            for indices, other in ((LEFT_EYE, RIGHT_EYE), (RIGHT_EYE, LEFT_EYE))
        ]
        left, right = shapes
        self._rims = find_rims(picture, points, (left, right)) if left and right else None
        skin = float(luma(cheek_colour(picture, points)))
        found = [_prepare(picture, points, shape, skin, self._rims) for shape in shapes]
        self._eyes = [eye for eye, _ in found]
        paper = max((eye.paper for eye in self._eyes if eye is not None), default=0.0)
        self._brow_share = 1.0 - _PEN_STIFF * paper
        tall = [0.0 if eye is None else eye.lash_height for eye in self._eyes]
        indices = (LEFT_EYE, RIGHT_EYE)
        self._brows = BrowMotion(picture, points, indices, self._rims, (tall[0], tall[1]))
        seen = [eye.presence for eye in self._eyes if eye is not None]
        # both lids move together: where one cannot close, as in a wink, neither does
        self._reach = min(seen, default=0.0)
        self.warnings = _warnings([why for _, why in found], self._reach)
        boxes = [self._brows.box] + [eye.shape.box for eye in self._eyes if eye is not None]
        edges = np.array(boxes)
        low, high = edges[:, :2].min(0), edges[:, 2:].max(0)
        self.box: Box = (int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    def lash_shares(self) -> list[float]:
        """Say which share of the skin between brow and eye each lash mask takes."""
        return [eye.lash_share for eye in self._eyes if eye is not None]

    def apply(
        self,
        canvas: ImageArray,
        blink: tuple[float, float],
        gaze: tuple[float, float],
        brow: float,
        tension: tuple[LidTension, LidTension] = (RELAXED, RELAXED),
        apart: tuple[Look, Look] = (_TOGETHER, _TOGETHER),
    ) -> None:
        """Paint the eyes into the canvas, in place.

        Args:
            canvas: (H, W, 3) uint8 RGB in the pose of the picture, of the same size.
            blink: Closure of the eye on the left and the right side of the picture, 0 as in the
                picture .. 1 closed.
            gaze: Degrees to the right and down.
            brow: -1 frown .. 1 raised.
            tension: Of the lids of the eye on the left and the right side of the picture.
            apart: Degrees by which these two eyes look further to the right and down.
        """
        self._brows.apply(canvas, brow * self._brow_share)
        each = zip(self._eyes, blink, apart, tension, strict=True)
        for eye, closure, further, tense in each:
            if eye is not None:
                look = (gaze[0] + further[0], gaze[1] + further[1])
                _draw_eye(canvas, eye, float(closure) * self._reach, look, tense)

    @property
    def room(self) -> float | None:
        """Share of the eyes' opening above the pupil, mean of both; None where neither is seen."""
        found = [eye.shape.rooms()[0] for eye in self._eyes if eye is not None]
        return sum(found) / len(found) if found else None

    @property
    def still(self) -> FloatArray | None:
        """(H, W) float32, 1 on the rims of glasses in front of the eyes; None without any."""
        return self._rims


def _prepare(
    picture: ImageArray,
    points: FloatArray,
    shape: EyeShape | None,
    skin_level: float,
    rims: FloatArray | None,
) -> tuple[_Eye | None, str]:
    """Prepare one eye; where there is no lid to close, None and why."""
    if shape is None or shape.width < _LEAST_WIDTH_PX:
        return None, "too small or outside the picture"
    left, top, right, bottom = shape.box
    patch = np.ascontiguousarray(picture[top:bottom, left:right])
    if is_covered(patch, shape, skin_level):
        return None, "covered"
    shape = with_seen_lower_lid(patch, shape)
    shape = dataclasses.replace(shape, iris=find_iris(patch, shape))
    in_front = None if rims is None else rims[top:bottom, left:right]
    skin = sample_lid_skin(picture, points, shape, in_front)
    large_enough = 2 * shape.iris[2] >= IrisMotion.MIN_DIAMETER_PX
    presence = soft_switch(_CLOSED_BELOW, _OPEN_ABOVE, shape.openness)
    part = shape.moving_part()
    lash_share = _lash_share(skin.lashes.mask, shape)
    lash_height = _lash_height(skin.lashes.mask, shape)
    shape, skin, patch = shape.cropped(part), skin.cropped(part), np.ascontiguousarray(patch[part])
    eye = _Eye(
        shape=shape,
        lids=Eyelids(patch, shape, skin),
        iris=IrisMotion(patch, shape) if large_enough and presence > 0 else None,
        presence=presence,
        lash_share=lash_share,
        lash_height=lash_height,
        paper=skin.paper,
        free=None if in_front is None else 1.0 - in_front[part],
    )
    return eye, ""


def _warnings(reasons: list[str], reach: float) -> tuple[str, ...]:
    """Say which lids will not close, and why."""
    if all(reasons):
        return (f"Both eyes are {reasons[0]}: they do not blink.",)
    said = [
        f"The eye on the {side} side of the picture is {reason}: it does not blink."
        for side, reason in zip(("left", "right"), reasons, strict=True)
        if reason
    ]
    if reach <= 0:
        said.append("The eyes are closed in the picture, or nearly: they do not blink.")
    elif reach < _NEARLY_WHOLE:
        said.append("The eyes are nearly closed in the picture: they blink less far.")
    return tuple(said)


def _lash_share(mask: FloatArray, shape: EyeShape) -> float:
    above = (shape.v < shape.upper) & (shape.v > shape.brow) & (np.abs(shape.u) < 0.65)
    return float(mask[above].mean()) if above.any() else 0.0


def _lash_height(mask: FloatArray, shape: EyeShape) -> float:
    """Return how far the lashes, with their tips, reach above the margin, in pixels."""
    above = shape.upper - shape.v
    tall = above[(mask > _LASH) & (above > 0) & (np.abs(shape.u) < 0.5)]
    return (float(np.percentile(tall, 98)) + _TIP) * shape.size if len(tall) else 0.0


def _draw_eye(
    canvas: ImageArray,
    eye: _Eye,
    closure: float,
    gaze: tuple[float, float],
    tension: LidTension,
) -> None:
    """Draw one eye where something about it differs from the picture."""
    closure = float(np.clip(closure, 0.0, 1.0))
    wide, squint = (eye.presence * float(np.clip(one, 0.0, 1.0)) for one in tension)
    shift = (0.0, 0.0)
    if eye.iris is not None:
        shift = eye.iris.shift((gaze[0] * eye.presence, gaze[1] * eye.presence))
    looking = abs(shift[0]) + abs(shift[1]) > 0.02
    if closure < 1e-3 and not looking and max(wide, squint) < 1e-3:
        return
    left, top, right, bottom = eye.shape.box
    view = canvas[top:bottom, left:right]
    face = view.copy()
    before = planes(face)
    eyeball, follow, lifted = before, 0.0, 0.0
    if eye.iris is not None and (looking or wide > 0):
        lifted = wide * _WIDEST * (1 - closure)
        eyeball = eye.iris.draw(face, shift, lifted * eye.shape.size)
        follow = eye.iris.lid_follow(shift) if looking else 0.0
    drawn = eye.lids.draw(face, eyeball, closure, follow * (1 - closure), squint, lifted)
    if eye.free is not None:
        drawn = before + (drawn - before) * eye.free
    view[:] = as_picture(np.asarray(cv2.merge(list(drawn)), np.float32))
