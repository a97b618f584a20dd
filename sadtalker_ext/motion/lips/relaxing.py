"""When a smile relaxes: a person who speaks lets go of the smile of the picture.

An open smile closed by speech alone would look like laughing: its opening would be added to that of
every sound. So while the person speaks the opening of the picture itself is closed (`relax` = 1).
A speaker pauses with lips at rest; the smile with teeth comes back, slowly, when nothing has been
said for a while.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.motion.controls import MOUTH
from sadtalker_ext.types import FloatArray, Motion

_SPEAKING = 0.03
"""A mouth control above this value is speech."""
_BRIDGED = 4.0
"""Pauses up to this many seconds keep the smile relaxed."""
_LETTING_GO = 0.32
"""Seconds before the first sound in which the smile is let go."""
_HELD = 0.6
"""Seconds after the last sound before the smile begins to come back."""
_COMING_BACK = 1.2
"""Seconds in which it comes back."""


def relax_track(motion: Motion) -> FloatArray:
    """Return (T,) float32, 0 where the face rests as in the picture .. 1 where it speaks.

    Speech from the first frame finds the smile already let go.
    """
    frames = len(motion)
    speaking = _speaking(motion)
    result = np.zeros(frames, np.float32)
    rows = np.flatnonzero(speaking)
    if not len(rows):
        return result
    step = 1 / motion.fps
    breaks = np.flatnonzero(np.diff(rows) * step > _BRIDGED)
    firsts = rows[np.concatenate([[0], breaks + 1])]
    lasts = rows[np.concatenate([breaks, [len(rows) - 1]])]
    for first, last in zip(firsts, lasts, strict=True):
        begin = first * step - _LETTING_GO
        end = last * step + _HELD
        low = max(0, int(begin / step))
        high = min(frames, int((end + _COMING_BACK) / step) + 2)
        times = np.arange(low, high) * step
        let_go = _smooth((times - begin) / _LETTING_GO)
        come_back = _smooth((end + _COMING_BACK - times) / _COMING_BACK)
        result[low:high] = np.maximum(result[low:high], np.minimum(let_go, come_back))
    return result


def _speaking(motion: Motion) -> npt.NDArray[np.bool_]:
    """Tell for every frame whether the mouth does anything, (T,)."""
    speaking = np.zeros(len(motion), np.bool_)
    for name in MOUTH:
        if name in motion.names:
            speaking |= motion.control(name) > _SPEAKING
    return speaking


def _smooth(t: npt.NDArray[np.float64]) -> FloatArray:
    """Cubic step from 0 to 1."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
