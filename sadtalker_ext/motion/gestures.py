"""Gestures by name: what head, eyes, lids, brows and breath do in each.

Every gesture is a few curves over its own time, 0 at both ends. A nod or a shake that is given more
time is repeated; the others are held. Sizes are those of people in conversation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from sadtalker_ext.curves import smoothstep
from sadtalker_ext.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Channels:
    """What gestures add, frame by frame; T rows each.

    Attributes:
        head: (T, 3) degrees of yaw, pitch and roll.
        gaze: (T, 2) degrees to the right and down.
        lids: (T, 2) closure, the eye on the left side of the picture first.
        breath: (T,) 0..1 how far the chest is filled, or emptied below 0.
        face: Weights (T,) of blendshapes by name.
    """

    head: FloatArray
    gaze: FloatArray
    lids: FloatArray
    breath: FloatArray
    face: dict[str, FloatArray] = field(default_factory=dict)

    @classmethod
    def rest(cls, frames: int) -> Channels:
        """Return channels in which nothing happens."""
        head, gaze, lids = (np.zeros((frames, width), np.float32) for width in (3, 2, 2))
        return cls(head, gaze, lids, np.zeros(frames, np.float32))

    def raise_to(self, name: str, weight: FloatArray) -> None:
        """Let a blendshape be at least as strong as a gesture makes it."""
        before = self.face.get(name)
        self.face[name] = weight if before is None else np.maximum(before, weight)


@dataclass(frozen=True, slots=True)
class Gesture:
    """One gesture at its time.

    Attributes:
        name: One of `directions.GESTURES`.
        start: Seconds.
        seconds: How long it takes; None: as long as it does by itself.
        strength: 0..1.
    """

    name: str
    start: float
    seconds: float | None = None
    strength: float = 1.0


_LENGTHS: Final[Mapping[str, float]] = {
    "nod": 0.75,
    "shake": 1.1,
    "tilt": 1.6,
    "wink_left": 0.42,
    "wink_right": 0.42,
    "eye_roll": 1.1,
    "raise_brows": 0.9,
    "smile": 1.8,
    "sigh": 2.2,
}
_NOD, _SHAKE, _TILT = 8.0, 9.0, 8.0
"""Degrees."""
_ROLL_EYES = (16.0, 14.0)


def natural_seconds(name: str) -> float:
    """Return how long a gesture takes by itself, one of `directions.GESTURES`."""
    return _LENGTHS[name]


def perform(channels: Channels, fps: float, gesture: Gesture) -> None:
    """Add one gesture to the channels, in place; what lies outside of them is left out."""
    length = gesture.seconds or _LENGTHS[gesture.name]
    first = max(0, math.ceil(gesture.start * fps))
    end = min(len(channels.head), math.floor((gesture.start + length) * fps) + 1)
    if first >= end:
        return
    part = ((np.arange(first, end) / fps - gesture.start) / length).astype(np.float32)
    _PERFORMED[gesture.name](channels, slice(first, end), part, length, gesture.strength)


Rows = slice


def _hold(part: FloatArray, seconds: float, rise: float = 0.3, fall: float = 0.45) -> FloatArray:
    """Return 0..1: risen after `rise` seconds, held, and gone in the last `fall` seconds."""
    total = rise + fall
    rise, fall = (min(one, one / total * seconds) for one in (rise, fall))
    time = part * seconds
    return smoothstep(0, rise, time) * smoothstep(seconds, seconds - fall, time)


def _whole(channels: Channels, rows: Rows, name: str, weight: FloatArray) -> None:
    full = np.zeros(len(channels.head), np.float32)
    full[rows] = weight
    channels.raise_to(name, full)


def _nod(channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float) -> None:
    times = max(1, round(seconds / _LENGTHS["nod"]))
    phase = part * times
    # down, up beyond, and back; every further nod is smaller
    swing = np.sin(np.pi * (phase % 1)) ** 2 * 0.8 ** np.floor(phase)
    channels.head[rows, 1] += np.float32(size * _NOD) * swing


def _shake(channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float) -> None:
    swings = max(2, round(2 * seconds / _LENGTHS["shake"]))
    wave = np.sin(np.pi * swings * part) * np.sqrt(np.maximum(np.sin(np.pi * part), 0))
    channels.head[rows, 0] += np.float32(size * _SHAKE) * wave


def _tilt(channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float) -> None:
    channels.head[rows, 2] += np.float32(size * _TILT) * _hold(part, seconds, 0.45, 0.55)


def _wink(column: int, side: str) -> Callable[..., None]:
    def wink(channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float) -> None:
        closed = _hold(part, seconds, 0.12, 0.2) * np.float32(size)
        channels.lids[rows, column] = np.maximum(channels.lids[rows, column], closed)
        # cheek and corner of the mouth come up to meet the lid
        _whole(channels, rows, f"cheekSquint{side}", 0.7 * closed)
        _whole(channels, rows, f"mouthSmile{side}", 0.35 * closed)
        _whole(channels, rows, f"browDown{side}", 0.25 * closed)

    return wink


def _eye_roll(
    channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float
) -> None:
    held = _hold(part, seconds, 0.2, 0.3) * np.float32(size)
    angle = np.pi * part
    # up along an arc from one side to the other
    channels.gaze[rows, 0] += held * np.float32(_ROLL_EYES[0]) * -np.cos(angle)
    channels.gaze[rows, 1] -= held * np.float32(_ROLL_EYES[1]) * np.sin(angle)
    channels.head[rows, 1] -= 2.0 * held
    _whole(channels, rows, "browInnerUp", 0.3 * held)
    for side in ("Left", "Right"):
        _whole(channels, rows, f"browOuterUp{side}", 0.25 * held)


def _raise_brows(
    channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float
) -> None:
    up = _hold(part, seconds, 0.15, 0.3) * np.float32(size)
    _whole(channels, rows, "browInnerUp", 0.8 * up)
    for side in ("Left", "Right"):
        _whole(channels, rows, f"browOuterUp{side}", 0.8 * up)
        _whole(channels, rows, f"eyeWide{side}", 0.2 * up)


def _smile(channels: Channels, rows: Rows, part: FloatArray, seconds: float, size: float) -> None:
    held = _hold(part, seconds, 0.4, 0.7) * np.float32(size)
    for side in ("Left", "Right"):
        _whole(channels, rows, f"mouthSmile{side}", 0.7 * held)
        _whole(channels, rows, f"cheekSquint{side}", 0.6 * held)


def _sigh(channels: Channels, rows: Rows, part: FloatArray, _seconds: float, size: float) -> None:
    drawn = smoothstep(0, 0.3, part) * smoothstep(0.62, 0.36, part)
    out = smoothstep(0.36, 0.6, part) * smoothstep(1, 0.75, part)
    channels.breath[rows] += np.float32(size) * (1.6 * drawn - 1.2 * out)
    channels.head[rows, 1] += np.float32(size) * (-2.0 * drawn + 3.5 * out)
    _whole(channels, rows, "browInnerUp", size * 0.35 * drawn)
    _whole(channels, rows, "cheekPuff", size * 0.25 * out)
    _whole(channels, rows, "mouthFunnel", size * 0.22 * out)
    for side in ("Left", "Right"):
        _whole(channels, rows, f"eyeBlink{side}", size * 0.25 * out)


_PERFORMED: Final[Mapping[str, Callable[..., None]]] = {
    "nod": _nod,
    "shake": _shake,
    "tilt": _tilt,
    "wink_left": _wink(1, "Left"),
    "wink_right": _wink(0, "Right"),
    "eye_roll": _eye_roll,
    "raise_brows": _raise_brows,
    "smile": _smile,
    "sigh": _sigh,
}
