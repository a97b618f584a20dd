"""The skin of one face, moved as directed over what mouth and eyes have drawn."""

from __future__ import annotations

import cv2
import numpy as np

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.engines.puppet.eyes.brows import hair_in_front
from sadtalker_ext.engines.puppet.eyes.lid_skin import cheek_colour
from sadtalker_ext.engines.puppet.mouth.picture_style import PictureStyle
from sadtalker_ext.engines.puppet.skin.fields import SkinFields
from sadtalker_ext.engines.puppet.skin.folds import Folds, Light
from sadtalker_ext.engines.puppet.skin.frame import SkinFrame, freedom, measure_skin
from sadtalker_ext.engines.puppet.skin.own_brows import beside_own_brows, worried
from sadtalker_ext.engines.puppet.skin.own_smile import against_own_smile, own_smile
from sadtalker_ext.engines.puppet.skin.roughness import measure_roughness
from sadtalker_ext.engines.puppet.soft_fields import blur
from sadtalker_ext.pixels import remap
from sadtalker_ext.types import Box, FloatArray, ImageArray

_ON_DRAWINGS = 0.35
"""How much of a fold's shade drawings and smooth painted skin show; lines on paper show less."""
_SMOOTH_SKIN = (0.05, 0.5)
"""Texture of skin between the two: 0 in flat drawings, 0.14 in a smooth painting, 0.36 to 1 in
six photographs and renderings."""
_COLOURED = 0.2
"""Saturation of skin from which on a fold is as red as skin is; on a grey picture it is grey."""
_CHEEK_LIGHT = 0.07
"""Share of light that a cheek gains when it is raised."""
_CHEEK_REACH = (0.085, 0.055)
_RAISES_CHEEK = {"cheekSquint": 0.6, "mouthSmile": 0.4}


class SkinLayer:
    """Moves brows, cheeks, nose, the lips' surroundings and the chin of one picture.

    Args:
        picture: (H, W, 3) uint8 RGB, never modified.
        points: (478, 3) mesh points in pixels of this picture.
        style: Measurements of the picture.
        still: (H, W) float32, 1 on glasses in front of the eyes, or None.

    Attributes:
        box: The only region `apply` writes to, picture pixels.
    """

    def __init__(
        self,
        picture: ImageArray,
        points: FloatArray,
        style: PictureStyle,
        still: FloatArray | None = None,
    ) -> None:
        size = picture.shape[:2]
        self._frame = frame = measure_skin(np.asarray(points, np.float32), size)
        self.box: Box = frame.box
        left, top, right, bottom = self.box
        region = picture[top:bottom, left:right]
        hidden = blur(hair_in_front(region, cheek_colour(picture, points)), 0.012 * frame.unit)
        self._fields = SkinFields(frame, freedom(frame, still))
        drawn = max(1 - float(smoothstep(*_SMOOTH_SKIN, style.detail)), style.lined)
        strength = (1 - drawn) + drawn * _ON_DRAWINGS * (1 - 0.5 * style.lined)
        smooth = 1 - (1 - drawn) * measure_roughness(picture, frame)
        coloured = min(float(np.ptp(style.skin)) / max(float(style.skin.max()), 1.0) / _COLOURED, 1)
        self._folds = Folds(frame, np.clip(1.5 * hidden, 0, 1), strength, smooth, coloured)
        mesh = np.asarray(points, np.float32)
        self._worry, self._smile = worried(mesh), own_smile(mesh)
        self._cheeks = [_cheek(frame, side, region.shape[:2], strength) for side in (-1, 1)]

    def apply(self, canvas: ImageArray, face: FloatArray) -> None:
        """Move the skin of a canvas in the pose of the picture, in place.

        Args:
            canvas: (H, W, 3) uint8 RGB, the size of the constructor's picture.
            face: (52,) weights of the blendshapes; all zero leaves the canvas as it is.
        """
        face = against_own_smile(beside_own_brows(face, self._worry), self._smile)
        forward = self._fields.forward(face)
        if forward is None:
            return
        left, top, right, bottom = self.box
        region = canvas[top:bottom, left:right]
        source = region.copy()
        lights: list[Light] = []
        for side, (where, light) in zip(("Right", "Left"), self._cheeks, strict=True):
            raised = sum(
                share * float(face[COLUMN[name + side]]) for name, share in _RAISES_CHEEK.items()
            )
            if raised > 0.02 and light.size:
                lights.append((where, light, raised))
        self._folds.shade(source, forward, lights)
        region[:] = remap(source, *self._fields.sources(forward), cv2.INTER_CUBIC)


def _cheek(
    frame: SkinFrame, side: int, size: tuple[int, ...], strength: float
) -> tuple[tuple[slice, slice], FloatArray]:
    """Return where a raised cheek is lit, and by how much, (h, w)."""
    middle = frame.points[280 if side > 0 else 50]
    corner = np.array(frame.box[:2], np.float32)
    reach = 2.5 * _CHEEK_REACH[0] * frame.unit
    low = np.clip(np.floor(middle - corner - reach).astype(int), 0, size[1::-1])
    high = np.clip(np.ceil(middle - corner + reach).astype(int), low, size[1::-1])
    x = np.arange(low[0], high[0], dtype=np.float32)
    y = np.arange(low[1], high[1], dtype=np.float32)
    where = np.dstack(np.meshgrid(x, y)).astype(np.float32) + corner
    across, along = frame.offsets(middle, where)
    far = (across / _CHEEK_REACH[0]) ** 2 + (along / _CHEEK_REACH[1]) ** 2
    light = np.asarray(_CHEEK_LIGHT * strength * np.exp(-far), np.float32)
    return (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0]))), light
