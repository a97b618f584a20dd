"""Emotions: which blendshapes each is made of, and how it colours the rest of a person.

The combinations of action units are those of EMFACS, as Ekman and Friesen's Facial Action Coding
System (1978; Friesen and Ekman, 1983) and Du, Tao and Martinez ("Compound facial expressions of
emotion", PNAS 2014) report them; two emotions at once are the weighted sum of their recipes, as
there. A blendshape stands for an action unit as ARKit names it: `browInnerUp` AU 1,
`browOuterUp` AU 2, `browDown` AU 4, `eyeWide` AU 5, `cheekSquint` AU 6, `eyeSquint` AU 7,
`noseSneer` AU 9, `mouthUpperUp` AU 10, `mouthSmile` AU 12, `mouthDimple` AU 14, `mouthFrown` AU 15,
`mouthLowerDown` AU 16, `mouthShrugLower` AU 17, `tongueOut` AU 19, `mouthStretch` AU 20,
`mouthRoll` and `mouthPress` AU 23 and 24, `jawOpen` AU 26 and 27; `mouthShrugUpper` has no unit of
its own, it pushes up the middle of the upper lip beside AU 10. Beyond those reports go AU 2 of
anger, AU 19 of disgust, and AU 10 and 15 of fear: with them faces were read more surely than
without (docs/directing.md). How strong each is at full intensity, and how it colours head, eyes
and breath, is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from sadtalker_ext.blendshapes import BLENDSHAPES, COLUMN, both_sides
from sadtalker_ext.directions import EMOTIONS, NEUTRAL
from sadtalker_ext.motion.own_eyes import lowered_share
from sadtalker_ext.types import FloatArray

_RECIPES: Final[Mapping[str, Mapping[str, float]]] = {
    # AU 6 + 12 + 25
    "happy": {
        "mouthSmile": 1.0,
        "cheekSquint": 1.0,
        "eyeSquint": 0.25,
        "mouthUpperUp": 0.55,
        "mouthLowerDown": 0.35,
        "jawOpen": 0.28,
    },
    # AU 1 + 4 + 15 + 17, with heavy lids
    "sad": {
        "browInnerUp": 1.0,
        "browDown": 0.2,
        "mouthFrown": 1.0,
        "mouthShrugLower": 0.7,
        "eyeSquint": 0.2,
        "eyeBlink": 0.22,
    },
    # AU 2 + 4 + 5 + 7 + 9 + 10 + 15 + 16 + 25 + 26, the variant with bared teeth; the inner ends
    # of the brows come down, the outer ones stay up
    "angry": {
        "browDown": 1.0,
        "browOuterUp": 0.35,
        "eyeWide": 0.7,
        "eyeSquint": 0.15,
        "noseSneer": 1.0,
        "mouthUpperUp": 1.0,
        "mouthShrugUpper": 0.5,
        "mouthLowerDown": 1.0,
        "mouthFrown": 1.0,
        "jawOpen": 0.5,
    },
    # AU 1 + 2 + 5 + 26 + 27
    "surprised": {
        "browInnerUp": 0.6,
        "browOuterUp": 1.0,
        "eyeWide": 1.0,
        "jawOpen": 0.95,
        "mouthFunnel": 0.25,
        "mouthPucker": 0.15,
    },
    # AU 4 + 6 + 7 + 9 + 10 + 15 + 16 + 17 + 19 + 25, with narrowed eyes
    "disgusted": {
        "noseSneer": 1.0,
        "browDown": 0.9,
        "cheekSquint": 1.0,
        "eyeSquint": 1.0,
        "eyeBlink": 0.2,
        "mouthUpperUp": 1.0,
        "mouthLowerDown": 0.7,
        "mouthFrown": 0.9,
        "mouthShrugLower": 0.7,
        "tongueOut": 0.35,
    },
    # AU 1 + 2 + 4 + 5 + 10 + 15 + 20 + 25 + 26: brows raised and drawn together, teeth between
    # stretched lips
    "fearful": {
        "browInnerUp": 1.0,
        "browOuterUp": 0.15,
        "browDown": 0.65,
        "eyeWide": 1.0,
        "mouthStretch": 1.0,
        "mouthFrown": 0.8,
        "mouthUpperUp": 0.6,
        "mouthLowerDown": 1.0,
        "jawOpen": 0.1,
    },
    # AU R12 + R14: on one side of the face, by EMFACS the person's right
    "contempt": {
        "mouthSmileRight": 0.5,
        "mouthDimpleRight": 0.9,
        "cheekSquintRight": 0.3,
        "eyeSquint": 0.3,
        "browOuterUpRight": 0.35,
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Colour:
    """How an emotion at full intensity changes what the rest of a person does.

    Attributes:
        head: Yaw, pitch and roll in degrees that the head leans to.
        liveliness: Factor of the head's own movement.
        blinks: Factor of the blink rate.
        gaze: Degrees to the right and down that the eyes tend to.
        breath: Factor of the breath's depth.
        brows: Factor of the brows that rise with stresses.
        onset: Seconds in which the emotion comes, when nothing else is said.
        release: Seconds in which it goes.
    """

    head: tuple[float, float, float] = (0.0, 0.0, 0.0)
    liveliness: float = 1.0
    blinks: float = 1.0
    gaze: tuple[float, float] = (0.0, 0.0)
    breath: float = 1.0
    brows: float = 1.0
    onset: float = 0.5
    release: float = 0.9


# How long emotions take to come and go differs as on people: surprise comes fastest, sadness
# slowest, and all go more slowly than they come.
COLOURS: Final[Mapping[str, Colour]] = {
    NEUTRAL: Colour(),
    "happy": Colour(head=(0.0, -1.5, 2.0), liveliness=1.15, blinks=1.1, brows=1.2, onset=0.5),
    "sad": Colour(
        head=(0.0, 4.0, 1.5),
        liveliness=0.55,
        blinks=0.8,
        gaze=(0.0, 4.0),
        breath=0.8,
        brows=0.4,
        onset=1.0,
        release=1.6,
    ),
    "angry": Colour(
        head=(0.0, 4.0, 0.0), liveliness=1.2, blinks=0.6, breath=1.5, brows=0.3, onset=0.4
    ),
    "surprised": Colour(
        head=(0.0, -3.0, 0.0), liveliness=0.9, blinks=0.5, breath=1.4, onset=0.2, release=0.7
    ),
    "disgusted": Colour(
        head=(2.0, -2.0, -1.0), liveliness=0.8, gaze=(-2.0, 0.0), brows=0.5, onset=0.5
    ),
    "fearful": Colour(
        head=(0.0, -2.0, 0.0), liveliness=0.7, blinks=1.5, breath=1.6, brows=0.6, onset=0.25
    ),
    "contempt": Colour(head=(3.0, -2.5, -2.0), liveliness=0.7, blinks=0.8, onset=0.7),
}


def recipe(emotion: str) -> dict[str, float]:
    """Return the blendshapes of an emotion at full intensity, by name, both sides spelled out."""
    return {
        one: weight
        for name, weight in _RECIPES.get(emotion, {}).items()
        for one in both_sides(name)
    }


def recipes(room: float | None = None) -> FloatArray:
    """Return (E, 52) float32: the blendshapes of every emotion, in the order of `EMOTIONS`.

    Args:
        room: How far the lids can come down, see `own_eyes.OwnEyes`.
    """
    table = np.zeros((len(EMOTIONS), len(BLENDSHAPES)), np.float32)
    for row, emotion in enumerate(EMOTIONS):
        for name, weight in recipe(emotion).items():
            table[row, COLUMN[name]] = weight
    table[:, [COLUMN[name] for name in both_sides("eyeBlink")]] *= np.float32(lowered_share(room))
    return table
