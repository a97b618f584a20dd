"""Stronger or weaker motion: gaze and single controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from sadtalker_ext.types import Motion


def with_fixed_gaze(track: Motion) -> Motion:
    """Return the track with the eyes looking as in the picture."""
    return dataclasses.replace(track, gaze=np.zeros_like(track.gaze))


def scale_controls(track: Motion, gains: Mapping[str, float]) -> Motion:
    """Return the track with named controls multiplied and kept within -1..1."""
    controls = track.controls.copy()
    for name, gain in gains.items():
        column = track.names.index(name)
        controls[:, column] = np.clip(controls[:, column] * gain, -1, 1)
    return dataclasses.replace(track, controls=controls)
