"""What the speech network says to every frame of a video.

T is the number of rows of one piece of speech, at 25 per second.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION
from sadtalker_ext.engines.sadtalker.mel import MEL_BANDS
from sadtalker_ext.engines.sadtalker.networks import Networks
from sadtalker_ext.engines.sadtalker.semantics import REACH, WINDOW
from sadtalker_ext.engines.sadtalker.speaking import windows_of
from sadtalker_ext.engines.sadtalker.windows import COLUMNS
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.performance import Said
from sadtalker_ext.types import MOTION_FPS, FloatArray

_SILENCE = -4.0
"""Level of silence in the network's spectrogram."""


class SpokenRows:
    """Expressions (27, 64) around every frame; a window is read when its frame is drawn.

    Args:
        pieces: When each piece of speech begins in seconds, and its expressions (T, 64).
        resting: (64,) expression of the mouth that says nothing.
        times: (n,) middles of the frames' time on the screen, in seconds.
        gain: How strongly the mouth moves.
    """

    def __init__(
        self,
        pieces: Sequence[tuple[float, FloatArray]],
        resting: FloatArray,
        times: npt.NDArray[np.float64],
        gain: float = 1.0,
    ) -> None:
        self._pieces = [(at, np.float32(gain) * (rows - resting)) for at, rows in pieces]
        self._resting = resting
        self._times = times
        self._begins = np.array([at for at, _ in pieces])
        self._ends = np.array([at + len(rows) / MOTION_FPS for at, rows in pieces])

    def __len__(self) -> int:
        return len(self._times)

    def __getitem__(self, row: int, /) -> FloatArray:
        """Return what is said from 13 rows before a frame to 13 rows after it."""
        around = self._times[row] + np.arange(-REACH, REACH + 1) / MOTION_FPS
        change = np.zeros((WINDOW, len(self._resting)), np.float32)
        heard = (self._begins <= around[-1]) & (self._ends >= around[0])
        for number in np.flatnonzero(heard):
            at, rows = self._pieces[number]
            where = (around - at) * MOTION_FPS - 0.5
            inside = (where >= -0.5) & (where <= len(rows) - 0.5)
            where = np.clip(where[inside], 0, len(rows) - 1)
            low = np.floor(where).astype(int)
            part = (where - low)[:, None].astype(np.float32)
            found = rows[low] * (1 - part) + rows[np.minimum(low + 1, len(rows) - 1)] * part
            # where pieces overlap, the stronger one counts
            there = change[inside]
            change[inside] = np.where(np.abs(found) > np.abs(there), found, there)
        return self._resting + change


def spoken_rows(
    networks: Networks,
    resting: FloatArray,
    line: Sequence[Said],
    times: npt.NDArray[np.float64],
    options: GenerateOptions,
) -> SpokenRows:
    """Listen to everything that one person says.

    Args:
        networks: The expression network is used.
        resting: (64,) float32 expression of the person with a resting mouth.
        line: What is said.
        times: (n,) seconds, see `SpokenRows`.
        options: `mouth_scale` and `expression_scale` make the mouth move more or less.

    Raises:
        UnreadableAudio: A piece is shorter than one row.
    """
    row = np.zeros(DRIVEN, np.float32)
    row[EXPRESSION] = resting
    pieces = []
    for said in line:
        windows = windows_of(said.speech, options)
        count = len(windows)
        found = networks.expressions(
            windows, np.broadcast_to(row, (count, DRIVEN)), np.zeros(count, np.float32)
        )
        pieces.append((said.at, found))
    silent = np.full((1, MEL_BANDS, COLUMNS), _SILENCE, np.float32)
    quiet = networks.expressions(silent, row[None], np.zeros(1, np.float32))[0]
    gain = float(options.mouth_scale * options.expression_scale)
    return SpokenRows(pieces, quiet, times, gain)
