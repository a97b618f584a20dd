"""The coefficients of a filmed face, steady over its frames.

The reconstruction looks at every frame alone, so its numbers tremble, and with them what is drawn.
Each is replaced by the value here of a curve through those of the frames around: a filter that
looks to both sides has no lag. Expressions follow a parabola over five frames (Savitzky and Golay,
"Smoothing and differentiation of data by simplified least squares procedures", 1964), which keeps
nine tenths of a mouth that opens and shuts within six frames; turns and places, which change more
slowly, follow a straight line over seven.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION
from sadtalker_ext.types import FloatArray

_EXPRESSION_REACH: Final = 2
_POSE_REACH: Final = 3


class SteadyRows:
    """Coefficients of one face.

    Args:
        numbers: (n,) of the frames that show it, rising.
        rows: (n, 70) float32, as they were recovered from each frame.
    """

    def __init__(self, numbers: npt.NDArray[np.int64], rows: FloatArray) -> None:
        self._numbers, self._rows = numbers, rows

    def at(self, number: int, ways: Sequence[int]) -> FloatArray | None:
        """Return the (70,) coefficients in a frame; None where nothing near it was recovered.

        Args:
            number: Of the frame.
            ways: How many frames away the same face is seen without a cut, 0 and neighbours.
        """
        wanted = number + np.array([one for one in ways if abs(one) <= _POSE_REACH], np.int64)
        places = np.searchsorted(self._numbers, wanted)
        known = places < len(self._numbers)
        known[known] = self._numbers[places[known]] == wanted[known]
        if not known.any():
            return None
        away, rows = wanted[known] - number, self._rows[places[known]]
        row = np.empty(DRIVEN, np.float32)
        near = np.abs(away) <= _EXPRESSION_REACH
        if not near.any():
            return None
        row[EXPRESSION] = _curve_at_0(away[near], 2) @ rows[near, EXPRESSION]
        row[EXPRESSION.stop :] = _curve_at_0(away, 1) @ rows[:, EXPRESSION.stop :]
        return row


def _curve_at_0(away: npt.NDArray[np.int64], degree: int) -> FloatArray:
    """Return (k,) shares of values at places in the value at 0 of the curve nearest to them.

    A curve of such a degree needs two values more than it has bends, so that it does not just go
    through them; with fewer it is a plainer one.
    """
    degree = max(min(degree, len(away) - 2), 0)
    columns = np.power(away[:, None].astype(np.float64), np.arange(degree + 1))
    shares: FloatArray = np.linalg.pinv(columns)[0].astype(np.float32)
    return shares
