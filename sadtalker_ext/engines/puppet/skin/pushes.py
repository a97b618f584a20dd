"""Where the muscles pull: for every blendshape the pushes that move the skin.

A push moves the skin around a mesh point; it is strongest there and falls off as a Gaussian. Sizes
are in face widths. What muscles pull where follows FACS (Ekman and Friesen, 1978); how far is ours:
the largest ways that stay believable on one still picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from sadtalker_ext.blendshapes import COLUMN


class Push(NamedTuple):
    """One pull at the skin of both sides.

    Attributes:
        left: Mesh point on the left side of the picture.
        right: The same point on its right side; the same number on the middle of the face.
        reach: Standard widths of the fall-off across and along the face.
        out: Way away from the middle of the face.
        up: Way towards the forehead.
        front: Way out of the face.
        shift: Way to the person's left, the right side of the picture.
    """

    left: int
    right: int
    reach: tuple[float, float]
    out: float = 0.0
    up: float = 0.0
    front: float = 0.0
    shift: float = 0.0


_CORNER: Final[tuple[int, int]] = (61, 291)
_CHEEK: Final[tuple[int, int]] = (50, 280)

PUSHES: Final[Mapping[str, tuple[Push, ...]]] = {
    "browDown": (
        # about the upper edge of the hair: an arch above the mesh comes down with it, or the brow
        # would hook and look worried
        Push(107, 336, (0.080, 0.115), out=-0.026, up=-0.045),
        Push(66, 296, (0.075, 0.105), out=-0.008, up=-0.032),
        Push(105, 334, (0.070, 0.085), up=-0.006),
        Push(55, 285, (0.065, 0.055), up=-0.018),
    ),
    # the inner half rises as one slope down to the middle of the brow: a step would be a hook
    "browInnerUp": (
        Push(107, 336, (0.085, 0.110), out=-0.004, up=0.066),
        Push(66, 296, (0.080, 0.100), up=0.026),
        Push(55, 285, (0.060, 0.070), up=0.028),
    ),
    # with the inner end, the whole brow is one arch, highest in its middle
    "browOuterUp": (
        Push(63, 293, (0.110, 0.100), up=0.044),
        Push(105, 334, (0.090, 0.100), up=0.022),
        Push(66, 296, (0.065, 0.100), up=0.025),
    ),
    "cheekSquint": (
        Push(*_CHEEK, (0.115, 0.085), out=0.006, up=0.042),
        Push(117, 346, (0.090, 0.055), up=0.018),
    ),
    "cheekPuff": (
        Push(187, 411, (0.130, 0.140), out=0.045, front=0.06),
        Push(172, 397, (0.110, 0.130), out=0.030),
        Push(*_CORNER, (0.070, 0.070), out=-0.012),
    ),
    "noseSneer": (
        Push(129, 358, (0.070, 0.085), out=0.014, up=0.054),
        Push(37, 267, (0.085, 0.050), up=0.017),
        Push(193, 417, (0.050, 0.060), out=-0.004, up=-0.012),
    ),
    "mouthSmile": (
        Push(*_CORNER, (0.125, 0.110), out=0.068, up=0.060, front=-0.045),
        Push(205, 425, (0.110, 0.090), out=0.014, up=0.025, front=0.02),
        Push(17, 17, (0.120, 0.045), up=0.014),
        Push(0, 0, (0.110, 0.050), up=0.004),
    ),
    "mouthFrown": (
        Push(*_CORNER, (0.095, 0.110), out=0.004, up=-0.050),
        Push(0, 0, (0.090, 0.070), up=0.006),
        Push(17, 17, (0.080, 0.060), up=0.008),
    ),
    "mouthDimple": (Push(*_CORNER, (0.075, 0.075), out=0.030, up=0.006, front=-0.05),),
    "mouthStretch": (
        Push(*_CORNER, (0.110, 0.120), out=0.060, up=-0.016, front=-0.040),
        Push(172, 397, (0.110, 0.130), out=0.010, up=-0.014, front=-0.010),
    ),
    "mouthPress": (
        Push(37, 267, (0.090, 0.028), up=-0.008),
        Push(84, 314, (0.090, 0.030), up=0.012),
        Push(*_CORNER, (0.060, 0.060), out=0.008),
    ),
    "mouthUpperUp": (
        Push(206, 426, (0.080, 0.070), up=0.018),
        Push(39, 269, (0.080, 0.042), up=0.022),
        Push(40, 270, (0.050, 0.036), up=0.022, out=0.006),
    ),
    "mouthLowerDown": (Push(181, 405, (0.070, 0.055), out=0.006, up=-0.014),),
    "mouthRollUpper": (Push(37, 267, (0.110, 0.024), up=-0.012),),
    "mouthRollLower": (Push(84, 314, (0.110, 0.028), up=0.016),),
    "mouthShrugUpper": (Push(0, 0, (0.130, 0.055), up=0.032, front=0.03),),
    "mouthShrugLower": (
        Push(18, 18, (0.110, 0.080), up=0.032, front=0.03),
        Push(199, 199, (0.100, 0.070), up=0.022),
    ),
    "mouthFunnel": (Push(0, 0, (0.120, 0.060), up=0.010, front=0.04),),
    "mouthPucker": (Push(13, 13, (0.120, 0.090), front=0.06),),
    "mouthLeft": (Push(13, 13, (0.240, 0.130), shift=0.055),),
    "mouthRight": (Push(13, 13, (0.240, 0.130), shift=-0.055),),
    "jawLeft": (
        Push(152, 152, (0.330, 0.210), shift=0.085),
        Push(17, 17, (0.160, 0.080), shift=0.026),
    ),
    "jawRight": (
        Push(152, 152, (0.330, 0.210), shift=-0.085),
        Push(17, 17, (0.160, 0.080), shift=-0.026),
    ),
    "jawForward": (
        Push(152, 152, (0.200, 0.150), up=-0.022, front=0.09),
        Push(17, 17, (0.130, 0.060), up=0.010, front=0.05),
    ),
}
"""By the name of a blendshape without its side."""


def sided_pushes(name: str) -> tuple[tuple[Push, int], ...]:
    """Return the pushes of one blendshape, each with the side of the picture: -1 left, 1 right.

    A push on the middle of the face comes once; one of a sided blendshape there counts half, so
    that both sides together do it whole.
    """
    base = name
    sides: tuple[int, ...] = (-1, 1)
    if name not in PUSHES:
        base = name.removesuffix("Left").removesuffix("Right")
        # ARKit's left is the person's, and that is the right side of the picture
        sides = (1,) if name.endswith("Left") else (-1,)
    found: list[tuple[Push, int]] = []
    for push in PUSHES.get(base, ()):
        if push.left != push.right:
            found += [(push, side) for side in sides]
            continue
        share = 1.0 if base == name else 0.5
        found.append((push._replace(up=push.up * share, front=push.front * share), 1))
    return tuple(found)


MOVED: Final = tuple(name for name in COLUMN if sided_pushes(name))
"""The blendshapes that move skin, in the order of the vocabulary."""
