"""A motion of any frame rate, read where the networks' 25 rows per second lie, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sadtalker_ext.motion.resampling import places
from sadtalker_ext.motion.view import AXES
from sadtalker_ext.types import MOTION_FPS, FloatArray, Motion

if TYPE_CHECKING:
    from torch import Tensor


def places_of(motion: Motion, first: int, rows: int) -> npt.NDArray[np.float64]:
    """Return where each row of a motion lies between the plan's rows, (T,) double."""
    if motion.fps == MOTION_FPS:
        at = np.arange(first, first + len(motion), dtype=np.float64)
    else:
        at = np.asarray(places(first + len(motion), motion.fps, MOTION_FPS)[first:], np.float64)
    return np.clip(at, 0, rows - 1)


def at_rows(values: FloatArray, at: npt.NDArray[np.float64], rows: int) -> FloatArray:
    """Read values (T, K) of a motion at the plan's rows, (rows, K); the ends are held."""
    columns = [np.interp(np.arange(rows), at, column) for column in values.T]
    return np.stack(columns, axis=1).astype(np.float32)


def camera_of(motion: Motion, at: npt.NDArray[np.float64], rows: int) -> dict[str, FloatArray]:
    """Return degrees (rows,) of the axes that free view replaces.

    They are the mapping network's degrees, of which no sense is published; its rotation matrices
    (SPEC 14.2) turn a face that looks along negative depth to the left edge for positive yaw,
    down for positive pitch, clockwise for positive roll.
    """
    if motion.view is None:
        return {}
    path = at_rows(motion.view, at, rows)
    camera = {
        axis: path[:, column]
        for column, axis in enumerate(AXES)
        if not np.isnan(motion.view[:, column]).all()
    }
    if "yaw" in camera:
        camera["yaw"] = -camera["yaw"]
    return camera


def between(points: Tensor, at: npt.NDArray[np.float64]) -> Tensor:
    """Return points (n, ...) read at fractional places."""
    import torch

    low = np.floor(at).astype(np.int64)
    high = np.minimum(low + 1, len(points) - 1)
    share = torch.from_numpy((at - low).astype(np.float32)).to(points.device)
    share = share.reshape(-1, *[1] * (points.ndim - 1))
    return points[torch.from_numpy(low)] * (1 - share) + points[torch.from_numpy(high)] * share
