"""Landmarks that someone placed or another program found, read from a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np

from sadtalker_ext.errors import InvalidOption
from sadtalker_ext.face_points import read_face_points
from sadtalker_ext.text_files import read_utf8
from sadtalker_ext.types import FloatArray

POINTS = 68
_MOST = 1 << 20
"""Characters of a file."""
_HINT = (
    "Give 68 points as x and y in pixels of the picture: two numbers a line, an iBUG .pts file, or "
    "JSON [[x, y], ...]; or points by name, as docs/face-points.md has them."
)


def read_landmarks(
    path: Path, size: tuple[int, int]
) -> FloatArray | dict[str, tuple[float, float]]:
    """Read 68 landmarks in the iBUG order, or points by name.

    Args:
        path: Text with two numbers a line (the original writes such files), .pts, or .json.
        size: Width and height of the picture they belong to.

    Returns:
        (68, 2) float32 picture pixels; or what `face_points.read_face_points` returns, from a JSON
        object.

    Raises:
        InvalidOption: The file cannot be read, holds something else, or the points do not lie in
            the picture.
    """
    text = read_utf8(path, "The landmarks", hint=_HINT, most=_MOST)
    try:
        if text.lstrip().startswith("{"):
            return dict(read_face_points(text))
        table = _table(text, path.suffix.lower())
    except InvalidOption as error:
        # no option was given, but the file
        told = re.sub(r"\b[Oo]ption face_points\b", "the file", error.message)
        raise InvalidOption(
            f"The landmarks {path.name} cannot be read: {told}", hint=error.hint
        ) from error
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidOption(
            f"The landmarks {path.name} cannot be read: {error}.", hint=_HINT
        ) from error
    if table.shape != (POINTS, 2) or not np.isfinite(table).all():
        raise InvalidOption(
            f"The landmarks {path.name} should be 68 rows of 2 numbers, found "
            f"{' x '.join(map(str, table.shape))}.",
            hint=_HINT,
        )
    if not _inside(table, size):
        raise InvalidOption(
            f"The landmarks {path.name} should lie in the picture of {size[0]} x {size[1]} pixels, "
            f"found x from {table[:, 0].min():g} to {table[:, 0].max():g} and y from "
            f"{table[:, 1].min():g} to {table[:, 1].max():g}.",
            hint="They may belong to another picture, or to this one before it was turned.",
        )
    return table


def _table(text: str, suffix: str) -> FloatArray:
    if suffix == ".json":
        return np.asarray(json.loads(text), np.float32)
    first = 0.0
    if suffix == ".pts":
        body = re.search(r"\{(.*)\}", text, re.DOTALL)
        if body is None:
            raise ValueError("a .pts file should have its points in braces")
        text, first = body.group(1), 1.0  # such files count pixels from 1
    rows = [re.split(r"[\s,;]+", line.strip()) for line in text.splitlines() if line.strip()]
    return np.asarray([[float(number) for number in row] for row in rows], np.float32) - first


def _inside(table: FloatArray, size: tuple[int, int]) -> bool:
    """Tell whether most points lie in the picture: of a cut-off face some may not."""
    x, y = table.T
    seen = (x >= 0) & (y >= 0) & (x < size[0]) & (y < size[1])
    return float(seen.mean()) >= 0.5 and float(np.ptp(x)) > 1 and float(np.ptp(y)) > 1
