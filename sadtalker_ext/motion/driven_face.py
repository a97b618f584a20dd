"""Brows and mouth of driving videos as rows of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.curves import smoothstep
from sadtalker_ext.motion.controls import BROW, JAW, MOUTH, PRESS, TONGUE, TUCK
from sadtalker_ext.motion.face_capture import BROWS, Captured
from sadtalker_ext.motion.face_capture import MOUTH as MOUTH_SHAPES
from sadtalker_ext.motion.formats.weights import FaceWeights, from_weights
from sadtalker_ext.motion.tracking import Tracked, there_and_back
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion

_BY_EAR = (PRESS, TUCK, TONGUE)
"""What is heard more surely than it is seen: sealed lips, a lip at the teeth, the tongue."""


_SEEN_OPEN = (0.25, 0.5)
"""Openings of the jaw between which eyes are believed more and more, and ears less."""


class DrivenFace:
    """What driving videos give beside head, lids and gaze, as long as the performance.

    Args:
        driven: What the videos show.
        frames: T.
        heard: Whether there is speech.

    Attributes:
        brow: (T,) float32 of the control of that name.
    """

    def __init__(self, driven: Tracked, frames: int, *, heard: bool) -> None:
        self._brows = _rows(driven.brows, BROWS, frames)
        mouth = driven.mouth
        if driven.whole and heard and mouth is not None and not mouth.speaks:
            # a still picture with sound: nothing but the sound tells what the lips do
            mouth = None
        self._mouth = _rows(mouth, MOUTH_SHAPES, frames)
        self._press = None if mouth is None else there_and_back(mouth.press[:, None], frames)[:, 0]
        self._same_sound = driven.whole
        self.brow = np.zeros(frames, np.float32)
        if self._brows is not None:
            self.brow = self._brows.controls[:, BROW]

    def mouth(self, first: int, end: int, heard: FloatArray | None) -> FloatArray | None:
        """Return (n, 7) mouth shapes, or None where nothing moves the mouth.

        Args:
            first: First row.
            end: Behind the last row.
            heard: (n, 7) shapes of the speech. Where it is the video's own sound, lips close where
                that is heard.
        """
        if self._mouth is None or self._press is None:
            return heard
        shapes = self._mouth.controls[first:end, : len(MOUTH)].copy()
        shapes[:, PRESS] = np.maximum(shapes[:, PRESS], self._press[first:end])
        if heard is not None and self._same_sound:
            unsure = 1 - smoothstep(*_SEEN_OPEN, shapes[:, JAW])
            for column in _BY_EAR:
                shapes[:, column] = np.maximum(shapes[:, column], heard[:, column] * unsure)
        return shapes

    def face(self, first: int, end: int, gains: Mapping[str, float]) -> FloatArray | None:
        """Return (n, 52) weights of the blendshapes that are no controls, or None without any.

        Args:
            first: First row.
            end: Behind the last row.
            gains: Factors of the controls; blendshapes follow those of "wide" and "brow".
        """
        if not self._moves:
            return None
        found = np.zeros((end - first, len(BLENDSHAPES)), np.float32)
        parts = ((self._brows, BROWS, "brow"), (self._mouth, MOUTH_SHAPES, "wide"))
        for motion, names, control in parts:
            if motion is not None and motion.face is not None:
                columns = [COLUMN[name] for name in names]
                found[:, columns] += motion.face[first:end, columns] * np.float32(gains[control])
        return np.clip(found, 0, 1)

    @property
    def _moves(self) -> bool:
        return any(one is not None and one.face is not None for one in (self._brows, self._mouth))


def _rows(found: Captured | None, names: Sequence[str], frames: int) -> Motion | None:
    """Return the motion of some blendshapes, as long as the performance."""
    if found is None:
        return None
    shapes = np.zeros_like(found.shapes)
    columns = [COLUMN[name] for name in names]
    shapes[:, columns] = found.shapes[:, columns]
    shapes = there_and_back(shapes, frames)
    still = np.zeros((frames, 3), np.float32)
    weights = FaceWeights(fps=MOTION_FPS, shapes=shapes, head=still, gaze=still[:, :2])
    return from_weights(weights)
