"""Named points and the triangles of the 478-point face mesh.

Convention
    *Left and right always mean the side of the picture*, never the person's own side: the eye
    around point 33 is on the picture's left, the eye around point 263 on its right (for an upright
    face that looks at the viewer). Chains that belong to one side run from the outer end to the
    inner end; chains across the face run from the picture's left to its right.

The numbering and the connections are facts of the public MediaPipe face mesh (Apache-2.0, Google).
Points 0-467 are the face surface, 468-472 the iris on the picture's left, 473-477 the iris on its
right.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Chain = tuple[int, ...]

SURFACE_POINTS: Final = 468
MESH_POINTS: Final = 478

# fmt: off
OVAL: Final[Chain] = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
"""Closed outline of the face: from the top of the forehead clockwise as the viewer sees it."""

FOREHEAD: Final = 10
CHIN: Final = 152
CHEEK_LEFT: Final = 234
CHEEK_RIGHT: Final = 454

LIPS_OUTER_UPPER: Final[Chain] = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291)
LIPS_OUTER_LOWER: Final[Chain] = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291)
LIPS_INNER_UPPER: Final[Chain] = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LIPS_INNER_LOWER: Final[Chain] = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)

# Two more rings lie inside the red of the lips, between the outer and the inner one.
LIPS_OUTER_MIDDLE_UPPER: Final[Chain] = (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306)
LIPS_OUTER_MIDDLE_LOWER: Final[Chain] = (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306)
LIPS_INNER_MIDDLE_UPPER: Final[Chain] = (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292)
LIPS_INNER_MIDDLE_LOWER: Final[Chain] = (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292)

MOUTH_CORNER_LEFT: Final = 61
MOUTH_CORNER_RIGHT: Final = 291
LIP_MIDDLE_UPPER: Final = 13
LIP_MIDDLE_LOWER: Final = 14

# The edges of the lids, outer corner to inner corner.
EYE_LEFT_UPPER: Final[Chain] = (33, 246, 161, 160, 159, 158, 157, 173, 133)
EYE_LEFT_LOWER: Final[Chain] = (33, 7, 163, 144, 145, 153, 154, 155, 133)
EYE_RIGHT_UPPER: Final[Chain] = (263, 466, 388, 387, 386, 385, 384, 398, 362)
EYE_RIGHT_LOWER: Final[Chain] = (263, 249, 390, 373, 374, 380, 381, 382, 362)

# The skin of the lids: one ring outside the edges (about the crease), then one further out.
LID_LEFT_UPPER: Final[Chain] = (130, 247, 30, 29, 27, 28, 56, 190, 243)
LID_LEFT_LOWER: Final[Chain] = (130, 25, 110, 24, 23, 22, 26, 112, 243)
LID_RIGHT_UPPER: Final[Chain] = (359, 467, 260, 259, 257, 258, 286, 414, 463)
LID_RIGHT_LOWER: Final[Chain] = (359, 255, 339, 254, 253, 252, 256, 341, 463)
ORBIT_LEFT_UPPER: Final[Chain] = (226, 113, 225, 224, 223, 222, 221, 189, 244)
ORBIT_LEFT_LOWER: Final[Chain] = (226, 31, 228, 229, 230, 231, 232, 233, 244)
ORBIT_RIGHT_UPPER: Final[Chain] = (446, 342, 445, 444, 443, 442, 441, 413, 464)
ORBIT_RIGHT_LOWER: Final[Chain] = (446, 261, 448, 449, 450, 451, 452, 453, 464)

# Brows, outer end to inner end: the upper and the lower edge of the hair.
BROW_LEFT_UPPER: Final[Chain] = (70, 63, 105, 66, 107)
BROW_LEFT_LOWER: Final[Chain] = (46, 53, 52, 65, 55)
BROW_RIGHT_UPPER: Final[Chain] = (300, 293, 334, 296, 336)
BROW_RIGHT_LOWER: Final[Chain] = (276, 283, 282, 295, 285)

# Irises: the centre, then four points of the rim.
IRIS_LEFT: Final[Chain] = (468, 469, 470, 471, 472)
IRIS_RIGHT: Final[Chain] = (473, 474, 475, 476, 477)

NOSE_RIDGE: Final[Chain] = (168, 6, 197, 195, 5, 4, 1)
"""From between the eyes down to the tip."""
NOSE_BASE: Final[Chain] = (64, 98, 97, 2, 326, 327, 294)
"""Wing to wing under the nose, left to right."""
NOSE_TIP: Final = 1

# What the attention mesh refines: its lip and eye outputs, in the order in which it gives them.
REFINED_LIPS: Final[Chain] = (
    *LIPS_OUTER_LOWER, *LIPS_OUTER_UPPER[1:-1], *LIPS_INNER_LOWER, *LIPS_INNER_UPPER[1:-1],
    *LIPS_OUTER_MIDDLE_LOWER, *LIPS_OUTER_MIDDLE_UPPER[1:-1],
    *LIPS_INNER_MIDDLE_LOWER, *LIPS_INNER_MIDDLE_UPPER[1:-1],
)
REFINED_EYE_LEFT: Final[Chain] = (
    *EYE_LEFT_LOWER, *EYE_LEFT_UPPER[1:-1], *LID_LEFT_LOWER, *LID_LEFT_UPPER[1:-1],
    *ORBIT_LEFT_LOWER, *ORBIT_LEFT_UPPER[1:-1],
    35, 124, *BROW_LEFT_LOWER[:4], 143, 111, 117, 118, 119, 120, 121, 128, 245,
    156, *BROW_LEFT_UPPER, 55, 193,
)
REFINED_EYE_RIGHT: Final[Chain] = (
    *EYE_RIGHT_LOWER, *EYE_RIGHT_UPPER[1:-1], *LID_RIGHT_LOWER, *LID_RIGHT_UPPER[1:-1],
    *ORBIT_RIGHT_LOWER, *ORBIT_RIGHT_UPPER[1:-1],
    265, 353, *BROW_RIGHT_LOWER[:4], 372, 340, 346, 347, 348, 349, 350, 357, 465,
    383, *BROW_RIGHT_UPPER, 285, 417,
)
# fmt: on


def ring(upper: Chain, lower: Chain) -> Chain:
    """Join two chains with common ends into one closed ring, clockwise for a left-to-right pair.

    Args:
        upper: Chain from one corner to the other.
        lower: Chain between the same corners, in the same direction.

    Returns:
        The upper chain followed by the inner points of the lower one, backwards.
    """
    if upper[0] != lower[0] or upper[-1] != lower[-1]:
        raise ValueError(f"Expected chains with common ends, found {upper} and {lower}.")
    return (*upper, *lower[-2:0:-1])


@lru_cache(maxsize=1)
def triangles() -> npt.NDArray[np.int64]:
    """Return the triangles of the face surface, (852, 3) int64 point numbers, read-only.

    They cover the face inside `OVAL` and leave three holes: the opening between the inner lips and
    the two openings between the lids. All are wound the same way: clockwise as seen by the viewer
    where the surface faces the camera, so a negative area marks a part turned away.
    """
    path = Path(__file__).with_name("mesh_triangles.npz")
    with np.load(path) as data:
        table: npt.NDArray[np.int64] = data["triangles"].astype(np.int64)
    table.setflags(write=False)
    return table
