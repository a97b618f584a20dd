"""Free view: the head follows a path of angles given by the user, in any engine."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sadtalker_ext.option_spec import numbers_of
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import MotionTrack

DoubleArray = npt.NDArray[np.float64]

AXES = ("yaw", "pitch", "roll")
"""In the order of `MotionTrack.head`."""


def view_path(degrees: Sequence[float], frames: int) -> DoubleArray:
    """Return one angle per frame, (T,) double, in degrees (SPEC 12).

    The path visits the given angles at constant speed. No time passes between equal neighbours. A
    path without any distance keeps its first angle, and so does a single frame: the reference
    divides by zero in these three cases.

    Args:
        degrees: At least one angle.
        frames: T.
    """
    distance = sum(abs(after - before) for before, after in itertools.pairwise(degrees))
    if distance == 0 or frames <= 1:
        return np.full(frames, float(degrees[0]))
    step = distance / (frames - 1)
    pieces = [
        np.arange(before, after, step if after > before else -step)
        for before, after in itertools.pairwise(degrees)
        if before != after
    ]
    path = np.concatenate(pieces)[:frames].astype(np.float64)
    # the end of a segment is exclusive: the last angle itself is not always reached
    return np.pad(path, (0, frames - len(path)), mode="edge")


def view_paths(options: GenerateOptions, frames: int) -> dict[str, DoubleArray]:
    """Return the path (T,) in degrees of every axis that has one, by name."""
    given = {axis: numbers_of(getattr(options, axis)) for axis in AXES}
    return {axis: view_path(degrees, frames) for axis, degrees in given.items() if degrees}


def direct_head(track: MotionTrack, options: GenerateOptions, limit: float) -> MotionTrack:
    """Return the track with the head's amount per axis, and with the paths of free view.

    A path replaces the motion of its axis. It goes before `still`, which holds only what the
    engine itself would move.

    Args:
        track: Made by an engine.
        options: `head_yaw`, `head_pitch`, `head_roll`, `yaw`, `pitch` and `roll` are used.
        limit: Largest angle the engine can show, in degrees.
    """
    gains = [getattr(options, f"head_{axis}") for axis in AXES]
    paths = view_paths(options, len(track))
    if not paths and all(gain == 1 for gain in gains):
        return track
    head = np.clip(track.head * np.array(gains), -limit, limit).astype(np.float32)
    warnings = track.warnings
    for axis, path in paths.items():
        head[:, AXES.index(axis)] = np.clip(path, -limit, limit)
        if np.abs(path).max() > limit:
            widest = path[np.abs(path).argmax()]
            warnings += (
                f"The {axis} path was kept within {limit:g} degrees, found {widest:g}: this "
                "engine turns heads no further.",
            )
    return dataclasses.replace(track, head=head, warnings=warnings)
