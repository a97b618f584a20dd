"""Another frame rate for a motion track, without losing closed lips and blinks."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from sadtalker_ext.types import FloatArray, Motion

CONTACTS = ("press", "tuck")
"""Controls that are events: an average between two of them was never meant."""

_REACHED = 0.999


def resample(track: Motion, fps: float, frames: int | None = None) -> Motion:
    """Return the track at another rate.

    Values are read between the frames of the track (cubic for the head, linear otherwise). Where
    a lid was closed or lips touched, at least one frame of the result has them closed, whatever
    the rates.

    Args:
        track: T frames.
        fps: Wanted frames per second.
        frames: Wanted number of frames; by default the same duration, rounded.
    """
    count = max(1, round(len(track) * fps / track.fps)) if frames is None else frames
    if fps == track.fps and count == len(track):
        return track
    at = places(count, fps, track.fps)
    controls = _linear(track.controls, at)
    press = np.zeros(count, dtype=np.float32)
    for name in CONTACTS:
        if name in track.names:
            column = track.names.index(name)
            _keep(controls[:, column], track.controls[:, column], track.fps / fps)
            press = controls[:, column] if name == "press" else press
    if "jaw" in track.names:
        column = track.names.index("jaw")
        controls[:, column] *= 1 - press
    lids = _linear(track.lids, at)
    for side in range(2):
        _keep(lids[:, side], track.lids[:, side], track.fps / fps)
    return dataclasses.replace(
        track,
        fps=fps,
        head=cubic(track.head, at),
        lids=lids,
        gaze=_linear(track.gaze, at),
        controls=controls,
        view=None if track.view is None else _linear(track.view, at),
        face=None if track.face is None else _linear(track.face, at),
    )


def places(count: int, fps: float, of: float) -> FloatArray:
    """Return where each of `count` frames at `fps` lies between frames at rate `of`, (n,)."""
    return np.asarray((np.arange(count) + 0.5) * (of / fps) - 0.5)


def _linear(values: FloatArray, at: FloatArray) -> FloatArray:
    """Return (n, K) values at fractional frames; the ends are held."""
    at = np.clip(at, 0, len(values) - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(values) - 1)
    part = (at - low)[:, None]
    return np.asarray(values[low] * (1 - part) + values[high] * part, dtype=np.float32)


def cubic(values: FloatArray, at: npt.NDArray[np.floating[Any]]) -> FloatArray:
    """Return (n, K) values at fractional frames by a Catmull-Rom spline."""
    last = len(values) - 1
    at = np.clip(at, 0, last)
    low = np.floor(at).astype(int)
    part = (at - low)[:, None]
    before, left, right, after = (
        values[np.clip(low + offset, 0, last)].astype(np.float64) for offset in (-1, 0, 1, 2)
    )
    curve = left + 0.5 * part * (
        right
        - before
        + part
        * (2 * before - 5 * left + 4 * right - after + part * (3 * (left - right) + after - before))
    )
    return np.asarray(curve, dtype=np.float32)


def _keep(wanted: FloatArray, given: FloatArray, step: float) -> None:
    """Close every closed stretch of `given` in `wanted` too, in place.

    Args:
        wanted: (n,) values at the new rate.
        given: (T,) values at the old rate.
        step: Old frames per new frame.
    """
    closed = np.concatenate([[False], given >= _REACHED, [False]])
    edges = np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2)
    for first, end in edges:
        # new frames whose middle lies between the old ones' borders; the nearest one at least
        low = int(np.ceil(first / step - 0.5))
        high = int(np.ceil(end / step - 0.5))
        if high <= low:
            low = int((first + end) / 2 / step)
            high = low + 1
        wanted[min(low, len(wanted) - 1) : high] = 1
