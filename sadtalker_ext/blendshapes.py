"""The public vocabulary of the face: the 52 blendshapes of ARKit, and the angles beside them.

Names and meaning are those of Apple's `ARFaceAnchor.BlendShapeLocation`. Each is a weight from 0
(rest) to 1 (as far as a face goes).

Convention
    *Left and right in these names are the person's own sides*, as ARKit says. For an upright face
    that looks at the viewer, the person's left is the right side of the picture: `browDownLeft`
    lowers the brow on the right side of the picture. Everything else in this package counts sides
    in the picture; `picture_side` translates.
    Angles are degrees as in `types`: yaw to the right edge of the picture, pitch down, roll
    clockwise; gaze to the right and down.
"""

from __future__ import annotations

from typing import Final

BLENDSHAPES: Final = (
    *("eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft"),
    *("eyeSquintLeft", "eyeWideLeft"),
    *("eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight"),
    *("eyeSquintRight", "eyeWideRight"),
    *("jawForward", "jawLeft", "jawRight", "jawOpen"),
    *("mouthClose", "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight"),
    *("mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight"),
    *("mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight"),
    *("mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper"),
    *("mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight"),
    *("mouthUpperUpLeft", "mouthUpperUpRight"),
    *("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight"),
    *("cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight"),
    "tongueOut",
)
"""Column names of `Motion.face`, in the order of Apple's Live Link Face files."""

HEAD_ANGLES: Final = ("headYaw", "headPitch", "headRoll")
GAZE_ANGLES: Final = ("gazeRight", "gazeDown")

COLUMN: Final = {name: number for number, name in enumerate(BLENDSHAPES)}
"""Column number of every name."""

SPOKEN: Final = tuple(name for name in BLENDSHAPES if name.startswith(("jaw", "mouth", "tongue")))
"""The blendshapes of the mouth, which give way while lips are needed for speech."""

PARTING: Final = (
    *("jawOpen", "mouthFunnel", "mouthUpperUpLeft", "mouthUpperUpRight"),
    *("mouthLowerDownLeft", "mouthLowerDownRight", "tongueOut"),
)
"""The blendshapes that part the lips, which must be shut wherever speech shuts them."""

FARTHEST_GAZE: Final = (30.0, 25.0)
"""Degrees to a side, and up or down, that an `eyeLook` blendshape of 1 stands for."""


def picture_side(name: str) -> int:
    """Tell on which side of the picture a blendshape moves the face.

    Returns:
        -1 for the left side of the picture, 1 for its right side, 0 for both.
    """
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        return 0
    return {"ft": 1, "ht": -1}.get(name[-2:], 0) if name.endswith(("Left", "Right")) else 0


def both_sides(name: str) -> tuple[str, ...]:
    """Return the blendshapes that a name stands for: itself, or `browDown` for its two sides."""
    if name in COLUMN:
        return (name,)
    sides = (f"{name}Left", f"{name}Right")
    return sides if sides[0] in COLUMN and name not in ("jaw", "mouth") else ()


def other_side(name: str) -> str:
    """Return the same movement on the other side of the face; the name itself if it has none."""
    for here, there in (("Left", "Right"), ("Right", "Left")):
        if name.endswith(here):
            return name.removesuffix(here) + there
    return name
