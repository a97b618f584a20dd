"""The directed part of a motion: weights of blendshapes on top of what speech and eyes do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.types import Motion

_SEEN = 0.05
"""Weights below this are too small to be missed."""


def undrawn(motion: Motion, unable: Sequence[str], engine: str) -> tuple[str, ...]:
    """Say which directed blendshapes an engine does not make.

    Args:
        motion: What is asked.
        unable: Names of the blendshapes the engine cannot make.
        engine: Its name.
    """
    if motion.face is None:
        return ()
    strongest = np.abs(motion.face).max(0, initial=0.0)
    missing = [name for name in unable if strongest[COLUMN[name]] > _SEEN]
    if not missing:
        return ()
    return (f"The {engine} engine cannot make {', '.join(missing)}: the face does without.",)
