"""A tongue that is put out: drawn over the lower lip, from between the lips to its round tip.

Its sizes are those of adults in relation to the mouth's width at rest; it goes with the jaw, stays
below the upper teeth, and takes its colour from the lips and its light from the skin around.
"""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.mouth_light import MouthLight
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle
from sadtalker_ext.engines.puppet.soft_fields import blur
from sadtalker_ext.types import FloatArray, ImageArray

_REACH, _HALF = 0.82, 0.66
"""Way of the tip beyond the lower lip, and half the width, in halves of the width of the mouth at
rest."""
_WITH_JAW = 0.86
_COMES = 0.12
"""Weight by which it has come out of the dark."""
_SHADOW, _SHADOW_WIDTH = 0.3, 0.09
_BRIGHT, _LIGHTER = 0.9, 1.25
"""Its light against that of the skin, and against that of flesh inside the mouth."""


class TongueOut:
    """The tongue of one mouth.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        style: What the drawing must match.
        edge: (N,) y of the upper teeth's edge on `frame.xs`, in half-widths.
        pixels: (h, w, 2) picture coordinates of the pixels that `lay` gets.
    """

    def __init__(
        self,
        picture: ImageArray,
        frame: MouthFrame,
        style: PictureStyle,
        edge: FloatArray,
        pixels: FloatArray,
    ) -> None:
        x, y = frame.local(pixels)
        unit = frame.size / 2 / frame.half_width
        across = frame.sideways(x, np.zeros_like(x)) / np.float32(unit)
        out = (y - float(np.interp(frame.midline, frame.xs, frame.lower))) / np.float32(unit)
        soft = max(0.8, style.blur)
        # a strip with a round end: distances from its rim, negative within
        rim = np.hypot(across, np.maximum(out - (_REACH - _HALF), 0)) - _HALF
        opacity = np.clip(0.5 - rim * (frame.size / 2) / soft, 0, 1) * smoothstep(-1.2, -0.9, out)
        self._layer = _painted(MouthLight(picture, frame, style), style, across, out, rim, opacity)
        shade = _SHADOW * (0.4 + 0.6 * style.detail) * blur(opacity, _SHADOW_WIDTH * frame.size / 2)
        self._shade = np.asarray(shade, np.float32)
        # what lies above the teeth's edge is behind teeth and upper lip
        below = (y - frame.curve(x, edge)) * frame.half_width
        self._below = np.clip(below / soft + 0.5, 0, 1)
        self._across, self._length = frame.across, _REACH * frame.size / 2

    def lay(self, region: ImageArray, weight: float, jaw_way: FloatArray) -> None:
        """Draw it over pixels in which lips and inside of the mouth are drawn already, in place.

        Args:
            region: (h, w, 3) uint8.
            weight: 0..1, how far it is out.
            jaw_way: (2,) movement of the lower jaw in pixels.
        """
        seen = min(weight / _COMES, 1.0)
        if seen <= 0:
            return
        way = _WITH_JAW * jaw_way - self._across * np.float32((1 - weight) * self._length)
        size = region.shape[1::-1]
        matrix = np.array([[1, 0, way[0]], [0, 1, way[1]]], np.float32)
        moved = np.asarray(cv2.warpAffine(self._layer, matrix, size), np.float32)
        shade = np.asarray(cv2.warpAffine(self._shade, matrix, size), np.float32)
        shown = np.float32(seen) * self._below
        clear = (1 - shown * shade) * (1 - shown * moved[..., 3])
        drawn = region * clear[..., None] + moved[..., :3] * shown[..., None]
        region[:] = np.clip(drawn + 0.5, 0, 255).astype(np.uint8)


def _painted(
    light: MouthLight,
    style: PictureStyle,
    across: FloatArray,
    out: FloatArray,
    rim: FloatArray,
    opacity: FloatArray,
) -> FloatArray:
    """Return the tongue as it lies when it is all out, (h, w, 4) float32, premultiplied."""
    flat = style.flat
    round_off = 1 - 0.34 * smoothstep(-0.28, 0.02, rim)
    reach = smoothstep(_REACH - 0.06, _REACH - 0.5, out)
    groove = 1 - 0.16 * np.exp(-((across / 0.07) ** 2)) * reach
    swell = 1 + 0.06 * np.exp(-(((np.abs(across) - 0.24) / 0.14) ** 2)) * smoothstep(0, 0.3, out)
    # it comes from the dark of the mouth, and bends down over the lip
    lit = 0.5 + 0.5 * smoothstep(-0.55, 0.05, out)
    shaped = round_off * groove * swell * lit
    shaped = (1 - flat) * shaped + flat * (0.75 + 0.25 * shaped)
    even = light.skin(across) / max(float(light.skin(0.0)), 1.0)
    colour = (shaped * even)[..., None] * light.flesh(_BRIGHT) * np.float32(_LIGHTER)
    noise = np.random.default_rng(3).standard_normal(out.shape).astype(np.float32)
    colour = colour + (0.8 * style.grain * blur(noise, 0.45 * style.blur))[..., None]
    layer = np.dstack([np.clip(colour, 0, 255), np.ones_like(out)]) * opacity[..., None]
    return np.asarray(layer, np.float32)
