"""VRM animations (``.vrma``): glTF with the extension VRMC_vrm_animation 1.0.

An expression is a node whose X translation is its weight. The presets of VRM (vowels, blinks,
moods) are written for every avatar, and all 52 blendshapes as custom expressions for those that
have them; read back are the latter if they are there, else the presets. The head is a bone that
turns, the gaze a node of its own ("lookAt").

Convention
    VRM avatars look along +Z, with Y up and X to their own left, which is the right side of the
    picture. So yaw turns about +Y, pitch (nodding) about +X, and roll (clockwise for the viewer)
    about -Z, applied in the order roll, pitch, yaw.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN
from sadtalker_ext.errors import UnreadableMotion
from sadtalker_ext.motion.formats.gltf import Reader, Writer
from sadtalker_ext.motion.formats.numbers import rate
from sadtalker_ext.motion.formats.weights import FaceWeights
from sadtalker_ext.types import MOTION_FPS, FloatArray

SUFFIX = ".vrma"
EXTENSION = "VRMC_vrm_animation"
_BONES = {"hips": (0.0, 0.9, 0.0), "spine": (0.0, 0.3, 0.0), "head": (0.0, 0.3, 0.0)}
"""The least a humanoid needs above the hips, each bone in its parent, in metres."""

_MOODS = {
    "happy": {"mouthSmile": 0.8, "cheekSquint": 0.5},
    "angry": {"browDown": 0.9, "noseSneer": 0.3, "mouthPress": 0.4},
    "sad": {"browInnerUp": 0.7, "mouthFrown": 0.7},
    "surprised": {"browInnerUp": 0.8, "browOuterUp": 0.8, "eyeWide": 0.7, "jawOpen": 0.3},
    "relaxed": {"mouthSmile": 0.3, "eyeSquint": 0.2},
}
_VOWELS = {
    "aa": {"jawOpen": 1.0},
    "ih": {"mouthStretch": 1.0},
    "ou": {"mouthPucker": 1.0},
    "ee": {"jawOpen": 1.0, "mouthStretch": 1.0},
    "oh": {"jawOpen": 1.0, "mouthPucker": 1.0},
}


def write(weights: FaceWeights) -> bytes:
    """Return the file of a motion's weights."""
    made = Writer(np.arange(len(weights.shapes)) / weights.fps)
    parent: int | None = None
    bones = {}
    for name, place in _BONES.items():
        parent = made.node(name, translation=place, parent=parent)
        bones[name] = {"node": parent}
    made.turn(bones["head"]["node"], _quaternions(weights.head))
    gaze = np.pad(weights.gaze, ((0, 0), (0, 1)))
    look = made.node("lookAt")
    made.turn(look, _quaternions(gaze))
    told: dict[str, Any] = {
        "specVersion": "1.0",
        "humanoid": {"humanBones": bones},
        "lookAt": {"node": look, "offsetFromHeadBone": [0.0, 0.06, 0.0]},
        "expressions": {
            "preset": {
                name: _expression(made, name, one) for name, one in presets(weights).items()
            },
            "custom": {
                name: _expression(made, name, weights.shapes[:, COLUMN[name]])
                for name in BLENDSHAPES
            },
        },
    }
    return made.file(EXTENSION, told)


def presets(weights: FaceWeights) -> dict[str, FloatArray]:
    """Return the weights of VRM's presets; vowels share the mouth, so that they never exceed 1."""
    jaw = _mean(weights.shapes, "jawOpen")
    wide, pucker = _mean(weights.shapes, "mouthStretch"), _mean(weights.shapes, "mouthPucker")
    spread = wide * (1 - pucker)
    return {
        "aa": jaw * (1 - wide) * (1 - pucker),
        "ee": jaw * spread,
        "ih": (1 - jaw) * spread,
        "oh": jaw * pucker,
        "ou": (1 - jaw) * pucker,
        "blinkLeft": weights.shapes[:, COLUMN["eyeBlinkLeft"]],
        "blinkRight": weights.shapes[:, COLUMN["eyeBlinkRight"]],
    } | {name: _mood(weights.shapes, name) for name in _MOODS}


def read(data: bytes, fps: float = 0.0) -> FaceWeights:
    """Read such a file.

    Args:
        data: The file.
        fps: Rate to read it at; 0 takes that of its key frames.

    Raises:
        UnreadableMotion: It does not follow the format.
    """
    try:
        reader = Reader(data)
        told = reader.document["extensions"][EXTENSION]
        expressions = told.get("expressions", {})
        times = reader.times(rate(fps, "fps") if fps else 0.0)
        custom = {
            name: reader.weight(entry["node"], times)
            for name, entry in expressions.get("custom", {}).items()
            if _known(name)
        }
        preset = {
            name: reader.weight(entry["node"], times)
            for name, entry in expressions.get("preset", {}).items()
        }
        bones = told.get("humanoid", {}).get("humanBones", {})
        head = reader.turn(bones["head"]["node"], times) if "head" in bones else None
        look = reader.turn(told["lookAt"]["node"], times) if "lookAt" in told else None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, struct.error) as problem:
        raise UnreadableMotion(f"The .vrma file does not follow the format: {problem!r}.") from None
    shapes = _of_custom(custom, len(times)) if custom else _of_presets(preset, len(times))
    spent = (times[-1] - times[0]) / max(len(times) - 1, 1)
    return FaceWeights(
        # one pose has no rate of its own
        fps=rate(round(float(1 / spent), 4) if spent > 0 else fps or MOTION_FPS, "its rate"),
        shapes=shapes,
        head=_angles(head) if head is not None else np.zeros((len(times), 3), np.float32),
        gaze=(_angles(look) if look is not None else np.zeros((len(times), 3), np.float32))[:, :2],
    )


def _expression(made: Writer, name: str, weight: FloatArray) -> dict[str, int]:
    node = made.node(name)
    made.move(node, np.pad(weight[:, None], ((0, 0), (0, 2))))
    return {"node": node}


def _known(name: str) -> bool:
    return name[:1].lower() + name[1:] in COLUMN


def _of_custom(custom: dict[str, FloatArray], frames: int) -> FloatArray:
    shapes = np.zeros((frames, len(BLENDSHAPES)), np.float32)
    for name, weight in custom.items():
        shapes[:, COLUMN[name[:1].lower() + name[1:]]] = weight
    return np.clip(shapes, 0, 1)


def _of_presets(preset: dict[str, FloatArray], frames: int) -> FloatArray:
    shapes = np.zeros((frames, len(BLENDSHAPES)), np.float32)
    both = preset.get("blink", np.zeros(frames, np.float32))
    for side in ("Left", "Right"):
        blink = preset.get(f"blink{side}", np.zeros(frames, np.float32))
        shapes[:, COLUMN[f"eyeBlink{side}"]] = np.maximum(both, blink)
    for name, parts in (_VOWELS | _MOODS).items():
        for part, share in parts.items():
            for column in _columns(part):
                shapes[:, column] += share * preset.get(name, np.zeros(frames, np.float32))
    return np.clip(shapes, 0, 1)


def _mood(shapes: FloatArray, name: str) -> FloatArray:
    """Return how much of a mood is there: as much as its weakest part allows."""
    parts = [_mean(shapes, part) / share for part, share in _MOODS[name].items()]
    found: FloatArray = np.clip(np.min(parts, axis=0), 0, 1).astype(np.float32)
    return found


def _mean(shapes: FloatArray, name: str) -> FloatArray:
    found: FloatArray = shapes[:, _columns(name)].mean(axis=1)
    return found


def _columns(name: str) -> list[int]:
    sides = [f"{name}{side}" for side in ("Left", "Right")]
    return [COLUMN[one] for one in ([name] if name in COLUMN else sides)]


def _quaternions(angles: FloatArray) -> FloatArray:
    """Return (T, 4) quaternions x, y, z, w of (T, 3) yaw, pitch, roll in degrees."""
    yaw, pitch, roll = (np.radians(angles.astype(np.float64)) / 2).T
    cy, sy, cp, sp, cr, sr = *_circle(yaw), *_circle(pitch), *_circle(-roll)
    turned = (
        cy * sp * cr + sy * cp * sr,
        sy * cp * cr - cy * sp * sr,
        cy * cp * sr - sy * sp * cr,
        cy * cp * cr + sy * sp * sr,
    )
    return np.stack(turned, axis=1).astype(np.float32)


def _angles(turns: FloatArray) -> FloatArray:
    """Return (T, 3) yaw, pitch, roll in degrees of (T, 4) quaternions."""
    length = np.maximum(np.linalg.norm(turns, axis=1, keepdims=True), 1e-9)
    x, y, z, w = (turns / length).astype(np.float64).T
    yaw = np.arctan2(2 * (x * z + w * y), 1 - 2 * (x * x + y * y))
    pitch = np.arcsin(np.clip(2 * (w * x - y * z), -1, 1))
    roll = np.arctan2(2 * (x * y + w * z), 1 - 2 * (x * x + z * z))
    angles = np.degrees(np.stack([yaw, pitch, -roll], axis=1))
    return np.asarray(angles, np.float32)


def _circle(half: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.cos(half), np.sin(half)
