"""Which blendshapes the mouth and the eyes of the puppet make, beside the skin."""

from __future__ import annotations

from collections.abc import Mapping

from sadtalker_ext.blendshapes import COLUMN
from sadtalker_ext.engines.puppet.eyes.layer import LidTension, Look
from sadtalker_ext.motion.looks import turned_eyes
from sadtalker_ext.types import FloatArray

_FUNNEL = {"round": 0.75, "jaw": 0.22, "upper": 0.25, "drop": 0.35}
"""Round lips that are turned out, by the mouth's own controls."""
_OF_A_SMILE = (
    *("mouthSmileLeft", "mouthSmileRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
    *("mouthLowerDownLeft", "mouthLowerDownRight", "jawOpen"),
)
_OWN_SMILE = 0.65
"""Share of a directed smile that the broadest smile of a picture stands for."""
_PUCKER = 0.95
_JAW = 0.9
_PRESS = 0.6
_TONGUE_JAW, _TONGUE_DROP = 0.4, 0.35
"""How far a tongue that is put out opens jaw and lower lip."""


def mouth_controls(spoken: Mapping[str, float], face: FloatArray) -> dict[str, float]:
    """Return the controls of the mouth: what is spoken, and what is directed on top.

    Two causes of one movement add up as chances do, 1 - (1 - a) (1 - b), so that no sum passes 1.

    Args:
        spoken: Controls of one frame by name.
        face: (52,) weights of the blendshapes of the frame.
    """

    def weight(name: str) -> float:
        return float(face[COLUMN[name]])

    def mean(name: str) -> float:
        return 0.5 * (weight(f"{name}Left") + weight(f"{name}Right"))

    funnel, tongue = weight("mouthFunnel"), weight("tongueOut")
    directed = {
        "jaw": max(_JAW * weight("jawOpen") + _FUNNEL["jaw"] * funnel, _TONGUE_JAW * tongue),
        "round": max(_PUCKER * weight("mouthPucker"), _FUNNEL["round"] * funnel),
        "upper": mean("mouthUpperUp") + _FUNNEL["upper"] * funnel,
        "drop": max(mean("mouthLowerDown") + _FUNNEL["drop"] * funnel, _TONGUE_DROP * tongue),
        "tongue_out": tongue,
        "press": max(_PRESS * mean("mouthPress"), weight("mouthClose")),
    }
    controls = dict(spoken)
    for name, value in directed.items():
        share = min(max(value, 0.0), 1.0)
        controls[name] = 1 - (1 - controls.get(name, 0.0)) * (1 - share)
    return controls


def beside_own_smile(face: FloatArray, smile: float, relax: float) -> FloatArray:
    """Return the weights of a frame for a picture that smiles by itself.

    Less smile is to be added to it.

    Args:
        face: (52,) weights of the blendshapes.
        smile: 0..1, how broad the smile of the picture is.
        relax: 0..1, how far it is let go in this frame.
    """
    shown = smile * (1 - relax)
    if shown <= 0:
        return face
    left = face.copy()
    asked = 0.5 * float(face[COLUMN["mouthSmileLeft"]] + face[COLUMN["mouthSmileRight"]])
    for name in _OF_A_SMILE:
        # what parts the lips is part of a smile only where there is one
        part = 1.0 if name.startswith("mouthSmile") else asked
        left[COLUMN[name]] *= 1 - _OWN_SMILE * shown * part
    return left


def lid_tension(face: FloatArray) -> tuple[LidTension, LidTension]:
    """Return how the lids are tensed, the eye on the left side of the picture first.

    Args:
        face: (52,) weights of the blendshapes of one frame.
    """
    return tension_of(face, "Right"), tension_of(face, "Left")


def tension_of(face: FloatArray, side: str) -> LidTension:
    """Return the tension of the lids of the person's own "Left" or "Right" eye.

    A raised cheek pushes the lower lid up, so it counts as a squint, too.
    """
    squint = float(face[COLUMN[f"eyeSquint{side}"]])
    cheek = float(face[COLUMN[f"cheekSquint{side}"]])
    return LidTension(
        wide=float(face[COLUMN[f"eyeWide{side}"]]), squint=1 - (1 - squint) * (1 - 0.4 * cheek)
    )


def eyes_apart(face: FloatArray) -> tuple[Look, Look]:
    """Return what each eye looks beside the gaze of both, degrees to the right and down.

    Args:
        face: (52,) weights of the blendshapes of one frame.

    Returns:
        The eye on the left side of the picture, and the other.
    """
    (right, down), (other_right, other_down) = turned_eyes(face[None])[0].tolist()
    return (right, down), (other_right, other_down)
