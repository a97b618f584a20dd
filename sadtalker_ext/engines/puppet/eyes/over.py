"""The puppet's eyes over a face that something else drew, in the pose that it was drawn in.

A file of its own, because `layer` knows one picture and this is asked for every frame.
"""

from __future__ import annotations

from sadtalker_ext.engines.base import EyesAsked
from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.skin.shares import eyes_apart, lid_tension
from sadtalker_ext.types import FloatArray, ImageArray


def paint_eyes(frame: ImageArray, points: FloatArray, asked: EyesAsked) -> None:
    """Paint lids and gaze into a frame, in place.

    Everything is measured on the frame itself, so that light, sharpness and pose are its own.

    Args:
        frame: (H, W, 3) uint8 RGB.
        points: (478, 3) mesh points of its face, in its pixels.
        asked: What the eyes are to do beyond what the frame shows.
    """
    EyeLayer(frame.copy(), points).apply(
        frame, asked.lids, asked.gaze, 0.0, lid_tension(asked.face), eyes_apart(asked.face)
    )
