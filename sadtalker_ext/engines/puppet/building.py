"""A rig from what it is prepared from: the stage and its person, and nothing else.

Whoever has these gets the same rig, to the bit, in whichever process.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sadtalker_ext.engines.puppet.eyes.layer import EyeLayer
from sadtalker_ext.engines.puppet.head.turn import HeadTurn
from sadtalker_ext.engines.puppet.mouth.layer import MouthLayer
from sadtalker_ext.engines.puppet.rig import PuppetRig
from sadtalker_ext.engines.puppet.stage import StageView
from sadtalker_ext.motion.driving import FaceTracker
from sadtalker_ext.types import Face, FloatArray

if TYPE_CHECKING:
    from sadtalker_ext.engines.puppet.skin.layer import SkinLayer


def build_rig(
    view: StageView,
    mask: FloatArray,
    face: Face,
    track: FaceTracker,
    require: Callable[[str], Path] | None = None,
    preprocess: str = "auto",
) -> PuppetRig:
    """Prepare the layers of a face.

    Args:
        view: The stage and the frame on it.
        mask: (H, W) float32 person on the stage, 0..1.
        face: The face in the picture.
        track: Follows the face of a driving video.
        require: Gives the weight files of the phone recogniser.
        preprocess: The framing option, by which the stage was chosen.
    """
    mouth = MouthLayer(view.pixels, view.points)
    eyes = EyeLayer(view.pixels, view.points)

    @cache
    def skin() -> SkinLayer:
        from sadtalker_ext.engines.puppet.skin.layer import SkinLayer

        return SkinLayer(view.pixels, view.points, mouth.style, eyes.still)

    return PuppetRig(
        face=face,
        view=view,
        mask=mask,
        mouth=mouth,
        eyes=eyes,
        head=HeadTurn(view.pixels, view.points, mask),
        skin=skin,
        track=track,
        require=require,
        preprocess=preprocess,
    )
