"""What the mapping network reads: coefficient rows in windows of 27 frames (SPEC 12).

T is the number of frames, K the number of coefficients: 70, or 73 in the modes that paste back.
"""

from __future__ import annotations

import numpy as np

from sadtalker_ext.engines.sadtalker.coefficients import DRIVEN, EXPRESSION, FULL
from sadtalker_ext.types import FloatArray

REACH = 13
"""Frames the mapping network sees to both sides."""
WINDOW = 2 * REACH + 1


def source_row(source: FloatArray, *, full: bool) -> FloatArray:
    """Return the source's row: (73,) with the crop placement in full modes, else (70,)."""
    return source[: FULL if full else DRIVEN]


def driving_rows(
    driving: FloatArray,
    source: FloatArray,
    *,
    full: bool,
    still: bool = False,
    expression_scale: float = 1.0,
) -> FloatArray:
    """Return the driving rows (T, K) float32: scaled, then extended, then held still.

    Args:
        driving: (T, 70) float32.
        source: (73,) float32 row of the source picture.
        full: Whether frames are pasted back: appends the source's crop placement.
        still: Whether everything but the expression is taken from the source.
        expression_scale: Factor on the expression of the driving rows only.
    """
    rows = driving[:, :DRIVEN].astype(np.float32)
    rows[:, EXPRESSION] *= np.float32(expression_scale)
    if full:
        placement = np.broadcast_to(source[DRIVEN:FULL], (len(rows), FULL - DRIVEN))
        rows = np.concatenate([rows, placement], axis=1)
    if still:
        rows[:, EXPRESSION.stop :] = source[EXPRESSION.stop : rows.shape[1]]
    return rows


def driving_windows(rows: FloatArray) -> FloatArray:
    """Return (T, K, 27) float32: frames t-13 .. t+13, the ends repeated."""
    around = np.arange(len(rows))[:, None] + np.arange(-REACH, REACH + 1)
    windows: FloatArray = rows[np.clip(around, 0, len(rows) - 1)].transpose(0, 2, 1)
    return np.ascontiguousarray(windows)


def source_window(row: FloatArray) -> FloatArray:
    """Return (K, 27) float32: the source's row in every frame."""
    return np.repeat(row[:, None], WINDOW, axis=1)


def batch_layout(windows: FloatArray, batch: int) -> FloatArray:
    """Return windows in the reference's order (batch, ceil(T / batch), K, 27).

    Row b holds consecutive frames; the last window fills the end. Frames do not depend on each
    other, so this order only matters for comparing with the reference.
    """
    steps = -(-len(windows) // batch)
    order = np.minimum(np.arange(batch * steps), len(windows) - 1)
    return windows[order].reshape(batch, steps, *windows.shape[1:])
