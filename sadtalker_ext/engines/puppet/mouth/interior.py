"""What is seen between the lips: cavity, tongue, lower teeth, upper teeth.

Upper teeth and the back of the cavity are fixed to the skull; tongue and lower teeth move with the
jaw. All layers are drawn once per picture, at its resolution, for one box around the mouth; a frame
moves the lower ones, stacks them and shades the result towards the lips.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.puppet.mouth import teeth
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame, smoothstep
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle, luma
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

_SHADOW = np.array([0.8, 1.06, 1.09], np.float32)
"""Exponents of the shade per channel: shadows in a mouth are warm."""


class MouthInterior:
    """The inside of one mouth.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        style: What the drawing must match.
        pixels: (h, w, 2) picture coordinates of the pixels to draw.
    """

    def __init__(
        self, picture: ImageArray, frame: MouthFrame, style: PictureStyle, pixels: FloatArray
    ) -> None:
        self._frame = frame
        self._style = style
        x, y = frame.local(pixels)
        u = frame.sideways(x, np.zeros_like(x))
        self._own_share = teeth.own_teeth(picture, frame, style)
        # Teeth that only peep out are replaced when the mouth opens further; a row of them stays.
        self._drawn_teeth = 1 - smoothstep(0.55, 0.95, self._own_share)
        edge = teeth.tooth_edge(frame, self._own_share)
        self._cavity = self._draw_cavity(u, y)
        self._tongue = self._draw_tongue(u, y)
        self._lower = teeth.draw_lower(frame, style, u, x, y)
        self._upper = teeth.draw_upper(frame, style, edge, u, x, y)
        self._rest_gap = np.maximum(
            (frame.curve(x, frame.lower) - frame.curve(x, frame.upper)) * frame.half_width, 0
        )
        self._own = self._cut_own(picture, pixels, x, y) if frame.rest_gap > 0 else None
        noise = np.random.default_rng(0).standard_normal(x.shape).astype(np.float32)
        self._side = smoothstep(0.62, 0.9, np.abs(u))
        self._grain = (noise * np.float32(0.7 * style.grain))[..., None]

    def draw(
        self,
        below_upper: FloatArray,
        above_lower: FloatArray,
        jaw_way: FloatArray,
        controls: Mapping[str, float],
        part: tuple[slice, slice],
    ) -> FloatArray:
        """Draw one frame's interior in a part of the box.

        Args:
            below_upper: (h, w) pixels below the edge of the upper lip, in this frame.
            above_lower: (h, w) pixels above the edge of the lower lip, in this frame.
            jaw_way: (2,) movement of the lower jaw in this frame, pixels.
            controls: Values of the puppet's controls by name.
            part: Rows and columns of the pixels that are wanted.

        Returns:
            (h, w, 3) float32 RGB.
        """
        frame = self._frame
        tongue, rounded, tuck, relax = (
            float(np.clip(controls.get(name, 0.0), 0, 1))
            for name in ("tongue", "round", "tuck", "relax")
        )
        unit = frame.size / 2
        lifted = tongue * (0.35 * float(jaw_way @ frame.across) + 0.08 * unit)
        image = self._cavity[part].copy()
        # Pursed lips hide the lower teeth.
        pursed = float(smoothstep(0.6, 0.95, rounded)) * (1 - tuck)
        low_teeth = (1 - 0.8 * tongue) * (1 - pursed)
        _lay(image, self._shifted(self._lower, jaw_way, part) * low_teeth)
        # The tongue does not follow the jaw all the way, and its tip goes up for L and TH.
        up = self._shifted(self._tongue, jaw_way * 0.85 - frame.across * lifted, part)
        up[..., :3] *= 1 + 0.15 * tongue
        _lay(image, up)
        # The lips of a round mouth stand out before the teeth and hide more of them.
        hidden = rounded * (1 - tuck)
        upper = self._upper[part]
        if hidden > 0:
            up_px = 0.055 * frame.size * hidden
            upper = self._shifted(self._upper, -frame.across * np.float32(up_px), part)
        opening = np.maximum(below_upper + above_lower, 0)
        if self._own is None:
            _lay(image, upper)
        lip = np.exp(-np.maximum(below_upper, 0) / (0.14 * unit))
        narrow = 1 - smoothstep(0.0, 0.22 * unit, opening)
        deep = 0.6 + 0.4 * self._style.detail  # drawings shade less
        shade = (1 - 0.34 * deep * lip) * (1 - 0.45 * deep * (1 - 0.7 * tuck) * narrow)
        # Round lips keep the light off the teeth.
        shade *= 1 - 0.2 * rounded
        contact = np.exp(-np.maximum(above_lower, 0) / (0.10 * unit))
        shade *= 1 - 0.4 * (1 - tuck) * (1 - 0.5 * tongue) * contact
        shadow = shade[..., None] ** _SHADOW
        image *= shadow
        if self._own is not None:
            own = self._own[part]
            if hidden * relax > 0:
                up_px = 0.5 * frame.rest_gap * frame.half_width * hidden * relax
                own = self._shifted(self._own, -frame.across * np.float32(up_px), part)
            self._lay_own(image, own, upper, opening, rounded, tuck, shadow, part)
        image += self._grain[part]
        return image

    def _lay_own(
        self,
        image: FloatArray,
        own: FloatArray,
        upper: FloatArray,
        opening: FloatArray,
        rounded: float,
        tuck: float,
        shadow: FloatArray,
        part: tuple[slice, slice],
    ) -> None:
        """Put the picture's own open mouth over the drawn one."""
        rest = self._rest_gap[part]
        # For F and V the teeth stand before the lower lip, in the light.
        lit = np.maximum(smoothstep(0.0, 0.45, opening / np.maximum(rest, 1.0)), 0.85 * tuck)
        more = smoothstep(0.0, 0.25 * self._frame.size / 2, opening - rest) * self._drawn_teeth
        corner = smoothstep(0.0, 0.12 * self._frame.size / 2, opening - rest) * self._side[part]
        rounded *= 1 - 0.6 * tuck
        shade = (0.3 + 0.7 * lit) * (1 - rounded * (0.1 + 0.3 * self._side[part]))
        _lay(image, own * ((1 - more) * (1 - corner))[..., None])
        image *= shade[..., None] ** _SHADOW
        drawn = upper * (more * 0.9)[..., None]
        drawn[..., :3] *= shadow
        _lay(image, drawn)

    def _shifted(self, layer: FloatArray, way: FloatArray, part: tuple[slice, slice]) -> FloatArray:
        """A part of a layer after moving the layer by (2,) pixels."""
        rows, columns = part
        size = (columns.stop - columns.start, rows.stop - rows.start)
        matrix = np.array([[1, 0, columns.start - way[0]], [0, 1, rows.start - way[1]]], np.float32)
        moved = cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return np.asarray(moved, np.float32)

    def _dark(self) -> FloatArray:
        """Colour of the depth of the mouth: a dark red no darker than the picture's own blacks."""
        style = self._style
        skin = max(float(luma(style.skin)), 1.0)
        warm = 0.5 * style.lip / max(float(luma(style.lip)), 1) + np.array(
            [0.9, 0.35, 0.33], np.float32
        )
        target = max(0.13 * skin, min(style.black, 0.3 * skin))
        colour: FloatArray = warm * target / max(float(luma(warm)), 1e-3)
        return colour.astype(np.float32)

    def _draw_cavity(self, u: FloatArray, y: FloatArray) -> FloatArray:
        depth = np.exp(-((u / 0.8) ** 2)) * np.exp(-(((y - 0.25) / 0.5) ** 2))
        image: FloatArray = self._dark() * (1.25 - 0.55 * depth)[..., None]
        return image.astype(np.float32)

    def _draw_tongue(self, u: FloatArray, y: FloatArray) -> FloatArray:
        """The tongue as it lies behind the lower teeth at rest, premultiplied."""
        frame, style = self._frame, self._style
        unit = frame.size / 2 / frame.half_width
        across = u / (0.62 * unit)
        middle = float(np.interp(frame.midline, frame.xs, frame.lower))
        top = (middle - 0.26 * unit) + 0.16 * unit * np.clip(across, -1.5, 1.5) ** 2
        under = (y - top) / unit
        opacity = smoothstep(-0.07, 0.13, under) * smoothstep(-1.1, -0.45, -np.abs(across))
        skin = max(float(luma(style.skin)), 1.0)
        rose = style.lip * np.array([1.0, 0.88, 0.9], np.float32)
        rose = rose * min(0.52 * skin / max(float(luma(rose)), 1.0), 0.68)
        round_light = np.exp(-(((under - 0.16) / 0.2) ** 2)) * (1 - 0.35 * np.abs(across) ** 1.5)
        groove = 1 - 0.12 * np.exp(-((across / 0.09) ** 2)) * smoothstep(0.05, 0.2, under)
        light = (0.6 + 0.38 * np.maximum(round_light, 0)) * groove
        layer = np.dstack([light[..., None] * rose, np.ones_like(u)]) * opacity[..., None]
        blurred: FloatArray = cv2.GaussianBlur(
            layer.astype(np.float32), (0, 0), max(0.5, style.blur, 0.01 * frame.size)
        )
        return blurred

    def _cut_own(
        self, picture: ImageArray, pixels: FloatArray, x: FloatArray, y: FloatArray
    ) -> FloatArray:
        """The picture's own open mouth, continued outwards, premultiplied."""
        frame = self._frame
        half = frame.half_width
        source = sample(picture, pixels, cv2.INTER_NEAREST)
        upper, lower = frame.curve(x, frame.upper), frame.curve(x, frame.lower)
        edge = np.float32(max(0.8, 0.6 * self._style.blur))
        inside = ((y - upper) * half > edge) & ((lower - y) * half > edge) & (np.abs(x) < 0.98)
        colour = _continued(source, inside).astype(np.float32)
        # Upwards the row of teeth goes on into its own shadow.
        above = np.maximum((upper - y) * half, 0) / frame.size
        colour *= (1 - 0.5 * smoothstep(0.0, 0.12, above))[..., None]
        beyond = (y - lower) * half
        opacity = np.clip(0.5 - beyond / (2 * max(1.0, 0.02 * frame.size)), 0, 1)
        layer: FloatArray = np.dstack([colour, np.ones_like(opacity)]) * opacity[..., None]
        return layer.astype(np.float32)


def _continued(image: ImageArray, known: npt.NDArray[np.bool_]) -> ImageArray:
    """Fill unknown pixels with the nearest known one, softened away from it."""
    if not known.any():
        return image
    unknown = (~known).astype(np.uint8)
    distance, labels = cv2.distanceTransformWithLabels(
        unknown, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(known)
    nearest = np.zeros((labels.max() + 1, 2), np.intp)
    nearest[labels[rows, columns]] = np.stack([rows, columns], 1)
    pick = nearest[labels]
    filled = image[pick[..., 0], pick[..., 1]]
    soft = cv2.GaussianBlur(filled, (0, 0), 2.0)
    share = np.clip(distance / 3, 0, 1)[..., None]
    result: ImageArray = (filled * (1 - share) + soft * share).astype(np.uint8)
    result[known] = image[known]
    return result


def _lay(image: FloatArray, layer: npt.NDArray[Any]) -> None:
    """Put a premultiplied (h, w, 4) layer over an (h, w, 3) image, in place."""
    image *= 1 - layer[..., 3:]
    image += layer[..., :3]
