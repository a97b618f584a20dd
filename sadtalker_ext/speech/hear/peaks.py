"""What the recogniser's peaks say about the sounds around them.

The recogniser was trained on people and knows *which* sounds they make; the timing network was
trained mostly on synthetic speech and knows *when*. A sound near whose time the recogniser has a
peak for it is believed more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sadtalker_ext.speech.ipa import BILABIAL, PLAIN, SILENCE, parts_of
from sadtalker_ext.types import FloatArray

_EARLIER, _LATER = 8, 4
"""Rows of 10 ms that a sound may lie before and after its peak: peaks come 50 to 70 ms late."""
_DOUBT = 0.05
"""Probability that stays for a sound without a peak."""
_LIPS_DOUBT = 0.15
"""The same for P, B and M: in some languages the recogniser seldom has peaks for them."""
_DOUBTS = np.array([_LIPS_DOUBT if one in BILABIAL else _DOUBT for one in PLAIN], np.float32)
_WEIGHT = np.float32(0.5)
"""How much the peaks count. More is better for recordings of people and worse for synthetic speech;
this much is best, or next to it, for voices made from recordings, and for another synthesiser."""


def plain_members(symbols: Sequence[str]) -> FloatArray:
    """Return (V, 35) float32, 1 where a symbol of the recogniser holds a plain sound."""
    table = np.zeros((len(symbols), len(PLAIN)), np.float32)
    for row, symbol in enumerate(symbols):
        if not symbol.startswith("<"):
            for plain in parts_of(symbol):
                table[row, PLAIN.index(plain)] = plain != SILENCE
    return table


def confirmed(sounds: FloatArray, symbols: FloatArray, members: FloatArray) -> FloatArray:
    """Return (M, 35) logarithms of probabilities that heed the recogniser's peaks.

    Args:
        sounds: (M, 35) logarithms of probabilities, 100 a second.
        symbols: (T, V) the recogniser's, 50 a second.
        members: See `plain_members`.
    """
    near = np.repeat(np.minimum(np.exp(symbols) @ members, 1), 2, axis=0)[: len(sounds)]
    padded = np.pad(near, ((_LATER, _EARLIER + len(sounds) - len(near)), (0, 0)))
    peaks = padded[: len(sounds)].copy()
    for shift in range(1, _EARLIER + _LATER + 1):
        np.maximum(peaks, padded[shift : shift + len(sounds)], out=peaks)
    scores = sounds + _WEIGHT * np.log(_DOUBTS + peaks)
    scores -= scores.max(axis=1, keepdims=True)
    scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return scores
