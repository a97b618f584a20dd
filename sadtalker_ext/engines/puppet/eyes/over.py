"""The puppet's eyes for other engines: gaze and lids of one picture, and nothing else of it.

A file of its own, because `layer` knows nothing of what a rig is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.skin.shares import eyes_apart, lid_tension
from sadtalker_ext.types import FloatArray, ImageArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.base import EyesAsked, PaintEyes


def painter_of(picture: ImageArray, points: FloatArray) -> PaintEyes:
    """Return what paints lids and gaze into copies of a picture.

    Args:
        picture: (H, W, 3) uint8 RGB; not modified.
        points: (478, 3) mesh points of its face, in its pixels.
    """
    layer = EyeLayer(picture, points)

    def paint(canvas: ImageArray, asked: EyesAsked) -> None:
        tension, apart = lid_tension(asked.face), eyes_apart(asked.face)
        layer.apply(canvas, asked.lids, asked.gaze, 0.0, tension, apart)

    return paint
