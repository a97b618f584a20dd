"""Free view: the head follows a path of angles given by the user, in any engine."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from sadtalker_ext.option_spec import numbers_of
from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import Motion

DoubleArray = npt.NDArray[np.float64]

AXES = ("yaw", "pitch", "roll")
"""In the order of `Motion.head`."""


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


def with_view(motion: Motion, options: GenerateOptions, *, mirrored: bool = False) -> Motion:
    """Return the motion with the paths of free view; a path replaces the head's own angle.

    A path goes before `still`, which holds only what the head would do by itself.

    Args:
        motion: Planned by an engine.
        options: `yaw`, `pitch` and `roll` are used.
        mirrored: Whether positive yaw of the option turns towards the left edge of the picture.
    """
    given = {axis: numbers_of(getattr(options, axis)) for axis in AXES}
    if not any(given.values()):
        return motion
    view = np.full((len(motion), 3), np.nan, np.float32)
    for column, (axis, degrees) in enumerate(given.items()):
        if degrees:
            path = view_path(degrees, len(motion))
            view[:, column] = -path if mirrored and axis == "yaw" else path
    return dataclasses.replace(motion, view=view)


def scaled_head(motion: Motion, options: GenerateOptions, limits: Sequence[float]) -> Motion:
    """Return the motion with the head's amount per axis, kept within limits in degrees."""
    gains = [getattr(options, f"head_{axis}") for axis in AXES]
    if all(gain == 1 for gain in gains):
        return motion
    head = np.clip(motion.head * np.array(gains), -np.array(limits), limits).astype(np.float32)
    return dataclasses.replace(motion, head=head)


def beyond(motion: Motion, limits: Sequence[float]) -> tuple[str, ...]:
    """Return a sentence for every axis whose path turns the head further than its limit."""
    if motion.view is None:
        return ()
    return tuple(
        f"The {axis} path was kept within {limit:g} degrees, found {widest:g}: this engine turns "
        "heads no further."
        for axis, path, limit in zip(AXES, motion.view.T, limits, strict=True)
        if np.abs(widest := float(path[np.abs(path).argmax()])) > limit
    )
