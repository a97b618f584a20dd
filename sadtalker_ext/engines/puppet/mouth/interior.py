"""What is seen between the lips: cavity, tongue, lower teeth, upper teeth.

Upper teeth and the back of the cavity are fixed to the skull; tongue and lower teeth move with the
jaw. All layers are drawn once per picture, at its resolution and with its grain, for one box around
the mouth; a frame moves the lower ones, stacks them and shades the result towards the lips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth import own_layers, teeth
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.grain import Grain
from sadtalker_ext.engines.puppet.mouth.hatching import paper_between
from sadtalker_ext.engines.puppet.mouth.mouth_light import MouthLight
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle, luma
from sadtalker_ext.types import FloatArray, ImageArray

Planes = list[FloatArray]
"""The channels of an image, (h, w) float32 each."""

_WARMTH = np.array([0.29, -0.09, -0.13], np.float32)
"""How much less or more than grey a shadow darkens each channel: shadows in a mouth are warm."""
_PAPER = np.float32(0.6)
"""How much of the paper shows between the strokes that fill the mouth of a pen drawing."""


class MouthInterior:
    """The inside of one mouth.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        style: What the drawing must match.
        edge: (N,) y of the upper teeth's edge on `frame.xs`, in half-widths.
        pixels: (h, w, 2) picture coordinates of the pixels to draw.
    """

    def __init__(
        self,
        picture: ImageArray,
        frame: MouthFrame,
        style: PictureStyle,
        edge: FloatArray,
        pixels: FloatArray,
    ) -> None:
        self._frame = frame
        self._style = style
        x, y = frame.local(pixels)
        u = frame.sideways(x, np.zeros_like(x))
        self._light = light = MouthLight(picture, frame, style)
        self._warmth = light.muted(_WARMTH + 1) - 1
        grain = Grain(style, x.shape)
        self._cavity = self._draw_cavity(u, y)
        grain.put(self._cavity)
        self._tongue = grain.put(self._draw_tongue(u, y))
        self._lower = grain.put(teeth.draw_lower(frame, style, light, (u, x, y)))
        upper = grain.put(teeth.draw_upper(frame, style, light, edge, (u, x, y)))
        if frame.teeth is None and style.stone > 0:
            # a statue has a mouth, and nothing in it
            self._tongue, self._lower, upper = (
                layer * np.float32(1 - style.stone) for layer in (self._tongue, self._lower, upper)
            )
        self._upper = own_layers.lay_own_teeth(upper, picture, frame, style, pixels)
        below = own_layers.cut_below_teeth(picture, frame, style, pixels)
        self._below: FloatArray | None = below[0] if below else None
        self._deep = below is not None and below[1]
        self._rest_gap = np.maximum(
            (frame.curve(x, frame.lower) - frame.curve(x, frame.upper)) * frame.half_width, 0
        )
        self._side = smoothstep(0.62, 0.9, np.abs(u))
        self._seen_below: tuple[FloatArray, float] | None = None

    def show_below(self, layer: FloatArray, opening: float) -> None:
        """Show what another picture of the same mouth, open wider, has below the upper teeth.

        Args:
            layer: (h, w, 4) premultiplied; takes the place of what this picture has there, which
                may be no more than the edge of the lip below a grin, and of all that is drawn.
            opening: Pixels between the lips there: less light falls into a mouth less open.
        """
        self._seen_below, self._below = (layer, max(opening, 1.0)), None

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
        tongue, rounded, tuck, relax = (
            float(np.clip(controls.get(name, 0.0), 0, 1))
            for name in ("tongue", "round", "tuck", "relax")
        )
        opening = np.maximum(below_upper + above_lower, 0)
        image = _planes(self._cavity[part])
        if self._seen_below is not None:
            seen, widest = self._seen_below
            layer = self._shifted(seen, jaw_way, part)
            lit = 0.75 + 0.25 * smoothstep(0.0, 0.8, opening / np.float32(widest))
            _dim(layer, [lit] * 3)
            _lay(image, layer)
        elif not self._deep:
            self._lay_jaw(image, jaw_way, tongue, rounded * (1 - tuck), part)
        shadow = self._shadow(below_upper, above_lower, opening, rounded, tuck, tongue)
        _dim(image, shadow)
        own = shadow
        if self._frame.rest_gap > 0:
            own = self._own_shadow(opening, rounded, tuck, part)
        if self._below is not None:
            below = self._shifted(self._below, jaw_way, part)
            if not self._deep:
                unit = self._frame.size / 2
                more = smoothstep(0.0, 0.2 * unit, opening - self._rest_gap[part])
                _dim(below, [1 - more] * 4)
            _dim(below, own)
            _lay(image, below)
        upper = self._placed_upper(rounded * (1 - tuck), relax, part)
        _dim(upper, own if self._frame.teeth is not None else shadow)
        _lay(image, upper)
        return np.asarray(cv2.merge(image), np.float32)

    def _lay_jaw(
        self,
        image: Planes,
        jaw_way: FloatArray,
        tongue: float,
        pursed: float,
        part: tuple[slice, slice],
    ) -> None:
        """Lay what goes with the jaw: the tongue, and before it the lower teeth."""
        frame = self._frame
        # The tongue does not follow the jaw all the way, and its tip goes up for L and TH.
        lifted = tongue * (0.35 * float(jaw_way @ frame.across) + 0.04 * frame.size)
        layer = self._shifted(self._tongue, jaw_way * 0.85 - frame.across * lifted, part)
        _dim(layer, [np.float32(1 + 0.15 * tongue)] * 3)
        _lay(image, layer)
        # Pursed lips hide the lower teeth, and so does a tongue between the teeth.
        seen = (1 - 0.8 * tongue) * (1 - float(smoothstep(0.6, 0.95, pursed)))
        if seen > 0:
            # The lower lip is drawn off the teeth a little as the mouth opens.
            teeth_below = self._shifted(self._lower, 0.86 * jaw_way, part)
            _dim(teeth_below, [np.float32(seen)] * 4)
            _lay(image, teeth_below)

    def _placed_upper(self, pursed: float, relax: float, part: tuple[slice, slice]) -> Planes:
        """The upper teeth: lips of a round mouth stand out before them and hide more of them."""
        frame = self._frame
        up = 0.055 * frame.size * pursed
        if frame.teeth is not None:
            up = min(0.1 * frame.size, 0.5 * frame.rest_gap * frame.half_width) * relax * pursed
        if up < 0.02:
            return _planes(self._upper[part])
        return self._shifted(self._upper, -frame.across * np.float32(up), part)

    def _shadow(
        self,
        below_upper: FloatArray,
        above_lower: FloatArray,
        opening: FloatArray,
        rounded: float,
        tuck: float,
        tongue: float,
    ) -> Planes:
        """Shade of the lips on everything that is drawn, one for each colour."""
        unit = self._frame.size / 2
        lip = np.exp(-np.maximum(below_upper, 0) / np.float32(0.14 * unit))
        narrow = 1 - smoothstep(0.0, 0.22 * unit, opening)
        # Drawings shade less, and lines of a pen not at all.
        lined = np.float32(self._style.lined)
        deep = (0.4 + 0.6 * self._style.detail) * (1 - 0.6 * self._style.flat) * (1 - lined)
        # For F and V the teeth stand before the lower lip, in the light.
        shade = (1 - 0.4 * deep * lip) * (1 - 0.45 * deep * (1 - 0.7 * tuck) * narrow)
        # Round lips keep the light off the teeth.
        shade *= 1 - 0.2 * rounded
        contact = np.exp(-np.maximum(above_lower, 0) / np.float32(0.10 * unit))
        dark = 0.4 * (1 - 0.6 * self._style.flat) * (1 - lined)
        shade *= 1 - dark * (1 - tuck) * (1 - 0.5 * tongue) * contact
        return self._warm(shade)

    def _own_shadow(
        self, opening: FloatArray, rounded: float, tuck: float, part: tuple[slice, slice]
    ) -> Planes:
        """Shade on what the picture itself shows: 1 where it is as open as there."""
        rest = self._rest_gap[part]
        lit = np.maximum(smoothstep(0.0, 0.45, opening / np.maximum(rest, 1.0)), 0.85 * tuck)
        rounded *= 1 - 0.6 * tuck
        side = self._side[part]
        # Where the corners have come in front of teeth that they did not hide before, it is dark.
        corner = side * smoothstep(0.0, 0.06 * self._frame.size, opening - rest)
        dark = 0.0 if self._deep else 0.7
        shade = (0.3 + 0.7 * lit) * (1 - rounded * (0.1 + 0.3 * side)) * (1 - dark * corner)
        return self._warm(shade)

    def _warm(self, shade: npt.NDArray[Any]) -> Planes:
        grey = shade.astype(np.float32, copy=False)
        darker = 1 - grey
        # About a power of the shade per channel, without its cost.
        return [grey * (1 + warmth * darker) for warmth in self._warmth]

    def _shifted(self, layer: FloatArray, way: FloatArray, part: tuple[slice, slice]) -> Planes:
        """A part of a layer after moving the layer by (2,) pixels."""
        rows, columns = part
        size = (columns.stop - columns.start, rows.stop - rows.start)
        matrix = np.array([[1, 0, columns.start - way[0]], [0, 1, rows.start - way[1]]], np.float32)
        moved = cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return _planes(np.asarray(moved, np.float32))

    def _dark(self) -> FloatArray:
        """Colour of the depth of the mouth: a dark red no darker than the picture's own blacks."""
        style = self._style
        skin = float(self._light.skin(0.0))
        warm = 0.5 * style.lip / max(float(luma(style.lip)), 1) + np.array(
            [0.9, 0.35, 0.33], np.float32
        )
        warm = self._light.muted(warm)
        warm += style.stone * (style.skin / max(float(luma(style.skin)), 1) - warm)
        target = max(0.11 * skin, min(style.black, 0.28 * skin))
        colour: FloatArray = warm * target / max(float(luma(warm)), 1e-3)
        return colour.astype(np.float32)

    def _draw_cavity(self, u: FloatArray, y: FloatArray) -> FloatArray:
        """The back of the mouth: darkest in its middle, a little light on cheeks and floor."""
        depth = np.exp(-((u / 0.7) ** 2)) * np.exp(-(((y - 0.2) / 0.45) ** 2))
        shape = 1.3 - (0.35 + 0.4 * self._style.detail) * depth
        cavity = np.asarray(self._dark() * shape[..., None], np.float32)
        if self._style.lined > 0:
            paper = self._style.lined * paper_between(u.shape, self._frame.size)
            cavity += (self._style.skin - cavity) * (_PAPER * paper)[..., None]
        return cavity

    def _draw_tongue(self, u: FloatArray, y: FloatArray) -> FloatArray:
        """The tongue as it lies behind the lower teeth at rest, premultiplied.

        Its back fades into the dark, its middle is light with a soft groove, its sides are dark.
        """
        frame, style = self._frame, self._style
        unit = frame.size / 2 / frame.half_width
        across = u / (0.66 * unit)
        middle = float(np.interp(frame.midline, frame.xs, frame.lower))
        top = (middle - 0.3 * unit) + 0.2 * unit * np.clip(across, -1.5, 1.5) ** 2
        under = (y - top) / unit
        opacity = smoothstep(-0.04, 0.10, under) * smoothstep(-1.08, -0.6, -np.abs(across))
        # In a pen drawing a mouth is lines, dark and paper.
        opacity = opacity * (1 - style.lined)
        flat = max(1 - style.detail, style.flat)
        body = smoothstep(-0.06, 0.2, under) * (1 - 0.35 * smoothstep(0.22, 0.5, under))
        sides = 1 - 0.6 * np.clip(np.abs(across), 0, 1.2) ** 2
        reach = smoothstep(0.03, 0.14, under)
        groove = 1 - 0.18 * np.exp(-((across / 0.11) ** 2)) * reach
        swell = 1 + 0.07 * np.exp(-(((np.abs(across) - 0.3) / 0.18) ** 2)) * reach
        shaped = (0.36 + 0.6 * body) * sides * groove * swell
        plain = max(0.8 * flat, style.flat)
        light = 0.75 * plain + (1 - plain) * shaped
        light = light * self._light.skin(u) / self._light.skin(0.0)
        colour = light[..., None] * self._light.flesh(0.62)
        layer = np.dstack([colour, np.ones_like(u)]) * opacity[..., None]
        blurred: FloatArray = cv2.GaussianBlur(
            layer.astype(np.float32), (0, 0), max(0.5, style.blur, 0.008 * frame.size)
        )
        return blurred


def _planes(image: FloatArray) -> Planes:
    """Return copies of the channels of an image: numpy is slow where three numbers are a row."""
    return [np.asarray(plane, np.float32) for plane in cv2.split(image)]


def _dim(image: Planes, shade: Sequence[FloatArray | np.float32]) -> None:
    """Multiply as many channels as there are shades, in place."""
    for plane, share in zip(image, shade, strict=False):
        np.multiply(plane, share, out=plane)


def _lay(image: Planes, layer: Planes) -> None:
    """Put a premultiplied layer with its opacity over an image, in place."""
    clear = 1 - layer[3]
    for plane, over in zip(image, layer, strict=False):
        np.multiply(plane, clear, out=plane)
        np.add(plane, over, out=plane)
