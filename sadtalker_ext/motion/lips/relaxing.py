"""When a smile relaxes: a person who speaks lets go of the smile of the picture.

An open smile closed by speech alone would look like laughing: its opening would be added to that of
every sound. So while the person speaks the opening of the picture itself is closed (`relax` = 1).
A speaker pauses with lips at rest; the smile with teeth comes back, slowly, when nothing has been
said for a while.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import FloatArray

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


REACH = _BRIDGED + _LETTING_GO + _HELD + _COMING_BACK
"""Seconds before and after a frame that can matter to it."""


def relax_rows(
    speaking: npt.NDArray[np.bool_], first: int, end: int, fps: float, begins_at: int = 0
) -> FloatArray:
    """Return (n,) float32, 0 where the face rests as in the picture .. 1 where it speaks.

    Speech from the first frame finds the smile already let go.

    Args:
        speaking: Whether the mouth does anything, for the rows from `begins_at` on; at least
            `REACH` seconds around the wanted rows, as far as there are any.
        first: First wanted row.
        end: Behind the last one.
        fps: Rows per second.
        begins_at: Row of the first value of `speaking`.
    """
    result = np.zeros(end - first, np.float32)
    rows = np.flatnonzero(speaking) + begins_at
    if not len(rows):
        return result
    step = 1 / fps
    breaks = np.flatnonzero(np.diff(rows) * step > _BRIDGED)
    firsts = rows[np.concatenate([[0], breaks + 1])]
    lasts = rows[np.concatenate([breaks, [len(rows) - 1]])]
    for began, last in zip(firsts, lasts, strict=True):
        begin = began * step - _LETTING_GO
        over = last * step + _HELD
        low = max(first, int(begin / step))
        high = min(end, int((over + _COMING_BACK) / step) + 2)
        if low >= high:
            continue
        times = np.arange(low, high) * step
        let_go = smoothstep(0, 1, (times - begin) / _LETTING_GO)
        come_back = smoothstep(0, 1, (over + _COMING_BACK - times) / _COMING_BACK)
        part = result[low - first : high - first]
        np.maximum(part, np.minimum(let_go, come_back), out=part)
    return result


def speaks(mouth: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell for every row of mouth shapes (n, 7) whether the mouth does anything, (n,)."""
    found: npt.NDArray[np.bool_] = np.any(mouth > _SPEAKING, axis=1)
    return found
