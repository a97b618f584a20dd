"""The names and meaning of the puppet's face controls, shared by all of its parts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sadtalker_ext.options import GenerateOptions
from sadtalker_ext.types import FloatArray

CONTROLS = ("jaw", "wide", "round", "upper", "press", "tuck", "tongue", "brow", "breath", "relax")
"""Column names of `Motion.controls`, in order.

jaw     0..1   mouth opening; above 0.9 only for loud peaks
wide    0..1   corners of the mouth apart (EE, smile)
round   0..1   lips pushed forward (OO, W)
upper   0..1   upper lip raised
press   0..1   lips sealed (P, B, M); at 1 they must touch
tuck    0..1   lower lip under the upper teeth (F, V)
tongue  0..1   tip of the tongue up (L, TH)
brow   -1..1   frown .. raised
breath -1..1   chest out .. in; a small lift of the head
relax   0..1   how far the picture's own smile is let go (see `motion.lips.relaxing`)
"""

MOUTH = CONTROLS[:7]
"""The controls of the mouth, which speech drives."""

JAW, WIDE, ROUND, UPPER, PRESS, TUCK, TONGUE, BROW, BREATH, RELAX = range(len(CONTROLS))
"""Column numbers."""


def as_mapping(row: FloatArray) -> Mapping[str, float]:
    """Return one row (10,) of controls by name, as the layers take it."""
    return dict(zip(CONTROLS, map(float, row), strict=True))


def rest(frames: int) -> FloatArray:
    """Return (T, 10) float32 controls of a face at rest: all zero."""
    return np.zeros((frames, len(CONTROLS)), dtype=np.float32)


def control_gains(options: GenerateOptions) -> dict[str, float]:
    """Return the factor of each control; contacts stay whole until the mouth is nearly off."""
    mouth, face = options.mouth_scale, options.expression_scale
    shape = min(mouth, 1.0) * (0.6 + 0.4 * face)
    contact = min(1.0, 2 * mouth)
    return {
        "jaw": mouth,
        "wide": shape,
        "round": shape,
        "upper": shape,
        "tongue": min(mouth, 1.0),
        "press": contact,
        "tuck": contact,
        "brow": face,
    }
