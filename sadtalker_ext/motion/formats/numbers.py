"""Numbers in JSON: written short, and read with suspicion."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.types import FloatArray

_FASTEST = 1000.0


def rounded(rows: FloatArray) -> list[Any]:
    """Return an array as lists; nine digits keep every float32, and NaN becomes null."""
    if rows.ndim > 1:
        return [rounded(row) for row in rows]
    return [None if math.isnan(value) else float(f"{value:.9g}") for value in rows]


def table(rows: Any, width: int, name: str, *, gaps: bool = False) -> FloatArray:
    """Return lists of numbers as (T, width) float32; T is at least 1.

    Args:
        rows: From a file.
        width: Numbers per row.
        name: Of the table, for messages.
        gaps: Whether null stands for NaN.

    Raises:
        UnreadableMotion: It is no such table.
    """
    wrong = UnreadableMotion(f"{name} should be rows of {width} numbers each.")
    if not isinstance(rows, list) or not rows:
        raise wrong
    if not all(isinstance(row, list) and len(row) == width for row in rows):
        raise wrong
    if gaps:
        rows = [[math.nan if value is None else value for value in row] for row in rows]
    if not all(type(value) in (int, float) for row in rows for value in row):
        raise wrong
    found = np.array(rows, np.float64).reshape(len(rows), width)
    if np.isinf(found).any() or (not gaps and np.isnan(found).any()):
        raise wrong
    return found.astype(np.float32)


def rate(value: Any, name: str) -> float:
    """Return frames per second.

    Raises:
        UnreadableMotion: It is no number from 1 to 1000.
    """
    if type(value) not in (int, float) or not 1 <= value <= _FASTEST:
        raise UnreadableMotion(f"{name} should be 1 to 1000 frames per second, found {value!r}.")
    return float(value)
