"""Where the eyes look: small saccades around the viewer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sadtalker_ext.types import FloatArray

_SHORTEST, _MEAN = 0.5, 1.9  # seconds of fixation
_SIDEWAYS, _UPDOWN = 3.0, 1.4  # degrees, standard deviation
_AT_VIEWER = 0.45  # share of fixations on the viewer
_FARTHEST = 6.0
_STEADIED = 0.5  # share of the head's turn that the eyes undo to stay on the viewer
_WIDE = 3.0  # degrees; larger jumps invite a blink


@dataclass(frozen=True, slots=True, eq=False)
class Glances:
    """Fixations.

    Attributes:
        starts: (n,) seconds at which the eyes jump.
        targets: (n, 2) degrees right and down.
    """

    starts: FloatArray
    targets: FloatArray

    def wide_jumps(self) -> list[float]:
        """Return the times of the larger jumps."""
        moved = np.diff(self.targets, axis=0, prepend=np.zeros((1, 2)))
        return [float(time) for time in self.starts[np.hypot(*moved.T) > _WIDE]]


def glances(seconds: float, rng: np.random.Generator, liveliness: float = 1.0) -> Glances:
    """Return random fixations over some seconds; the first is on the viewer."""
    starts, targets = [0.0], [(0.0, 0.0)]
    at = float(rng.exponential(_MEAN)) + _SHORTEST
    while at < seconds:
        away = rng.normal(0, (_SIDEWAYS, _UPDOWN)) * liveliness
        on_viewer = float(rng.random()) < _AT_VIEWER
        starts.append(at)
        targets.append((0.0, 0.0) if on_viewer else (float(away[0]), float(away[1])))
        at += float(rng.exponential(_MEAN - _SHORTEST)) + _SHORTEST
    return Glances(np.array(starts, dtype=np.float32), np.array(targets, dtype=np.float32))


def gaze_track(found: Glances, head: FloatArray, fps: float) -> FloatArray:
    """Return (T, 2) float32 degrees right and down.

    A jump takes two frames, as saccades of a few degrees do; while the head turns the eyes turn
    back a little, which keeps them on the viewer.

    Args:
        found: The fixations.
        head: (T, 3) yaw, pitch, roll in degrees.
        fps: Frames per second.
    """
    frames = len(head)
    times = np.arange(frames) / fps
    index = np.clip(np.searchsorted(found.starts, times, side="right") - 1, 0, None)
    steps = found.targets[index]
    before = np.concatenate([steps[:1], steps[:-1]])
    jumping = np.where((steps != before).any(axis=1)[:, None], 0.6 * steps + 0.4 * before, steps)
    steady = jumping - _STEADIED * head[:, :2]
    return np.asarray(np.clip(steady, -_FARTHEST, _FARTHEST), dtype=np.float32)
