"""Which points of the mesh are what a mouth moves."""

from __future__ import annotations

import numpy as np

from sadtalker_ext.portrait import topology

CORNERS = (61, 76, 62, 78, 291, 306, 292, 308)
UPPER_LIP = np.array(
    sorted(
        {
            *topology.LIPS_OUTER_UPPER,
            *topology.LIPS_OUTER_MIDDLE_UPPER,
            *topology.LIPS_INNER_MIDDLE_UPPER,
            *topology.LIPS_INNER_UPPER,
        }
    )
)
LOWER_LIP = np.array(
    sorted(
        {
            *topology.LIPS_OUTER_LOWER,
            *topology.LIPS_OUTER_MIDDLE_LOWER,
            *topology.LIPS_INNER_MIDDLE_LOWER,
            *topology.LIPS_INNER_LOWER,
        }
    )
)
"""Both lips with their common corners."""
CHIN_POINTS = (152, 148, 377, 175, 199, 200, 171, 396)
