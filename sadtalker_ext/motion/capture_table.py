"""How the measures of a face answer to each blendshape, as our puppet draws it.

Medians over five portraits (two of them paintings), drawn with one blendshape at 1, tracked, and
made symmetric; what is below a third of a percent, or in another part of the face, is left out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from sadtalker_ext.motion.face_measures import MEASURES

_PERCENT: Final = {
    "jawOpen": {
        "gap": 10.8,
        "chin_y": -8.1,
        "corner_out_left": -1.2,
        "corner_out_right": -1.2,
        "corner_up_left": -2.1,
        "corner_up_right": -2.1,
        "upper_left": 0.4,
        "upper_middle": 0.8,
        "upper_right": 0.4,
        "lower_left": -8.5,
        "lower_middle": -10.5,
        "lower_right": -8.5,
    },
    "jawLeft": {"chin_x": 1.6, "lips_x": 0.5},
    "jawRight": {"chin_x": -1.6, "lips_x": -0.5},
    "mouthPucker": {
        "gap": 0.6,
        "chin_y": -1.1,
        "corner_out_left": -5.0,
        "corner_out_right": -5.0,
        "corner_up_left": -1.3,
        "corner_up_right": -1.3,
        "upper_left": -0.8,
        "upper_right": -0.8,
        "lower_left": -2.3,
        "lower_middle": -3.2,
        "lower_right": -2.3,
    },
    "mouthLeft": {"lips_x": 2.9, "corner_out_left": -1.3, "corner_out_right": 1.7},
    "mouthRight": {"lips_x": -2.9, "corner_out_left": 1.7, "corner_out_right": -1.3},
    "mouthSmileLeft": {
        "chin_x": 0.7,
        "corner_out_left": 2.0,
        "corner_out_right": 4.1,
        "corner_up_right": 5.8,
        "upper_middle": 0.8,
        "upper_right": 2.9,
        "lower_middle": 1.0,
        "lower_right": 2.7,
    },
    "mouthSmileRight": {
        "chin_x": -0.7,
        "corner_out_left": 4.1,
        "corner_out_right": 2.0,
        "corner_up_left": 5.8,
        "upper_left": 2.9,
        "upper_middle": 0.8,
        "lower_left": 2.7,
        "lower_middle": 1.0,
    },
    "mouthFrownLeft": {
        "chin_y": 0.8,
        "corner_up_right": -3.7,
        "upper_left": 0.6,
        "upper_right": -1.2,
        "lower_left": 0.6,
        "lower_right": -1.0,
    },
    "mouthFrownRight": {
        "chin_y": 0.8,
        "corner_up_left": -3.7,
        "upper_left": -1.2,
        "upper_right": 0.6,
        "lower_left": -1.0,
        "lower_right": 0.6,
    },
    "mouthStretchLeft": {
        "chin_x": 0.4,
        "chin_y": 0.6,
        "corner_out_left": 0.7,
        "corner_out_right": 3.3,
        "corner_up_left": 0.5,
        "corner_up_right": -0.5,
        "upper_left": 0.6,
        "lower_left": 0.6,
        "lower_middle": 0.4,
    },
    "mouthStretchRight": {
        "chin_x": -0.4,
        "chin_y": 0.6,
        "corner_out_left": 3.3,
        "corner_out_right": 0.7,
        "corner_up_left": -0.5,
        "corner_up_right": 0.5,
        "upper_right": 0.6,
        "lower_middle": 0.4,
        "lower_right": 0.6,
    },
    "mouthShrugLower": {
        "gap": -0.4,
        "chin_y": 0.9,
        "lower_left": 1.1,
        "lower_middle": 1.7,
        "lower_right": 1.1,
    },
    "mouthLowerDown": {"gap": 2.3, "lower_left": -0.8, "lower_middle": -1.5, "lower_right": -0.8},
    "mouthUpperUp": {
        "gap": 2.3,
        "chin_y": -0.4,
        "corner_out_left": 0.4,
        "corner_out_right": 0.4,
        "corner_up_left": 0.6,
        "corner_up_right": 0.6,
        "upper_left": 1.9,
        "upper_middle": 2.0,
        "upper_right": 1.9,
        "lower_left": -0.6,
        "lower_middle": -0.8,
        "lower_right": -0.6,
    },
    "browDownLeft": {"inner_brow_right": -1.9, "outer_brow_right": -0.4},
    "browDownRight": {"inner_brow_left": -1.9, "outer_brow_left": -0.4},
    "browInnerUp": {
        "inner_brow_left": 2.0,
        "inner_brow_right": 2.0,
        "outer_brow_left": 0.6,
        "outer_brow_right": 0.6,
        "brows_apart": -0.6,
    },
    "browOuterUpLeft": {"inner_brow_right": 1.6, "outer_brow_right": 2.8, "brows_apart": 0.4},
    "browOuterUpRight": {"inner_brow_left": 1.6, "outer_brow_left": 2.8, "brows_apart": 0.4},
    "eyeWide": {"eye_left": 4.1, "eye_right": 4.1},
}
"""In percent of the face's width, of the eye's width for `eye`; columns that are left out are 0."""

ANSWERS: Final = {
    name: tuple(row.get(measure, 0.0) / 100 for measure in MEASURES)
    for name, row in _PERCENT.items()
}
"""One column of `MEASURES` per blendshape. Names without their side are both
sides."""

_LIVELY: Final = {"eye_": 0.012, "inner_": 0.0015, "outer_": 0.0015, "brows_": 0.0015}
TREMBLE: Final[npt.NDArray[np.float64]] = np.array(
    [next((t for part, t in _LIVELY.items() if name.startswith(part)), 0.003) for name in MEASURES]
)
"""How much a measure trembles from frame to frame, as in seven clips; it counts the less for it."""
