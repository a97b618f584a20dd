"""A motion as weights of ARKit's blendshapes and angles, which most formats hold, and back.

What controls, lids and gaze say becomes weights, and what is directed stays what it is; where both
move one blendshape the larger counts. On the way back as much as possible becomes controls again,
because that is what speech moves; the rest, such as a lopsided smile, becomes `Motion.face`. So
weights survive the way there and back, and a motion does but for what weights do not tell: breath,
the tip of the tongue, and gazes farther than `FARTHEST_GAZE`. How far the picture's own smile is
let go is planned anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.motion.controls import (
    BROW,
    CONTROLS,
    JAW,
    MOUTH,
    PRESS,
    RELAX,
    ROUND,
    TUCK,
    UPPER,
    WIDE,
    rest,
)
from sadtalker_ext.motion.lips.relaxing import relax_rows, speaks
from sadtalker_ext.motion.looks import LOOKS, apart, look_weights, turned_eyes
from sadtalker_ext.types import FloatArray, Motion

_JAW_SHARE, _PUCKER_SHARE = 0.9, 0.95
"""Controls that a jawOpen and a mouthPucker of 1 are, as the puppet draws them."""
_CLOSED = 0.02
"""Opening of the jaw below which lips need nothing to be shut."""
_SAME = 1e-4
"""Weights closer together than this are one movement."""

_UP = ("browInnerUp", "browOuterUpLeft", "browOuterUpRight")
_DOWN = ("browDownLeft", "browDownRight")
_SINGLE = {"jawOpen": (JAW, _JAW_SHARE), "mouthPucker": (ROUND, _PUCKER_SHARE)}
_TOGETHER = {
    ("mouthStretchLeft", "mouthStretchRight"): WIDE,
    ("mouthUpperUpLeft", "mouthUpperUpRight"): UPPER,
    ("mouthRollLower",): TUCK,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FaceWeights:
    """A motion in the words of other programs.

    Attributes:
        fps: Rows per second.
        shapes: (T, 52) float32 weights of `BLENDSHAPES`, 0 to 1.
        head: (T, 3) float32 yaw, pitch, roll in degrees, as in `Motion`.
        gaze: (T, 2) float32 degrees to the right and down, as in `Motion`.
    """

    fps: float
    shapes: FloatArray
    head: FloatArray
    gaze: FloatArray


def to_weights(motion: Motion) -> FaceWeights:
    """Return the weights of a motion."""
    controls = motion.controls
    shapes = np.zeros((len(motion), len(BLENDSHAPES)), np.float32)
    for name, (column, share) in _SINGLE.items():
        shapes[:, COLUMN[name]] = controls[:, column] / share
    for names, column in _TOGETHER.items():
        for name in names:
            shapes[:, COLUMN[name]] = controls[:, column]
    for name in _UP:
        shapes[:, COLUMN[name]] = controls[:, BROW]
    for name in _DOWN:
        shapes[:, COLUMN[name]] = -controls[:, BROW]
    press = controls[:, PRESS]
    for name in ("mouthPressLeft", "mouthPressRight"):
        shapes[:, COLUMN[name]] = press
    # ARKit's mouthClose undoes an open jaw, and only as far as it is open
    shapes[:, COLUMN["mouthClose"]] = press * np.minimum(controls[:, JAW] / _JAW_SHARE, 1)
    shapes[:, COLUMN["eyeBlinkRight"]] = motion.lids[:, 0]
    shapes[:, COLUMN["eyeBlinkLeft"]] = motion.lids[:, 1]
    eyes = np.repeat(motion.gaze[:, None], 2, axis=1)
    if motion.face is not None:
        shapes = np.maximum(shapes, motion.face)
        eyes = eyes + turned_eyes(motion.face)
    shapes[:, LOOKS] = look_weights(eyes)[:, LOOKS]
    return FaceWeights(
        fps=motion.fps,
        shapes=np.clip(shapes, 0, 1).astype(np.float32),
        head=motion.pose.astype(np.float32),
        gaze=motion.gaze.astype(np.float32),
    )


def from_weights(told: FaceWeights) -> Motion:
    """Return the motion that weights tell."""
    face = np.clip(told.shapes, 0, 1).astype(np.float32)
    controls = rest(len(face))
    lids = np.stack([face[:, COLUMN["eyeBlinkRight"]], face[:, COLUMN["eyeBlinkLeft"]]], axis=1)
    _move_lips(face, controls)
    for name, (column, share) in _SINGLE.items():
        controls[:, column] = face[:, COLUMN[name]] * share
        face[:, COLUMN[name]] = 0
    for names, column in _TOGETHER.items():
        controls[:, column] = _shared(face, names)
    up, down = _shared(face, _UP), _shared(face, _DOWN)
    # both at once is no control: what is smaller stays with the weights
    controls[:, BROW] = np.where(up >= down, up, -down)
    for names, less in ((_UP, np.where(up < down, up, 0)), (_DOWN, np.where(up >= down, down, 0))):
        for name in names:
            face[:, COLUMN[name]] = np.maximum(face[:, COLUMN[name]], less)
    let_smile_go(controls, told.fps)
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        face[:, COLUMN[name]] = 0
    face[:, LOOKS] = apart(face)[:, LOOKS]
    face[:, LOOKS] = np.where(face[:, LOOKS] > _SAME, face[:, LOOKS], 0)
    return Motion(
        fps=told.fps,
        head=told.head.astype(np.float32),
        lids=lids,
        gaze=told.gaze.astype(np.float32),
        controls=controls,
        names=CONTROLS,
        face=face if face.any() else None,
    )


def let_smile_go(controls: FloatArray, fps: float) -> None:
    """Let the picture's own smile go while the mouth moves, as other motions do: in place."""
    speaking = speaks(controls[:, : len(MOUTH)])
    controls[:, RELAX] = relax_rows(speaking, 0, len(controls), fps)


def gaze_of(shapes: FloatArray) -> FloatArray:
    """Return where weights look, (T, 2) degrees right and down; the mean of both eyes."""
    return np.asarray(turned_eyes(shapes).mean(axis=1), np.float32)


def _move_lips(face: FloatArray, controls: FloatArray) -> None:
    """Take sealed lips out of the weights: pressed ones whose jaw is undone by mouthClose."""
    jaw = face[:, COLUMN["jawOpen"]]
    close = COLUMN["mouthClose"]
    undone = np.where(jaw > _CLOSED, face[:, close] / np.maximum(jaw, _CLOSED), 1.0)
    names = ("mouthPressLeft", "mouthPressRight")
    pressed = np.minimum(*(face[:, COLUMN[name]] for name in names))
    sealed = np.minimum(pressed, undone)
    controls[:, PRESS] = sealed
    for column in (COLUMN[name] for name in names):
        face[:, column] = np.where(face[:, column] > sealed + _SAME, face[:, column], 0)
    made = sealed * jaw
    face[:, close] = np.where(face[:, close] > made + _SAME, face[:, close], 0)


def _shared(face: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Return what some weights have in common, and leave only those that are more."""
    columns = [COLUMN[name] for name in names]
    least: FloatArray = face[:, columns].min(axis=1)
    for column in columns:
        face[:, column] = np.where(face[:, column] > least + _SAME, face[:, column], 0)
    return least
