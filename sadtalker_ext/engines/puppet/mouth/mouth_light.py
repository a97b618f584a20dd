"""How the light of the picture falls on the mouth, and which colours things in it have.

The skin round the mouth tells the side of the light; teeth, gum and tongue take their brightness
from it, so that they are dim on the shadow side of a face.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.mouth.frame import MouthFrame
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle, luma
from sadtalker_ext.pixels import sample
from sadtalker_ext.types import FloatArray, ImageArray

_PLACES = np.linspace(-1.2, 1.2, 9, dtype=np.float32)
"""Local x at which the light is measured."""


class MouthLight:
    """Light along one mouth.

    Args:
        picture: (H, W, 3) uint8 RGB.
        frame: The mouth.
        style: The picture's colours.
    """

    def __init__(self, picture: ImageArray, frame: MouthFrame, style: PictureStyle) -> None:
        self._style = style
        skin = max(float(luma(style.skin)), 1.0)
        self._light: FloatArray = np.full(len(_PLACES), skin, np.float32)
        self.brightest = skin
        """Luma of the brightest skin near the mouth."""
        x, light = _skin_samples(picture, frame, style)
        if len(x) >= 40:
            self._light = _along(x, light)
            self.brightest = float(np.percentile(light, 97))
        chroma = float(style.skin.max() - style.skin.min()) / max(float(style.skin.max()), 1.0)
        self._coloured = float(smoothstep(0.02, 0.12, chroma))
        # Skin far more colourful than skin is tells of coloured light, or of a painter's palette.
        self._tinted = 0.38 + 0.35 * float(smoothstep(0.45, 0.8, chroma))

    def skin(self, x: npt.ArrayLike) -> FloatArray:
        """Luma of lit skin at local x."""
        light = np.interp(np.asarray(x, np.float32), _PLACES, self._light)
        return np.asarray(np.minimum(light, self.brightest), np.float32)

    def tooth(self, x: npt.ArrayLike) -> FloatArray:
        """(..., 3) colour of a lit tooth at local x: brighter than the skin, partly of its tint."""
        style = self._style
        lit = float(self._light.max())
        most = 1.06 * max(self.brightest, 0.75 * style.white)
        # Teeth are as white in a dark face, so that they differ more from its skin.
        share = 0.65 - 0.2 * float(smoothstep(0.45, 0.75, lit / max(style.white, 1.0)))
        # In a drawing they are as white as anything in the face.
        share = max(share, 0.9 * style.flat)
        whiter = min(lit + share * max(0.95 * style.white - lit, 0.0), most) / lit
        bright = np.minimum(self.skin(x) * np.float32(max(whiter, 1.1)), np.float32(most))
        warm = np.array([1.04, 1.0, 0.94], np.float32)
        tint = style.skin / max(float(luma(style.skin)), 1.0)
        colour = (1 - self._tinted) * warm + self._tinted * tint
        hue = np.asarray(colour / float(luma(colour)), np.float32)
        return np.asarray(np.minimum(bright[..., None] * self.muted(hue), 250), np.float32)

    def flesh(self, share: float) -> FloatArray:
        """(3,) colour of moist flesh as bright as a share of the skin, from that of the lips."""
        style = self._style
        rose = style.lip * np.array([1.0, 0.88, 0.9], np.float32)
        rose = self.muted(rose / max(float(luma(rose)), 1.0))
        skin = float(self.skin(0.0))
        bright = min(share * skin, 0.75 * max(float(luma(style.lip)), 0.5 * skin))
        return (rose * np.float32(bright)).astype(np.float32)

    def muted(self, colour: FloatArray) -> FloatArray:
        """A colour as the picture would show it: grey in a picture without colours."""
        grey = luma(colour)[..., None]
        return (grey + np.float32(self._coloured) * (colour - grey)).astype(np.float32)


def _skin_samples(
    picture: ImageArray, frame: MouthFrame, style: PictureStyle
) -> tuple[FloatArray, FloatArray]:
    """Local x and luma of pixels round the mouth that have the colour of skin."""
    xs = np.linspace(-1.7, 1.7, 45, dtype=np.float32)
    above = np.linspace(0.08, 0.35, 8, dtype=np.float32) + np.float32(frame.lip_upper)
    below = np.linspace(0.15, 0.6, 12, dtype=np.float32) + np.float32(frame.lip_lower)
    upper = frame.curve(xs, frame.upper)[None] - above[:, None]
    lower = frame.curve(xs, frame.lower)[None] + below[:, None]
    beside = np.linspace(-0.3, 0.3, 8, dtype=np.float32)[:, None] + 0 * xs[None]
    y = np.concatenate([upper, lower, beside]).astype(np.float32)
    x = np.broadcast_to(xs, y.shape)
    colours = sample(picture, frame.picture(x, y)).astype(np.float32)
    light = luma(colours)
    skin = max(float(luma(style.skin)), 1.0)
    unlike: npt.NDArray[Any] = np.abs(colours / (light[..., None] + 10) - style.skin / (skin + 10))
    of_skin = (unlike.max(-1) < 0.3) & (light > 0.3 * skin)
    # Beside the mouth only, not on it.
    of_skin[-8:] &= np.abs(x[-8:]) > 1.25
    return x[of_skin].astype(np.float32), np.maximum(light[of_skin], 1).astype(np.float32)


def _along(x: FloatArray, light: FloatArray) -> FloatArray:
    """Light of the skin at `_PLACES`: that of its better lit half, so that stubble counts less."""
    whole = float(np.percentile(light, 60))
    values = []
    for place in _PLACES:
        near = np.abs(x - place) < 0.4
        # Few samples are drawn towards the whole.
        trust = min(float(near.sum()) / 30, 1.0)
        here = float(np.percentile(light[near], 60)) if near.any() else whole
        values.append(whole * (here / whole) ** trust)
    smooth = np.convolve(np.pad(values, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    return smooth.astype(np.float32)
