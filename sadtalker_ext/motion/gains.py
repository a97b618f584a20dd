"""Stronger or weaker motion: head, lids, gaze, single controls."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from sadtalker_ext.types import MotionTrack


def scale_head(track: MotionTrack, gain: float) -> MotionTrack:
    """Return the track with all head angles multiplied; 0 keeps the head still."""
    return dataclasses.replace(track, head=(track.head * gain).astype(np.float32))


def without_blinks(track: MotionTrack) -> MotionTrack:
    """Return the track with open lids."""
    return dataclasses.replace(track, blink=np.zeros_like(track.blink))


def with_fixed_gaze(track: MotionTrack) -> MotionTrack:
    """Return the track with the eyes looking as in the picture."""
    return dataclasses.replace(track, gaze=np.zeros_like(track.gaze))


def scale_controls(track: MotionTrack, gains: Mapping[str, float]) -> MotionTrack:
    """Return the track with named controls multiplied and kept within -1..1.

    A gain of the control "jaw" also scales the intended opening `MotionTrack.jaw`.
    """
    controls = track.controls.copy()
    for name, gain in gains.items():
        column = track.names.index(name)
        controls[:, column] = np.clip(controls[:, column] * gain, -1, 1)
    jaw = np.clip(track.jaw * gains.get("jaw", 1.0), 0, 1).astype(np.float32)
    return dataclasses.replace(track, controls=controls, jaw=jaw)
